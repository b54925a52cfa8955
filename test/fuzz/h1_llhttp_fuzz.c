/* SPDX-License-Identifier: Apache-2.0
 * h1_llhttp_fuzz.c - what we forward, read by another parser (llhttp, of Node.js).
 *
 * Whatever a client or a server sends: if we let it pass, then what we write in its place is
 * accepted by llhttp, and both see the same fields, the same framing, the same content and the same
 * end. Input as for h1_fuzz.c. Built where Debian's node-llhttp is installed.
 */
#include "base/check.h"
#include "http/body.h"
#include "http/head.h"

#include <llhttp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_MAX = 8192, FIELDS_SAFE = H1_FIELDS_MAX - 8 };

/* What llhttp has seen of one message. */
struct sight {
	llhttp_t parser;                        /* first: callbacks get it */
	struct str expected[2 * H1_FIELDS_MAX]; /* names and values in turn */
	unsigned parts, parts_seen;
	size_t part_at; /* bytes of the part that were seen */
	uint64_t content_length;
	bool has_head, is_over, has_length, is_chunked;
	struct str content; /* that is expected */
	size_t content_at;
};

/* Parts of names and values come in pieces, too. */
static int see_part(struct sight *sight, unsigned kind, const char *at, size_t length)
{
	struct str part;

	must(sight->parts_seen < sight->parts && sight->parts_seen % 2 == kind);
	part = sight->expected[sight->parts_seen];
	must(sight->part_at + length <= part.length);
	must(length == 0 || memcmp(part.at + sight->part_at, at, length) == 0);
	sight->part_at += length;
	return 0;
}

static int end_part(struct sight *sight)
{
	must(sight->part_at == sight->expected[sight->parts_seen].length);
	sight->parts_seen++;
	sight->part_at = 0;
	return 0;
}

static int see_name(llhttp_t *parser, const char *at, size_t length)
{
	return see_part((struct sight *)(void *)parser, 0, at, length);
}

static int see_value(llhttp_t *parser, const char *at, size_t length)
{
	return see_part((struct sight *)(void *)parser, 1, at, length);
}

static int end_name(llhttp_t *parser)
{
	return end_part((struct sight *)(void *)parser);
}

static int end_value(llhttp_t *parser)
{
	return end_part((struct sight *)(void *)parser);
}

static int end_head(llhttp_t *parser)
{
	struct sight *sight = (struct sight *)(void *)parser;

	sight->has_head = true;
	sight->content_length = parser->content_length;
	sight->has_length = (parser->flags & F_CONTENT_LENGTH) != 0;
	sight->is_chunked = (parser->flags & F_CHUNKED) != 0;
	return 0;
}

static int see_content(llhttp_t *parser, const char *at, size_t length)
{
	struct sight *sight = (struct sight *)(void *)parser;

	must(sight->content_at + length <= sight->content.length);
	must(memcmp(sight->content.at + sight->content_at, at, length) == 0);
	sight->content_at += length;
	return 0;
}

static int end_message(llhttp_t *parser)
{
	((struct sight *)(void *)parser)->is_over = true;
	return HPE_PAUSED;
}

static void look(struct sight *sight, llhttp_type_t type, const char *bytes, size_t length)
{
	llhttp_settings_t settings;
	llhttp_errno_t error;

	llhttp_settings_init(&settings);
	settings.on_header_field = see_name;
	settings.on_header_field_complete = end_name;
	settings.on_header_value = see_value;
	settings.on_header_value_complete = end_value;
	settings.on_headers_complete = end_head;
	settings.on_body = see_content;
	settings.on_message_complete = end_message;
	llhttp_init(&sight->parser, type, &settings);
	error = llhttp_execute(&sight->parser, bytes, length);
	must(error == HPE_OK || error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE);
	must(sight->has_head && sight->parts_seen == sight->parts);
}

static void expect_fields(struct sight *sight, const struct h1_field fields[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		sight->expected[sight->parts++] = fields[i].name;
		sight->expected[sight->parts++] = fields[i].value;
	}
}

