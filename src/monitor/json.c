/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/json.h"

#include <stddef.h>
#include <string.h>

struct reader {
	const char *at, *end;
};

static void skip_blanks(struct reader *in)
{
	while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL && *in->at != '\0')
		in->at++;
}

static bool take(struct reader *in, char byte)
{
	skip_blanks(in);
	if (in->at == in->end || *in->at != byte)
		return false;
	in->at++;
	return true;
}

static bool take_string(struct reader *in, struct str *text)
{
	if (!take(in, '"'))
		return false;
	text->at = in->at;
	while (in->at < in->end && *in->at != '"')
		in->at += *in->at == '\\' && in->end - in->at > 1 ? 2 : 1;
	if (in->at >= in->end)
		return false;
	text->length = (size_t)(in->at++ - text->at);
	return true;
}

/* Over brackets by their count: whether they match is not our question. */
static bool skip_nested(struct reader *in)
{
	size_t depth = 0;
	struct str text;

	do {
		skip_blanks(in);
		if (in->at == in->end)
			return false;
		if (*in->at == '"') {
			if (!take_string(in, &text))
				return false;
			continue;
		}
		depth += *in->at == '{' || *in->at == '[';
		depth -= *in->at == '}' || *in->at == ']';
		in->at++;
	} while (depth > 0);
	return true;
}

static bool take_value(struct reader *in, struct str *value)
{
	skip_blanks(in);
	if (in->at == in->end)
		return false;
	if (*in->at == '"')
		return take_string(in, value);
	value->at = in->at;
	if (*in->at == '{' || *in->at == '[') {
		if (!skip_nested(in))
			return false;
	} else {
		while (in->at < in->end && memchr(",}] \t\r\n", *in->at, 7) == NULL)
			in->at++;
	}
	value->length = (size_t)(in->at - value->at);
	return value->length > 0;
}

static bool find_member(struct str text, struct str name, struct str *value)
{
	struct reader in = { text.at, text.at + text.length };
	struct str key;

	if (!take(&in, '{'))
		return false;
	while (take_string(&in, &key) && take(&in, ':') && take_value(&in, value)) {
		if (str_equal(key, name))
			return true;
		if (!take(&in, ','))
			break;
	}
	return false;
}

bool json_find(struct str text, struct str path, struct str *value)
{
	while (path.length > 0) {
		const char *dot = memchr(path.at, '.', path.length);
		size_t length = dot != NULL ? (size_t)(dot - path.at) : path.length;
		size_t skip = length + (dot != NULL);

		if (!find_member(text, (struct str){ path.at, length }, value))
			return false;
		text = *value;
		path = (struct str){ path.at + skip, path.length - skip };
	}
	return text.length > 0;
}
