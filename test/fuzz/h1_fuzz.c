/* SPDX-License-Identifier: Apache-2.0
 * h1_fuzz.c - the HTTP/1 reader and writer: requests, responses and chunked bodies.
 *
 * Input: what to read ('q' request, 'r' response, 'h' response to HEAD, 'b' chunked body), a byte
 * that says where to split, the message. What must hold whatever comes: pieces and whole have the
 * same outcome; no field holds a line end or NUL; what the writer makes of a message is read again
 * as the same message.
 */
#include "base/check.h"
#include "http/body.h"
#include "http/head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_MAX = 8192, FIELDS_SAFE = H1_FIELDS_MAX - 8 };

static const struct head_extra extra[] = { { STR("X-Forwarded-For"), STR("10.0.0.1") } };

static void check_text(struct str text)
{
	for (size_t i = 0; i < text.length; i++)
		must(text.at[i] != '\r' && text.at[i] != '\n' && text.at[i] != '\0');
}

static void check_fields(const struct h1_field fields[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		must(fields[i].name.length > 0);
		check_text(fields[i].name);
		check_text(fields[i].value);
	}
}

/* The next field from `i` on that says something to the other end beside framing and Host. */
static unsigned next_plain(const struct h1_field fields[], unsigned count, unsigned i)
{
	while (i < count &&
	       (fields[i].is_hop || fields[i].id == H1_FIELD_HOST ||
		fields[i].id == H1_FIELD_CONTENT_LENGTH || fields[i].id == H1_FIELD_TRAILER ||
		(fields[i].name.length == extra[0].name.length &&
		 (fields[i].name.at[0] | 0x20) == 'x' && (fields[i].name.at[2] | 0x20) == 'f')))
		i++;
	return i;
}

static void check_same_fields(const struct h1_field a[], unsigned a_count,
			      const struct h1_field b[], unsigned b_count)
{
	unsigned i = next_plain(a, a_count, 0), j = next_plain(b, b_count, 0);

	while (i < a_count && j < b_count) {
		must(str_equal(a[i].name, b[j].name));
		must(str_equal(a[i].value, b[j].value));
		i = next_plain(a, a_count, i + 1);
		j = next_plain(b, b_count, j + 1);
	}
	must(i == a_count && j == b_count);
}

static void write_request_again(struct h1_request *request)
{
	static struct h1_request again;
	struct head_framing framing = { request->framing, request->body_length };
	struct h1_scan scan = { 0 };
	struct h1_fault fault;

	if (request->authority.length == 0)
		request->authority = STR("none");
	if (request->field_count > FIELDS_SAFE)
		return;

	size_t room = head_request_room(request, extra, 1);
	char *to = malloc(room);
	size_t length = head_write_request(to, request, framing, extra, 1, request->wants_upgrade);

	must(length <= room);
	must(h1_read_request(&scan, to, length, 4 * HEAD_MAX, &again, &fault) == H1_DONE);
	must(again.head_length == length && again.minor == 1);
	must(str_equal(again.method_text, request->method_text));
	must(str_equal(again.path, request->path));
	must(str_equal(again.authority, request->authority));
	must(again.framing == request->framing && again.body_length == request->body_length);
	must(again.wants_upgrade == request->wants_upgrade && again.keeps_alive);
	check_same_fields(request->fields, request->field_count, again.fields, again.field_count);
	free(to);
}

static void fuzz_request(const char *bytes, size_t length, size_t first)
{
	static struct h1_request request, split;
	struct h1_scan scan = { 0 }, split_scan = { 0 };
	struct h1_fault fault, split_fault;
	enum h1_result part = h1_read_request(&split_scan, bytes, first, HEAD_MAX, &split,
					      &split_fault);
	enum h1_result whole = h1_read_request(&scan, bytes, length, HEAD_MAX, &request, &fault);

	if (part == H1_MORE)
		part = h1_read_request(&split_scan, bytes, length, HEAD_MAX, &split, &split_fault);
	must(part == whole || (whole == H1_BAD && part == H1_MORE));
	if (whole != H1_DONE)
		return;
	must(request.head_length == split.head_length && request.head_length <= length);
	must(request.field_count == split.field_count && request.framing == split.framing);
	check_text(request.method_text);
	check_text(request.path);
	check_text(request.authority);
	check_text(request.upgrade);
	check_fields(request.fields, request.field_count);
	write_request_again(&request);
}

