/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1.h"
#include "http/field.h"
#include "http/framing.h"
#include "http/hop.h"
#include "http/scan.h"
#include "http/target.h"

enum { EMPTY_LINES_MAX = 2 };

struct method_name {
	struct str text;
	enum h1_method method;
};

static const struct method_name methods[] = {
	{ STR("GET"), H1_GET },     { STR("POST"), H1_POST },       { STR("HEAD"), H1_HEAD },
	{ STR("PUT"), H1_PUT },     { STR("DELETE"), H1_DELETE },   { STR("OPTIONS"), H1_OPTIONS },
	{ STR("PATCH"), H1_PATCH }, { STR("CONNECT"), H1_CONNECT }, { STR("TRACE"), H1_TRACE },
};

static enum h1_method method_of(struct str text)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_equal(text, methods[i].text))
			return methods[i].method;
	return H1_OTHER;
}

/* Whether a look at the bytes can tell more than the last one did. */
static bool is_worth_a_look(const struct h1_scan *scan, const char *bytes, size_t length,
			    size_t head_max)
{
	if (scan->seen == 0 || length >= head_max)
		return true;
	return length > scan->seen && memchr(bytes + scan->seen, '\n', length - scan->seen) != NULL;
}

/* More is needed of a head of which `head_max` bytes have been looked at. */
static enum h1_result refuse_long(const char *line, const char *end, struct h1_fault *fault)
{
	if (memchr(line, '\n', (size_t)(end - line)) == NULL)
		return h1_refuse(fault, 414, "request line is too long");
	return h1_refuse(fault, 431, "head is too long");
}

static enum h1_result expect_line_end(const char **at, const char *end, struct h1_fault *fault)
{
	if (*at == end || (**at == '\r' && *at + 1 == end))
		return H1_MORE;
	if ((*at)[0] != '\r' || (*at)[1] != '\n')
		return h1_refuse(fault, 400, "bad byte or bare CR or LF in the first line");
	*at += 2;
	return H1_DONE;
}

static enum h1_result refuse_version(const char *at, struct h1_fault *fault)
{
	bool is_http = memcmp(at, "HTTP/", 5) == 0 && at[5] >= '0' && at[5] <= '9' &&
		       at[6] == '.' && at[7] >= '0' && at[7] <= '9';

	if (is_http)
		return h1_refuse(fault, 505, "HTTP version other than 1.0 and 1.1");
	return h1_refuse(fault, 400, "bad HTTP version");
}

enum { VERSION_LENGTH = 8 }; /* "HTTP/1.1" */

static enum h1_result read_version(const char **at, const char *end, unsigned *minor,
				   struct h1_fault *fault)
{
	if (end - *at < VERSION_LENGTH) {
		if (memchr(*at, '\n', (size_t)(end - *at)) != NULL)
			return h1_refuse(fault, 400, "bad HTTP version");
		return H1_MORE;
	}
	if (memcmp(*at, "HTTP/1.", 7) != 0 || ((*at)[7] != '1' && (*at)[7] != '0'))
		return refuse_version(*at, fault);
	*minor = (unsigned)((*at)[7] - '0');
	*at += VERSION_LENGTH;
	return H1_DONE;
}

static enum h1_result skip_empty_lines(const char **at, const char *end, struct h1_fault *fault)
{
	for (unsigned lines = 0; *at < end && (**at == '\r' || **at == '\n'); lines++) {
		if (lines == EMPTY_LINES_MAX)
			return h1_refuse(fault, 400, "empty lines before a request");

		enum h1_result result = expect_line_end(at, end, fault);

		if (result != H1_DONE)
			return result;
	}
	return H1_DONE;
}

static enum h1_result read_method(const char **at, const char *end, struct h1_request *request,
				  struct h1_fault *fault)
{
	const char *stop = scan_token(*at, end);

	if (stop == end)
		return H1_MORE;
	if (stop == *at || *stop != ' ')
		return h1_refuse(fault, 400, "bad method");
	request->method_text = (struct str){ *at, (size_t)(stop - *at) };
	request->method = method_of(request->method_text);
	*at = stop + 1;
	return H1_DONE;
}

