/* SPDX-License-Identifier: Apache-2.0 */
#include "http/framing.h"

/* What the two framing fields of a message say. */
struct said {
	bool has_length, is_chunked;
	uint64_t length;
};

static enum h1_result refuse_coding(struct str list, struct h1_fault *fault)
{
	struct str element, last = { NULL, 0 };
	unsigned chunked = 0;

	while (field_next_element(&list, &element)) {
		chunked += str_equal_nocase(element, STR("chunked"));
		last = element;
	}
	if (chunked == 1 && str_equal_nocase(last, STR("chunked")))
		return h1_refuse(fault, 501, "transfer coding other than chunked");
	return h1_refuse(fault, 400, "Transfer-Encoding is not exactly chunked");
}

static enum h1_result read_coding(const struct h1_field fields[], unsigned minor,
				  const struct field_census *census, struct h1_fault *fault)
{
	struct str value = fields[census->last[H1_FIELD_TRANSFER_ENCODING]].value;

	if (census->count[H1_FIELD_CONTENT_LENGTH] != 0)
		return h1_refuse(fault, 400, "both Content-Length and Transfer-Encoding");
	if (census->count[H1_FIELD_TRANSFER_ENCODING] > 1)
		return h1_refuse(fault, 400, "more than one Transfer-Encoding");
	if (minor == 0)
		return h1_refuse(fault, 400, "Transfer-Encoding in HTTP/1.0");
	if (!str_equal_nocase(value, STR("chunked")))
		return refuse_coding(value, fault);
	return H1_DONE;
}

static enum h1_result read_length(const struct h1_field fields[], const struct field_census *census,
				  uint64_t *length, struct h1_fault *fault)
{
	struct str value = fields[census->last[H1_FIELD_CONTENT_LENGTH]].value;

	if (census->count[H1_FIELD_CONTENT_LENGTH] > 1)
		return h1_refuse(fault, 400, "more than one Content-Length");
	if (!str_to_number(value, FRAMING_LENGTH_MAX, length))
		return h1_refuse(fault, 400, "Content-Length is not a number that we can count to");
	return H1_DONE;
}

static enum h1_result read_said(const struct h1_field fields[], unsigned minor,
				const struct field_census *census, struct said *said,
				struct h1_fault *fault)
{
	*said = (struct said){ 0 };
	if (census->count[H1_FIELD_TRANSFER_ENCODING] != 0) {
		said->is_chunked = true;
		return read_coding(fields, minor, census, fault);
	}
	if (census->count[H1_FIELD_CONTENT_LENGTH] != 0) {
		said->has_length = true;
		return read_length(fields, census, &said->length, fault);
	}
	return H1_DONE;
}

enum h1_result framing_of_request(struct h1_request *request, const struct field_census *census,
				  struct h1_fault *fault)
{
	struct said said;
	enum h1_result result = read_said(request->fields, request->minor, census, &said, fault);

	request->body_length = said.length;
	if (said.is_chunked)
		request->framing = H1_CHUNKED;
	else
		request->framing = said.has_length ? H1_LENGTH : H1_NO_BODY;
	return result;
}

static bool has_no_body(unsigned status, enum h1_method method)
{
	return status < 200 || status == 204 || status == 304 || method == H1_HEAD;
}

enum h1_result framing_of_response(struct h1_response *response, const struct field_census *census,
				   enum h1_method method, struct h1_fault *fault)
{
	struct said said;
	enum h1_result result = read_said(response->fields, response->minor, census, &said, fault);

	response->body_length = said.length;
	if (has_no_body(response->status, method))
		response->framing = H1_NO_BODY;
	else if (said.is_chunked)
		response->framing = H1_CHUNKED;
	else
		response->framing = said.has_length ? H1_LENGTH : H1_UNTIL_CLOSE;
	/* Neither has a place there; bytes may follow that would belong to no answer. */
	if (said.is_chunked && (response->status < 200 || response->status == 204))
		response->keeps_alive = false;
	if (response->framing == H1_UNTIL_CLOSE)
		response->keeps_alive = false;
	return result;
}
