/* SPDX-License-Identifier: Apache-2.0 */
#include "http/body.h"
#include "http/field.h"
#include "http/scan.h"

/* Where in a chunk we are (RFC 9112, 7.1). */
enum step {
	STEP_SIZE,      /* hexadecimal digits */
	STEP_EXTENSION, /* behind a ";" */
	STEP_SIZE_LF,
	STEP_DATA,
	STEP_DATA_CR,
	STEP_DATA_LF
};

enum { SIZE_DIGITS_MAX = 16 };

void body_begin(struct body *body, enum h1_framing framing, uint64_t length)
{
	*body = (struct body){ .framing = framing, .left = length };
	if (framing == H1_NO_BODY || (framing == H1_LENGTH && length == 0))
		body->state = BODY_END;
	if (framing == H1_CHUNKED)
		body->left = 0;
}

static void refuse(struct body *body, struct h1_fault *fault, const char *what)
{
	body->state = BODY_BAD;
	(void)!h1_refuse(fault, 400, what);
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The byte that ended a chunk's size. */
static void end_size(struct body *body, char byte, struct h1_fault *fault)
{
	if (body->digits == 0)
		refuse(body, fault, "chunk without a size");
	else if (byte == '\r')
		body->step = STEP_SIZE_LF;
	else if (byte == ';')
		body->step = STEP_EXTENSION;
	else
		refuse(body, fault, "bad byte in a chunk size");
}

static void read_size(struct body *body, char byte, struct h1_fault *fault)
{
	int digit = hex_digit(byte);

	if (digit < 0) {
		end_size(body, byte, fault);
		return;
	}
	if (body->digits == SIZE_DIGITS_MAX || body->left > (uint64_t)INT64_MAX >> 4) {
		refuse(body, fault, "chunk size is larger than we can count");
		return;
	}
	body->digits++;
	body->left = body->left << 4 | (uint64_t)digit;
}

static void read_extension(struct body *body, char byte, struct h1_fault *fault)
{
	if (byte == '\r')
		body->step = STEP_SIZE_LF;
	else if (!scan_is(byte, SCAN_VALUE))
		refuse(body, fault, "bad byte in a chunk extension");
	else if (++body->line_bytes > BODY_EXTENSION_MAX)
		refuse(body, fault, "chunk extension is too long");
}

static void begin_chunk(struct body *body, char byte, struct h1_fault *fault)
{
	if (byte != '\n')
		refuse(body, fault, "bare CR behind a chunk size");
	else if (body->left == 0)
		body->state = BODY_TRAILERS;
	else
		body->step = STEP_DATA;
}

static void end_chunk(struct body *body, char byte, struct h1_fault *fault)
{
	if (byte != '\n') {
		refuse(body, fault, "no line end behind a chunk");
		return;
	}
	body->step = STEP_SIZE;
	body->digits = 0;
	body->line_bytes = 0;
}

static void read_framing_byte(struct body *body, char byte, struct h1_fault *fault)
{
	switch ((enum step)body->step) {
	case STEP_SIZE:
		read_size(body, byte, fault);
		break;
	case STEP_EXTENSION:
		read_extension(body, byte, fault);
		break;
	case STEP_SIZE_LF:
		begin_chunk(body, byte, fault);
		break;
	case STEP_DATA_CR:
		if (byte != '\r')
			refuse(body, fault, "chunk is longer than its size");
		body->step = STEP_DATA_LF;
		break;
	case STEP_DATA_LF:
		end_chunk(body, byte, fault);
		break;
	case STEP_DATA:
		must_not_reach();
	}
}

/* How many of the bytes are content, where content is due. */
static size_t take_content(struct body *body, size_t length)
{
	if (body->framing == H1_UNTIL_CLOSE)
		return length;

	size_t taken = body->left < length ? (size_t)body->left : length;

	body->left -= taken;
	return taken;
}

static void read_chunks(struct body *body, char *bytes, size_t length, size_t *used, size_t *data,
			struct h1_fault *fault)
{
	while (*used < length && body->state == BODY_DATA) {
		if (body->step != STEP_DATA) {
			read_framing_byte(body, bytes[(*used)++], fault);
			continue;
		}

		size_t taken = take_content(body, length - *used);

		if (*data != *used)
			memmove(bytes + *data, bytes + *used, taken);
		*used += taken;
		*data += taken;
		if (body->left == 0)
			body->step = STEP_DATA_CR;
	}
}

void body_read(struct body *body, char *bytes, size_t length, size_t *used, size_t *data,
	       struct h1_fault *fault)
{
	*used = *data = 0;
	if (body->state != BODY_DATA)
		return;
	if (body->framing == H1_CHUNKED) {
		read_chunks(body, bytes, length, used, data, fault);
		return;
	}
	*used = *data = take_content(body, length);
	if (body->framing == H1_LENGTH && body->left == 0)
		body->state = BODY_END;
}

/* RFC 9110, 6.5.1: what must be known before the content, or decides who may have it. */
static const struct str no_trailers[] = {
	STR("age"),
	STR("authorization"),
	STR("cache-control"),
	STR("connection"),
	STR("content-encoding"),
	STR("content-length"),
	STR("content-range"),
	STR("content-type"),
	STR("cookie"),
	STR("expect"),
	STR("expires"),
	STR("forwarded"),
	STR("host"),
	STR("keep-alive"),
	STR("location"),
	STR("max-forwards"),
	STR("pragma"),
	STR("proxy-authenticate"),
	STR("proxy-authorization"),
	STR("proxy-connection"),
	STR("range"),
	STR("retry-after"),
	STR("set-cookie"),
	STR("te"),
	STR("trailer"),
	STR("transfer-encoding"),
	STR("upgrade"),
	STR("vary"),
	STR("www-authenticate"),
	STR("x-real-ip"),
};
static const struct str no_trailer_starts[] = { STR("if-"), STR("x-forwarded-"), STR("sec-") };

static bool may_trail(struct str name)
{
	for (size_t i = 0; i < sizeof(no_trailers) / sizeof(no_trailers[0]); i++)
		if (field_is_spelled(name, no_trailers[i]))
			return false;
	for (size_t i = 0; i < sizeof(no_trailer_starts) / sizeof(no_trailer_starts[0]); i++) {
		struct str start = no_trailer_starts[i];

		if (name.length >= start.length &&
		    field_is_spelled((struct str){ name.at, start.length }, start))
			return false;
	}
	return true;
}

/* More is needed of a section of which `length` bytes have been looked at. */
static enum h1_result want_trailers(struct body *body, size_t length, struct h1_fault *fault)
{
	if (length < BODY_TRAILERS_MAX)
		return H1_MORE;
	body->state = BODY_BAD;
	return h1_refuse(fault, 431, "trailers are too long");
}

enum h1_result body_trailers(struct body *body, const char *bytes, size_t length, size_t *used,
			     struct h1_field fields[], unsigned fields_max, unsigned *field_count,
			     struct h1_fault *fault)
{
	size_t looked = length < BODY_TRAILERS_MAX ? length : BODY_TRAILERS_MAX;
	size_t seen = body->scan.seen;
	const char *at = bytes;
	struct field_census census;

	must(body->state == BODY_TRAILERS);
	body->scan.seen = length;
	if (seen > 0 && length < BODY_TRAILERS_MAX &&
	    (length == seen || memchr(bytes + seen, '\n', length - seen) == NULL))
		return H1_MORE;

	enum h1_result result = field_read_all(&at, bytes + looked, fields, fields_max, field_count,
					       &census, fault);

	if (result == H1_MORE)
		return want_trailers(body, length, fault);
	body->state = BODY_BAD;
	if (result != H1_DONE)
		return result;
	for (unsigned i = 0; i < *field_count; i++)
		if (!may_trail(fields[i].name))
			return h1_refuse(fault, 400, "field that must not be a trailer");
	body->state = BODY_END;
	*used = (size_t)(at - bytes);
	return H1_DONE;
}