static enum h1_result read_target(const char **at, const char *end, struct h1_request *request,
				  struct h1_fault *fault)
{
	const char *stop = scan_target(*at, end);

	if (stop == end)
		return H1_MORE;
	if (*stop != ' ')
		return h1_refuse(fault, 400, "bad byte in the request target");
	request->target = (struct str){ *at, (size_t)(stop - *at) };
	*at = stop + 1;
	return H1_DONE;
}

static enum h1_result read_request_line(const char **at, const char *end,
					struct h1_request *request, struct h1_fault *fault)
{
	enum h1_result result = read_method(at, end, request, fault);

	if (result == H1_DONE)
		result = read_target(at, end, request, fault);
	if (result == H1_DONE)
		result = read_version(at, end, &request->minor, fault);
	if (result == H1_DONE)
		result = expect_line_end(at, end, fault);
	if (result != H1_DONE)
		return result;
	if (request->method == H1_CONNECT)
		return h1_refuse(fault, 501, "CONNECT: not a tunnel");
	return target_read(request, fault);
}

static enum h1_result read_host(struct h1_request *request, const struct field_census *census,
				struct h1_fault *fault)
{
	struct str host = request->fields[census->last[H1_FIELD_HOST]].value;

	if (census->count[H1_FIELD_HOST] == 0) {
		if (request->minor == 1)
			return h1_refuse(fault, 400, "no Host");
		return H1_DONE;
	}
	if (census->count[H1_FIELD_HOST] > 1)
		return h1_refuse(fault, 400, "more than one Host");
	if (!target_is_host(host))
		return h1_refuse(fault, 400, "bad Host");
	if (request->authority.length > 0 && !str_equal_nocase(request->authority, host))
		return h1_refuse(fault, 400, "Host and the request target disagree");
	request->authority = host;
	return H1_DONE;
}

static enum h1_result read_expect(struct h1_request *request, const struct field_census *census,
				  struct h1_fault *fault)
{
	struct h1_field *expect = &request->fields[census->last[H1_FIELD_EXPECT]];

	request->expects_continue = false;
	if (LIKELY(census->count[H1_FIELD_EXPECT] == 0))
		return H1_DONE;
	if (census->count[H1_FIELD_EXPECT] > 1 ||
	    !str_equal_nocase(expect->value, STR("100-continue")))
		return h1_refuse(fault, 417, "Expect other than one 100-continue");
	/* An HTTP/1.0 client does not know 100 (RFC 9110, 10.1.1). */
	expect->is_hop = request->minor == 0;
	request->expects_continue = request->minor == 1 && request->framing != H1_NO_BODY;
	return H1_DONE;
}

static bool accepts_trailers(const struct h1_request *request, const struct field_census *census)
{
	struct str list, element;

	if (LIKELY(census->count[H1_FIELD_TE] == 0))
		return false;
	list = request->fields[census->last[H1_FIELD_TE]].value;
	while (field_next_element(&list, &element))
		if (str_equal_nocase(element, STR("trailers")))
			return true;
	return false;
}

static void decide_persistence(struct h1_request *request, const struct field_census *census,
			       const struct hop_options *options)
{
	bool lasts = request->minor == 1 || options->keeps_alive;

	request->keeps_alive = lasts && !options->closes;
	request->upgrade = (struct str){ NULL, 0 };
	if (UNLIKELY(options->upgrades && request->minor == 1 && request->framing == H1_NO_BODY))
		request->upgrade = hop_upgrade(request->fields, census);
	request->wants_upgrade = request->upgrade.length > 0;
	request->accepts_trailers = accepts_trailers(request, census);
}

/* What the fields say together. */
static enum h1_result judge_request(struct h1_request *request, const struct field_census *census,
				    struct h1_fault *fault)
{
	struct hop_options options;
	enum h1_result result = read_host(request, census, fault);

	if (result == H1_DONE)
		result = framing_of_request(request, census, fault);
	if (result == H1_DONE)
		result = read_expect(request, census, fault);
	if (result == H1_DONE)
		result = hop_read(request->fields, request->field_count, census, &options, fault);
	if (result == H1_DONE)
		decide_persistence(request, census, &options);
	return result;
}

