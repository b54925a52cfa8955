/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"
#include "http/field.h"

#include <stdio.h>

enum {
	LINE_EXTRA = 4,  /* ": " and CR LF */
	FIXED_ROOM = 192 /* the fixed texts of a head, numbers, framing and connection fields */
};

#define PUT_LITERAL(to, literal) put((to), (literal), sizeof(literal) - 1)

static char *put(char *to, const char *bytes, size_t length)
{
	memcpy(to, bytes, length);
	return to + length;
}

static char *put_text(char *to, struct str text)
{
	return text.length > 0 ? put(to, text.at, text.length) : to;
}

static char *put_line_end(char *to)
{
	return PUT_LITERAL(to, "\r\n");
}

static char *put_line(char *to, struct str name, struct str value)
{
	to = put_text(to, name);
	to = PUT_LITERAL(to, ": ");
	to = put_text(to, value);
	return put_line_end(to);
}

/* A field that came as "Name: value" is one piece of memory: one copy instead of three. */
static char *put_field(char *to, const struct h1_field *field)
{
	const char *name_end = field->name.at + field->name.length;

	if (LIKELY(field->value.at == name_end + 2 && name_end[0] == ':' && name_end[1] == ' ')) {
		to = put(to, field->name.at, field->name.length + 2 + field->value.length);
		return put_line_end(to);
	}
	return put_line(to, field->name, field->value);
}

static char *put_number(char *to, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return put(to, digits + at, sizeof(digits) - at);
}

static char *put_framing(char *to, struct head_framing framing)
{
	switch (framing.framing) {
	case H1_LENGTH:
		to = PUT_LITERAL(to, "Content-Length: ");
		to = put_number(to, framing.length);
		return put_line_end(to);
	case H1_CHUNKED:
		return PUT_LITERAL(to, "Transfer-Encoding: chunked\r\n");
	case H1_NO_BODY:
	case H1_UNTIL_CLOSE:
		return to;
	}
	must_not_reach();
}

static char *put_extra(char *to, const struct head_extra *extra, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		to = put_line(to, extra[i].name, extra[i].value);
	return to;
}

static bool is_extra(struct str name, const struct head_extra *extra, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (field_is_spelled(name, extra[i].name))
			return true;
	return false;
}

static size_t fields_room(const struct h1_field fields[], unsigned count)
{
	size_t room = 0;

	for (unsigned i = 0; i < count; i++)
		room += fields[i].name.length + fields[i].value.length + LINE_EXTRA;
	return room;
}

static size_t extra_room(const struct head_extra *extra, unsigned count)
{
	size_t room = 0;

	for (unsigned i = 0; i < count; i++)
		room += extra[i].name.length + extra[i].value.length + LINE_EXTRA;
	return room;
}

static char *put_upgrade(char *to, struct str upgrade)
{
	to = PUT_LITERAL(to, "Connection: Upgrade\r\nUpgrade: ");
	to = put_text(to, upgrade);
	return put_line_end(to);
}

size_t head_request_room(const struct h1_request *request, const struct head_extra *extra,
			 unsigned extra_count)
{
	return FIXED_ROOM + request->method_text.length + request->path.length +
	       request->authority.length + request->upgrade.length +
	       fields_room(request->fields, request->field_count) + extra_room(extra, extra_count);
}

/* Fields that a head writer decides about itself are not copied. */
static bool is_copied(const struct h1_field *field, struct head_framing framing)
{
	if (field->is_hop || field->id == H1_FIELD_CONTENT_LENGTH || field->id == H1_FIELD_HOST)
		return false;
	return field->id != H1_FIELD_TRAILER || framing.framing == H1_CHUNKED;
}

size_t head_write_request(char *to, const struct h1_request *request, struct head_framing framing,
			  const struct head_extra *extra, unsigned extra_count, bool upgrades)
{
	char *at = put_text(to, request->method_text);

	must(framing.framing != H1_UNTIL_CLOSE);
	*at++ = ' ';
	at = put_text(at, request->path);
	at = PUT_LITERAL(at, " HTTP/1.1\r\nHost: ");
	at = put_text(at, request->authority);
	at = put_line_end(at);
	for (unsigned i = 0; i < request->field_count; i++) {
		const struct h1_field *field = &request->fields[i];

		if (is_copied(field, framing) && !is_extra(field->name, extra, extra_count))
			at = put_field(at, field);
	}
	at = put_framing(at, framing);
	at = put_extra(at, extra, extra_count);
	if (upgrades)
		at = put_upgrade(at, request->upgrade);
	at = put_line_end(at);
	return (size_t)(at - to);
}

size_t head_response_room(const struct h1_response *response, const struct head_extra *extra,
			  unsigned extra_count)
{
	return FIXED_ROOM + response->reason.length + response->upgrade.length +
	       fields_room(response->fields, response->field_count) +
	       extra_room(extra, extra_count);
}

