/* SPDX-License-Identifier: Apache-2.0 */
#include "model/extract.h"

/* Whole expressions, and begins that a name in quotes and a parenthesis complete. */
static const struct {
	const char *text;
	enum extract_from from;
	bool has_name;
} rows[] = {
	{ "CLIENT.IP.SRC", EXTRACT_SOURCE, false },
	{ "HTTP.REQ.URL", EXTRACT_URL, false },
	{ "HTTP.REQ.HOSTNAME", EXTRACT_HOST, false },
	{ "HTTP.REQ.URL.QUERY.VALUE(\"", EXTRACT_QUERY, true },
	{ "HTTP.REQ.HEADER(\"", EXTRACT_HEADER, true },
	{ "HTTP.REQ.COOKIE.VALUE(\"", EXTRACT_COOKIE, true },
};

static bool read_name(struct str rest, struct str *name)
{
	if (rest.length < 3 || rest.at[rest.length - 2] != '"' || rest.at[rest.length - 1] != ')')
		return false;
	*name = (struct str){ rest.at, rest.length - 2 };
	for (size_t i = 0; i < name->length; i++)
		if (name->at[i] <= ' ' || name->at[i] == '"' || name->at[i] == '\\')
			return false;
	return true;
}

bool extract_parse(struct str rule, struct extract *extract)
{
	struct str text = str_trim(rule);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str begin = str_of(rows[i].text);

		*extract = (struct extract){ .from = rows[i].from };
		if (!rows[i].has_name && str_equal_nocase(text, begin))
			return true;
		if (rows[i].has_name && str_starts_nocase(text, begin))
			return read_name(
				(struct str){ text.at + begin.length, text.length - begin.length },
				&extract->name);
	}
	return false;
}
