/* SPDX-License-Identifier: Apache-2.0 */
#include "http/hop.h"
#include "http/scan.h"

/* Fields for all recipients that a Connection field may not take away. */
static const struct str kept[] = {
	STR("accept"),        STR("authorization"),
	STR("cache-control"), STR("cookie"),
	STR("date"),          STR("etag"),
	STR("expect"),        STR("expires"),
	STR("forwarded"),     STR("location"),
	STR("max-forwards"),  STR("origin"),
	STR("pragma"),        STR("range"),
	STR("referer"),       STR("set-cookie"),
	STR("user-agent"),    STR("vary"),
	STR("via"),           STR("warning"),
	STR("x-real-ip"),     STR("www-authenticate"),
};
static const struct str kept_starts[] = {
	STR("access-control-"), STR("content-"), STR("if-"), STR("sec-"), STR("x-forwarded-"),
};

static bool is_kept(struct str name)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (str_equal_nocase(name, kept[i]))
			return true;
	for (size_t i = 0; i < sizeof(kept_starts) / sizeof(kept_starts[0]); i++)
		if (str_starts_nocase(name, kept_starts[i]))
			return true;
	return false;
}

static void mark(struct h1_field fields[], unsigned count, struct str name)
{
	for (unsigned i = 0; i < count; i++)
		if (str_equal_nocase(fields[i].name, name))
			fields[i].is_hop = true;
}

/* Names in all Connection fields together: each of them costs a look at every field. */
enum { NAMED_MAX = 32 };

static enum h1_result name_hop(struct h1_field fields[], unsigned count, struct str name,
			       struct hop_options *options, struct h1_fault *fault)
{
	enum h1_field_id id = field_id(name);

	if (++options->named > NAMED_MAX)
		return h1_refuse(fault, 400, "Connection names too many fields");
	if (id == H1_FIELD_HOST || id == H1_FIELD_CONTENT_LENGTH)
		return h1_refuse(fault, 400, "Connection names Host or Content-Length");
	if (!is_kept(name))
		mark(fields, count, name);
	return H1_DONE;
}

static bool is_token(struct str text)
{
	return scan_token(text.at, text.at + text.length) == text.at + text.length;
}

static enum h1_result read_options(struct h1_field fields[], unsigned count, struct str list,
				   struct hop_options *options, struct h1_fault *fault)
{
	struct str name;

	while (field_next_element(&list, &name)) {
		enum h1_result result = H1_DONE;

		if (!is_token(name))
			return h1_refuse(fault, 400, "bad byte in Connection");
		if (str_equal_nocase(name, STR("keep-alive")))
			options->keeps_alive = true;
		else if (str_equal_nocase(name, STR("close")))
			options->closes = true;
		else if (str_equal_nocase(name, STR("upgrade")))
			options->upgrades = true;
		else
			result = name_hop(fields, count, name, options, fault);
		if (result != H1_DONE)
			return result;
	}
	return H1_DONE;
}

enum h1_result hop_read(struct h1_field fields[], unsigned count, const struct field_census *census,
			struct hop_options *options, struct h1_fault *fault)
{
	*options = (struct hop_options){ 0 };
	if (census->count[H1_FIELD_CONNECTION] == 0)
		return H1_DONE;
	for (unsigned i = 0; i <= census->last[H1_FIELD_CONNECTION]; i++) {
		if (fields[i].id != H1_FIELD_CONNECTION)
			continue;

		enum h1_result result = read_options(fields, count, fields[i].value, options,
						     fault);

		if (result != H1_DONE)
			return result;
	}
	return H1_DONE;
}

struct str hop_upgrade(const struct h1_field fields[], const struct field_census *census)
{
	const struct str none = { NULL, 0 };

	if (census->count[H1_FIELD_UPGRADE] != 1)
		return none;

	struct str upgrade = fields[census->last[H1_FIELD_UPGRADE]].value;
	struct str list = upgrade, element;

	while (field_next_element(&list, &element))
		if (str_starts_nocase(element, STR("h2c")))
			return none;
	return upgrade;
}