/* Content-Length in an answer without a body tells of another one's: to HEAD, or a 304. */
static bool keeps_length(const struct h1_response *response, struct head_framing framing)
{
	return framing.framing == H1_NO_BODY && response->status >= 200 && response->status != 204;
}

static char *put_connection(char *to, const struct h1_response *response, unsigned client_minor,
			    bool closes)
{
	if (response->switches)
		return put_upgrade(to, response->upgrade);
	if (response->status < 200)
		return to;
	if (closes)
		return PUT_LITERAL(to, "Connection: close\r\n");
	return client_minor == 0 ? PUT_LITERAL(to, "Connection: keep-alive\r\n") : to;
}

static char *put_status(char *to, unsigned status)
{
	must(status >= 100 && status <= 999);
	to = PUT_LITERAL(to, "HTTP/1.1 ");
	to = put_number(to, status);
	*to++ = ' ';
	return to;
}

size_t head_write_response(char *to, const struct h1_response *response,
			   struct head_framing framing, const struct head_extra *extra,
			   unsigned extra_count, unsigned client_minor, bool closes)
{
	bool with_length = keeps_length(response, framing);
	char *at = put_status(to, response->status);

	must(framing.framing != H1_UNTIL_CLOSE || closes);
	at = put_text(at, response->reason);
	at = put_line_end(at);
	for (unsigned i = 0; i < response->field_count; i++) {
		const struct h1_field *field = &response->fields[i];

		if (is_copied(field, framing) ||
		    (with_length && field->id == H1_FIELD_CONTENT_LENGTH))
			at = put_field(at, field);
	}
	at = put_framing(at, framing);
	at = put_extra(at, extra, extra_count);
	at = put_connection(at, response, client_minor, closes);
	at = put_line_end(at);
	return (size_t)(at - to);
}

size_t head_trailers_room(const struct h1_field fields[], unsigned count)
{
	return FIXED_ROOM + fields_room(fields, count);
}

size_t head_write_trailers(char *to, const struct h1_field fields[], unsigned count,
			   const struct head_extra *extra, unsigned extra_count)
{
	char *at = PUT_LITERAL(to, "0\r\n");

	for (unsigned i = 0; i < count; i++)
		if (!fields[i].is_hop && !is_extra(fields[i].name, extra, extra_count))
			at = put_field(at, &fields[i]);
	at = put_line_end(at);
	return (size_t)(at - to);
}

size_t head_write_chunk(char to[HEAD_CHUNK_ROOM], uint64_t length)
{
	static const char digits[] = "0123456789abcdef";
	unsigned bits = length > 0 ? 64 - (unsigned)__builtin_clzll(length) : 1;
	char *at = to;

	for (unsigned digit = (bits + 3) / 4; digit > 0; digit--)
		*at++ = digits[length >> (4 * (digit - 1)) & 15];
	at = put_line_end(at);
	return (size_t)(at - to);
}

struct reason {
	int status;
	const char *text;
};

static const struct reason reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 417, "Expectation Failed" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *head_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "";
}

enum { ANSWER_FIXED = 256, ANSWER_ROOM_MIN = 512 };

/* The extra fields that fit into `room`. */
static char *put_fitting(char *to, size_t room, const struct head_extra *extra, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		size_t need = extra_room(&extra[i], 1);

		if (need > room)
			continue;
		to = put_extra(to, &extra[i], 1);
		room -= need;
	}
	return to;
}

size_t head_write_answer(char *to, size_t room, int status, const char *body,
			 const struct head_extra *extra, unsigned extra_count, bool is_head,
			 bool closes)
{
	char own[64], *at = to;

	must(room >= ANSWER_ROOM_MIN);
	(void)snprintf(own, sizeof(own), "%d %s\n", status, head_reason(status));

	struct str text = str_of(body != NULL ? body : own);
	bool has_body = status >= 200 && status != 204 && status != 304;

	at = put_status(at, (unsigned)status);
	at = put_text(at, str_of(head_reason(status)));
	at = put_line_end(at);
	at = put_fitting(at, room - ANSWER_FIXED - (size_t)(at - to), extra, extra_count);
	if (has_body) {
		size_t most = room - ANSWER_FIXED - (size_t)(at - to);

		if (text.length > most)
			text.length = most;
		at = PUT_LITERAL(at, "Content-Type: text/plain\r\nCache-Control: no-store\r\n");
		at = put_framing(at, (struct head_framing){ H1_LENGTH, text.length });
	}
	if (closes && status >= 200)
		at = PUT_LITERAL(at, "Connection: close\r\n");
	at = put_line_end(at);
	if (has_body && !is_head)
		at = put_text(at, text);
	return (size_t)(at - to);
}
