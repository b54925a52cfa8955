/* SPDX-License-Identifier: Apache-2.0 */
#include "http/field.h"
#include "http/scan.h"

struct field_kind {
	struct str name; /* lower case */
	enum h1_field_id id;
	bool is_hop; /* RFC 9110, 7.6.1 and 11.7; HTTP2-Settings: RFC 7540, 3.2.1 */
};

/* By length; first_of_length[] says where each length begins. */
static const struct field_kind kinds[] = {
	{ STR("te"), H1_FIELD_TE, true },
	{ STR("via"), H1_FIELD_VIA, false },
	{ STR("host"), H1_FIELD_HOST, false },
	{ STR("cookie"), H1_FIELD_COOKIE, false },
	{ STR("expect"), H1_FIELD_EXPECT, false },
	{ STR("upgrade"), H1_FIELD_UPGRADE, true },
	{ STR("trailer"), H1_FIELD_TRAILER, false },
	{ STR("connection"), H1_FIELD_CONNECTION, true },
	{ STR("keep-alive"), H1_FIELD_KEEP_ALIVE, true },
	{ STR("set-cookie"), H1_FIELD_SET_COOKIE, false },
	{ STR("content-length"), H1_FIELD_CONTENT_LENGTH, false },
	{ STR("http2-settings"), H1_FIELD_HTTP2_SETTINGS, true },
	{ STR("proxy-connection"), H1_FIELD_PROXY_CONNECTION, true },
	{ STR("transfer-encoding"), H1_FIELD_TRANSFER_ENCODING, true },
	{ STR("proxy-authenticate"), H1_FIELD_PROXY_AUTHENTICATE, true },
	{ STR("proxy-authorization"), H1_FIELD_PROXY_AUTHORIZATION, true },
};

enum { NAME_MAX_KNOWN = 19 };
/* clang-format off */
static const uint8_t first_of_length[NAME_MAX_KNOWN + 2] = {
	0, 0, 0, 1, 2, 3, 3, 5, 7, 7, 7, 10, 10, 10, 10, 12, 12, 13, 14, 15, 16
};
/* clang-format on */

/* `token` holds token bytes only: with bit 5 set, no other one becomes a letter, digit or dash
 * of `lower`. */
static inline bool is_short_name(const char *token, struct str lower)
{
	for (size_t i = 0; i < lower.length; i++)
		if ((token[i] | 0x20) != lower.at[i])
			return false;
	return true;
}

enum { WORD = sizeof(uint64_t) };

static inline bool is_word(const char *token, const char *lower)
{
	uint64_t a, b;

	memcpy(&a, token, WORD);
	memcpy(&b, lower, WORD);
	return (a | 0x2020202020202020) == b;
}

/* Of as many bytes. The last word of a long one overlaps with the one before it. */
static inline bool is_name(const char *token, struct str lower)
{
	if (lower.length < WORD)
		return is_short_name(token, lower);
	for (size_t i = 0; i + WORD < lower.length; i += WORD)
		if (!is_word(token + i, lower.at + i))
			return false;
	return is_word(token + lower.length - WORD, lower.at + lower.length - WORD);
}

static inline const struct field_kind *find_kind(struct str name)
{
	if (name.length > NAME_MAX_KNOWN)
		return NULL;
	for (unsigned i = first_of_length[name.length]; i < first_of_length[name.length + 1]; i++)
		if (is_name(name.at, kinds[i].name))
			return &kinds[i];
	return NULL;
}

enum h1_field_id field_id(struct str name)
{
	const struct field_kind *kind = find_kind(name);

	return kind != NULL ? kind->id : H1_FIELD_OTHER;
}