enum h1_result h1_read_request(struct h1_scan *scan, const char *bytes, size_t length,
			       size_t head_max, struct h1_request *request, struct h1_fault *fault)
{
	const char *at = bytes, *end = bytes + (length < head_max ? length : head_max), *line;
	struct field_census census;
	bool is_worth = is_worth_a_look(scan, bytes, length, head_max);

	scan->seen = length;
	if (!is_worth)
		return H1_MORE;

	enum h1_result result = skip_empty_lines(&at, end, fault);

	line = at;
	if (result == H1_DONE)
		result = read_request_line(&at, end, request, fault);
	if (result == H1_DONE)
		result = field_read_all(&at, end, request->fields, H1_FIELDS_MAX,
					&request->field_count, &census, fault);
	if (result == H1_MORE && length >= head_max)
		return refuse_long(line, end, fault);
	if (result != H1_DONE)
		return result;
	request->head_length = (size_t)(at - bytes);
	return judge_request(request, &census, fault);
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* " 200 OK": the reason, and the space before it, may be missing. */
static enum h1_result read_status(const char **at, const char *end, struct h1_response *response,
				  struct h1_fault *fault)
{
	const char *code = *at;

	if (end - code < 5)
		return memchr(code, '\n', (size_t)(end - code)) != NULL
			       ? h1_refuse(fault, 400, "bad status line")
			       : H1_MORE;
	if (code[0] != ' ' || code[1] < '1' || !is_digit(code[1]) || !is_digit(code[2]) ||
	    !is_digit(code[3]) || (code[4] != ' ' && code[4] != '\r'))
		return h1_refuse(fault, 400, "bad status");
	response->status = (unsigned)((code[1] - '0') * 100 + (code[2] - '0') * 10 + code[3] - '0');

	const char *reason = code[4] == ' ' ? code + 5 : code + 4;

	*at = scan_value(reason, end);
	response->reason = (struct str){ reason, (size_t)(*at - reason) };
	return expect_line_end(at, end, fault);
}

static enum h1_result read_switch(struct h1_response *response, const struct field_census *census,
				  const struct hop_options *options, struct h1_fault *fault)
{
	response->switches = response->status == 101;
	response->upgrade = (struct str){ NULL, 0 };
	if (LIKELY(!response->switches))
		return H1_DONE;
	response->upgrade = hop_upgrade(response->fields, census);
	if (!options->upgrades || response->upgrade.length == 0)
		return h1_refuse(fault, 400, "101 without a protocol");
	return H1_DONE;
}

static enum h1_result judge_response(struct h1_response *response,
				     const struct field_census *census, enum h1_method method,
				     struct h1_fault *fault)
{
	struct hop_options options;
	enum h1_result result = hop_read(response->fields, response->field_count, census, &options,
					 fault);

	response->keeps_alive = (response->minor == 1 || options.keeps_alive) && !options.closes;
	if (result == H1_DONE)
		result = framing_of_response(response, census, method, fault);
	if (result == H1_DONE)
		result = read_switch(response, census, &options, fault);
	return result;
}

enum h1_result h1_read_response(struct h1_scan *scan, const char *bytes, size_t length,
				size_t head_max, enum h1_method method,
				struct h1_response *response, struct h1_fault *fault)
{
	const char *at = bytes, *end = bytes + (length < head_max ? length : head_max);
	struct field_census census;
	bool is_worth = is_worth_a_look(scan, bytes, length, head_max);

	scan->seen = length;
	if (!is_worth)
		return H1_MORE;

	enum h1_result result = read_version(&at, end, &response->minor, fault);

	if (result == H1_DONE)
		result = read_status(&at, end, response, fault);
	if (result == H1_DONE)
		result = field_read_all(&at, end, response->fields, H1_FIELDS_MAX,
					&response->field_count, &census, fault);
	if (result == H1_MORE && length >= head_max)
		return h1_refuse(fault, 431, "head is too long");
	if (result != H1_DONE)
		return result;
	response->head_length = (size_t)(at - bytes);
	return judge_response(response, &census, method, fault);
}
