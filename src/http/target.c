/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"
#include "http/scan.h"

static struct str from(const char *at, const char *end)
{
	return (struct str){ at, (size_t)(end - at) };
}

static bool is_port(struct str text)
{
	uint64_t port;

	return text.length == 0 || (text.length <= 5 && str_to_number(text, 65535, &port));
}

static bool is_hex(char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* The end of an address in brackets, NULL when it is none. Zone identifiers are for no wire. */
static const char *skip_literal(const char *at, const char *end)
{
	const char *start = ++at;

	while (at < end && (is_hex(*at) || *at == ':' || *at == '.'))
		at++;
	return at > start && at < end && *at == ']' ? at + 1 : NULL;
}

bool target_is_host(struct str text)
{
	const char *end = text.at + text.length, *at = text.at;

	if (text.length == 0)
		return false;
	if (*at == '[') {
		at = skip_literal(at, end);
		if (at == NULL)
			return false;
	} else {
		at = scan_run(at, end, SCAN_HOST);
		if (at == text.at)
			return false;
	}
	return at == end || (*at == ':' && is_port(from(at + 1, end)));
}

static size_t scheme_length(struct str target)
{
	if (str_starts_nocase(target, STR("http://")))
		return 7;
	return str_starts_nocase(target, STR("https://")) ? 8 : 0;
}

static enum h1_result read_absolute(struct h1_request *request, struct h1_fault *fault)
{
	struct str target = request->target;
	size_t scheme = scheme_length(target);
	const char *end = target.at + target.length, *host = target.at + scheme, *at = host;

	if (scheme == 0)
		return h1_refuse(fault, 400, "request target of no known form");
	while (at < end && *at != '/' && *at != '?')
		at++;
	if (at < end && *at == '?')
		return h1_refuse(fault, 400, "absolute target without a path before its query");
	request->authority = from(host, at);
	if (!target_is_host(request->authority))
		return h1_refuse(fault, 400, "bad host in the request target");
	request->path = from(at, end);
	if (at == end)
		request->path = request->method == H1_OPTIONS ? STR("*") : STR("/");
	return H1_DONE;
}

enum h1_result target_read(struct h1_request *request, struct h1_fault *fault)
{
	struct str target = request->target;

	if (target.length == 0)
		return h1_refuse(fault, 400, "no request target");
	request->path = target;
	request->authority = (struct str){ NULL, 0 };
	if (LIKELY(target.at[0] == '/'))
		return H1_DONE;
	if (str_equal(target, STR("*"))) {
		if (request->method != H1_OPTIONS)
			return h1_refuse(fault, 400, "target * in a request other than OPTIONS");
		return H1_DONE;
	}
	return read_absolute(request, fault);
}