static void write_response_again(const struct h1_response *response, enum h1_method method)
{
	static struct h1_response again;
	struct head_framing framing = { response->framing, response->body_length };
	bool closes = response->framing == H1_UNTIL_CLOSE || !response->keeps_alive;
	struct h1_scan scan = { 0 };
	struct h1_fault fault;

	if (response->field_count > FIELDS_SAFE)
		return;

	size_t room = head_response_room(response, extra, 1);
	char *to = malloc(room);
	size_t length = head_write_response(to, response, framing, extra, 1, 1, closes);

	must(length <= room);
	must(h1_read_response(&scan, to, length, 4 * HEAD_MAX, method, &again, &fault) == H1_DONE);
	must(again.head_length == length && again.status == response->status);
	must(again.framing == response->framing && again.switches == response->switches);
	must(again.framing == H1_NO_BODY || again.body_length == response->body_length);
	check_same_fields(response->fields, response->field_count, again.fields, again.field_count);
	free(to);
}

static void fuzz_response(const char *bytes, size_t length, size_t first, enum h1_method method)
{
	static struct h1_response response, split;
	struct h1_scan scan = { 0 }, split_scan = { 0 };
	struct h1_fault fault, split_fault;
	enum h1_result part = h1_read_response(&split_scan, bytes, first, HEAD_MAX, method, &split,
					       &split_fault);
	enum h1_result whole = h1_read_response(&scan, bytes, length, HEAD_MAX, method, &response,
						&fault);

	if (part == H1_MORE)
		part = h1_read_response(&split_scan, bytes, length, HEAD_MAX, method, &split,
					&split_fault);
	must(part == whole || (whole == H1_BAD && part == H1_MORE));
	if (whole != H1_DONE)
		return;
	must(response.head_length == split.head_length && response.head_length <= length);
	must(response.field_count == split.field_count && response.framing == split.framing);
	check_text(response.reason);
	check_text(response.upgrade);
	check_fields(response.fields, response.field_count);
	write_response_again(&response, method);
}

struct decoded {
	char *content;
	size_t length, used;
	struct body body;
	unsigned trailers;
};

static void decode(struct decoded *out, const char *bytes, size_t length, size_t step)
{
	static struct h1_field fields[H1_FIELDS_MAX];
	enum h1_result result = H1_MORE;
	struct h1_fault fault;
	size_t used, data;

	*out = (struct decoded){ .content = malloc(length + 1) };
	body_begin(&out->body, H1_CHUNKED, 0);
	while (out->used < length && out->body.state == BODY_DATA) {
		size_t piece = length - out->used < step ? length - out->used : step;
		char *to = out->content + out->length;

		memcpy(to, bytes + out->used, piece);
		body_read(&out->body, to, piece, &used, &data, &fault);
		must(data <= used && used <= piece);
		out->length += data;
		out->used += used;
	}
	if (out->body.state != BODY_TRAILERS)
		return;
	for (size_t n = 0; result == H1_MORE && out->used + n <= length; n += n < length ? 1 : step)
		result = body_trailers(&out->body, bytes + out->used, n, &used, fields,
				       H1_FIELDS_MAX, &out->trailers, &fault);
	if (result == H1_DONE) {
		check_fields(fields, out->trailers);
		out->used += used;
	}
}

static void fuzz_body(const char *bytes, size_t length, size_t step)
{
	struct decoded whole, split;

	decode(&whole, bytes, length, length + 1);
	decode(&split, bytes, length, step + 1);
	must(whole.body.state == split.body.state);
	must(whole.length == split.length && whole.used == split.used);
	must(memcmp(whole.content, split.content, whole.length) == 0);
	must(whole.trailers == split.trailers);
	free(whole.content);
	free(split.content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;

	size_t length = size - 2, first = data[1] % length;
	char *bytes = malloc(length);

	memcpy(bytes, data + 2, length);
	switch (data[0]) {
	case 'q':
		fuzz_request(bytes, length, first);
		break;
	case 'r':
		fuzz_response(bytes, length, first, H1_GET);
		break;
	case 'h':
		fuzz_response(bytes, length, first, H1_HEAD);
		break;
	case 'b':
		fuzz_body(bytes, length, first);
		break;
	default:
		break;
	}
	free(bytes);
	return 0;
}
