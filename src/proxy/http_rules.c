/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http_rules.h"

static bool is_idempotent(enum h1_method method)
{
	switch (method) {
	case H1_GET:
	case H1_HEAD:
	case H1_PUT:
	case H1_DELETE:
	case H1_OPTIONS:
	case H1_TRACE:
		return true;
	case H1_POST:
	case H1_PATCH:
	case H1_CONNECT:
	case H1_OTHER:
		return false;
	}
	must_not_reach();
}

bool http_rules_may_repeat(const struct h1_request *request)
{
	return is_idempotent(request->method) && request->framing == H1_NO_BODY &&
	       !request->wants_upgrade;
}

int http_rules_refusal(const struct h1_request *request)
{
	return request->method == H1_CONNECT ? 501 : 0;
}

struct head_framing http_rules_framing(const struct h1_response *response, unsigned client_minor)
{
	switch (response->framing) {
	case H1_NO_BODY:
	case H1_LENGTH:
		return (struct head_framing){ response->framing, response->body_length };
	case H1_CHUNKED:
	case H1_UNTIL_CLOSE:
		return (struct head_framing){ client_minor > 0 ? H1_CHUNKED : H1_UNTIL_CLOSE, 0 };
	}
	must_not_reach();
}

bool http_rules_server_stays(const struct h1_response *response)
{
	return response->keeps_alive && response->framing != H1_UNTIL_CLOSE;
}

enum http_interim http_rules_interim(const struct h1_response *response, unsigned client_minor,
				     bool asked, bool is_sent)
{
	if (response->status >= 200)
		return HTTP_FINAL;
	if (response->status == 101)
		return asked && is_sent && response->switches ? HTTP_SWITCH : HTTP_WRONG;
	return client_minor > 0 ? HTTP_RELAY : HTTP_SKIP;
}