static char plain(char byte)
{
	if (byte == '_')
		return '-';
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

bool field_is_spelled(struct str a, struct str b)
{
	if (a.length != b.length)
		return false;
	for (size_t i = 0; i < a.length; i++)
		if (plain(a.at[i]) != plain(b.at[i]))
			return false;
	return true;
}

bool field_next_element(struct str *list, struct str *element)
{
	while (list->length > 0) {
		const char *comma = memchr(list->at, ',', list->length);
		size_t length = comma != NULL ? (size_t)(comma - list->at) : list->length;
		size_t step = comma != NULL ? length + 1 : length;

		*element = str_trim((struct str){ list->at, length });
		list->at += step;
		list->length -= step;
		if (element->length > 0)
			return true;
	}
	return false;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static enum h1_result refuse_name(const char *name, const char *stop, struct h1_fault *fault)
{
	if (stop == name && is_blank(*stop))
		return h1_refuse(fault, 400, "folded field line");
	if (stop == name && *stop == ':')
		return h1_refuse(fault, 400, "field without a name");
	if (is_blank(*stop))
		return h1_refuse(fault, 400, "white space in or behind a field name");
	return h1_refuse(fault, 400, "bad byte in a field name");
}

/* The line end that must be at `at`. */
static enum h1_result expect_line_end(const char *at, const char *end, struct h1_fault *fault)
{
	if (at == end)
		return H1_MORE;
	if (*at != '\r')
		return h1_refuse(fault, 400, "control byte or bare LF in a field");
	if (at + 1 == end)
		return H1_MORE;
	if (at[1] != '\n')
		return h1_refuse(fault, 400, "bare CR in a field");
	return H1_DONE;
}

static bool looks_like_framing(struct str name)
{
	return (name.length == 14 && field_is_spelled(name, STR("content-length"))) ||
	       (name.length == 17 && field_is_spelled(name, STR("transfer-encoding")));
}

static enum h1_result name_field(struct h1_field *field, struct h1_fault *fault)
{
	const struct field_kind *kind = find_kind(field->name);

	if (kind != NULL) {
		field->id = kind->id;
		field->is_hop = kind->is_hop;
		return H1_DONE;
	}
	if (UNLIKELY(looks_like_framing(field->name)))
		return h1_refuse(fault, 400, "framing field spelled with an underscore");
	field->id = H1_FIELD_OTHER;
	field->is_hop = false;
	return H1_DONE;
}

static enum h1_result read_field(const char **at, const char *end, struct h1_field *field,
				 struct h1_fault *fault)
{
	const char *name = *at, *colon = scan_token(name, end);

	if (colon == end)
		return H1_MORE;
	if (UNLIKELY(*colon != ':' || colon == name))
		return refuse_name(name, colon, fault);

	const char *value = colon + 1;

	while (value < end && is_blank(*value))
		value++;

	const char *stop = scan_value(value, end);
	enum h1_result result = expect_line_end(stop, end, fault);

	if (UNLIKELY(result != H1_DONE))
		return result;
	*at = stop + 2;
	while (stop > value && is_blank(stop[-1]))
		stop--;
	field->name = (struct str){ name, (size_t)(colon - name) };
	field->value = (struct str){ value, (size_t)(stop - value) };
	return name_field(field, fault);
}

enum h1_result field_read_all(const char **at, const char *end, struct h1_field fields[],
			      unsigned max, unsigned *count, struct field_census *census,
			      struct h1_fault *fault)
{
	const char *line = *at;

	must(max <= H1_FIELDS_MAX);
	memset(census, 0, sizeof(*census));
	for (unsigned n = 0;; n++) {
		if (line < end && *line == '\r') {
			enum h1_result result = expect_line_end(line, end, fault);

			*count = n;
			if (result == H1_DONE)
				*at = line + 2;
			return result;
		}
		if (UNLIKELY(line == end))
			return H1_MORE;
		if (UNLIKELY(n == max))
			return h1_refuse(fault, 431, "too many fields");

		enum h1_result result = read_field(&line, end, &fields[n], fault);

		if (UNLIKELY(result != H1_DONE))
			return result;
		census->count[fields[n].id]++;
		census->last[fields[n].id] = (uint8_t)n;
	}
}