static void fuzz_request(const char *bytes, size_t length)
{
	static struct h1_request request, written;
	struct h1_scan scan = { 0 }, written_scan = { 0 };
	struct sight sight = { .parts = 0 };
	struct h1_fault fault;

	if (h1_read_request(&scan, bytes, length, HEAD_MAX, &request, &fault) != H1_DONE ||
	    request.method == H1_OTHER || request.field_count > FIELDS_SAFE)
		return; /* llhttp knows no methods but those of its list */
	if (request.authority.length == 0)
		request.authority = STR("none");

	char *to = malloc(head_request_room(&request, NULL, 0));
	size_t to_length = head_write_request(
		to, &request, (struct head_framing){ request.framing, request.body_length }, NULL,
		0, request.wants_upgrade);

	must(h1_read_request(&written_scan, to, to_length, 4 * HEAD_MAX, &written, &fault) ==
	     H1_DONE);
	expect_fields(&sight, written.fields, written.field_count);
	look(&sight, HTTP_REQUEST, to, to_length);
	must(sight.is_chunked == (request.framing == H1_CHUNKED));
	must(sight.has_length == (request.framing == H1_LENGTH));
	must(!sight.has_length || sight.content_length == request.body_length);
	must(sight.is_over == (request.framing == H1_NO_BODY ||
			       (request.framing == H1_LENGTH && request.body_length == 0)));
	free(to);
}

static void fuzz_response(const char *bytes, size_t length)
{
	static struct h1_response response, written;
	struct h1_scan scan = { 0 }, written_scan = { 0 };
	struct sight sight = { .parts = 0 };
	struct h1_fault fault;

	if (h1_read_response(&scan, bytes, length, HEAD_MAX, H1_GET, &response, &fault) !=
		    H1_DONE ||
	    response.field_count > FIELDS_SAFE)
		return;

	char *to = malloc(head_response_room(&response, NULL, 0));
	size_t to_length = head_write_response(
		to, &response, (struct head_framing){ response.framing, response.body_length },
		NULL, 0, 1, response.framing == H1_UNTIL_CLOSE || !response.keeps_alive);

	must(h1_read_response(&written_scan, to, to_length, 4 * HEAD_MAX, H1_GET, &written,
			      &fault) == H1_DONE);
	expect_fields(&sight, written.fields, written.field_count);
	look(&sight, HTTP_RESPONSE, to, to_length);
	must(sight.is_chunked == (response.framing == H1_CHUNKED));
	must(response.framing != H1_LENGTH || sight.content_length == response.body_length);
	free(to);
}

/* Content that was decoded is written in one chunk, with its trailers. */
static void check_body(const char *content, size_t length, const struct h1_field trailers[],
		       unsigned count)
{
	static const struct h1_field field = { STR("Transfer-Encoding"), STR("chunked"),
					       H1_FIELD_TRANSFER_ENCODING, true };
	struct str head = STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	struct sight sight = { .content = { content, length } };
	char *to = malloc(head.length + length + 2 * HEAD_CHUNK_ROOM +
			  head_trailers_room(trailers, count));
	char *at = to;

	memcpy(at, head.at, head.length);
	at += head.length;
	if (length > 0) {
		at += head_write_chunk(at, length);
		memcpy(at, content, length);
		memcpy(at + length, "\r\n", 2);
		at += length + 2;
	}
	at += head_write_trailers(at, trailers, count, NULL, 0);
	expect_fields(&sight, &field, 1);
	expect_fields(&sight, trailers, count);
	look(&sight, HTTP_RESPONSE, to, (size_t)(at - to));
	must(sight.is_over && sight.content_at == length);
	free(to);
}

static void fuzz_body(char *bytes, size_t length)
{
	static struct h1_field trailers[H1_FIELDS_MAX];
	struct body body;
	struct h1_fault fault;
	size_t used, data, ignored;
	unsigned count;

	body_begin(&body, H1_CHUNKED, 0);
	body_read(&body, bytes, length, &used, &data, &fault);
	if (body.state != BODY_TRAILERS ||
	    body_trailers(&body, bytes + used, length - used, &ignored, trailers, H1_FIELDS_MAX / 2,
			  &count, &fault) != H1_DONE)
		return;
	check_body(bytes, data, trailers, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;

	size_t length = size - 2;
	char *bytes = malloc(length);

	memcpy(bytes, data + 2, length);
	if (data[0] == 'q')
		fuzz_request(bytes, length);
	else if (data[0] == 'r')
		fuzz_response(bytes, length);
	else if (data[0] == 'b')
		fuzz_body(bytes, length);
	free(bytes);
	return 0;
}
