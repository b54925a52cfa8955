/* SPDX-License-Identifier: Apache-2.0
 * http.c - the monitor kind HTTP: well is who answers a request with one of the expected codes.
 *
 * Only the status line is read (RFC 9112, 4): its end, or more bytes than one can have, ends the
 * probe, so that an endless or binary answer does no harm.
 */
#include "monitor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STATUS_AT = 9, STATUS_LEAST = 12 }; /* "HTTP/1.1 200" */

static void start(struct probe *probe)
{
	probe_watch(probe, socket_connect(probe->target, NULL));
}

/* False: the probe has ended. */
static bool send_request(struct probe *probe)
{
	while (probe->sent < probe->request_length) {
		struct iovec rest = { (void *)(uintptr_t)(probe->request + probe->sent),
				      probe->request_length - probe->sent };
		ssize_t count = socket_write(probe->watch.fd, &rest, 1);

		if (count == -EAGAIN)
			return true;
		if (count < 0) {
			probe_end(probe, false, "%s while sending", socket_error_text((int)count));
			return false;
		}
		probe->sent += (size_t)count;
	}
	return true;
}

static bool is_expected(const struct monitor_conf *conf, unsigned code)
{
	if (conf->code_count == 0)
		return code == 200;
	for (size_t i = 0; i < conf->code_count; i++)
		if (code >= conf->codes[i].first && code <= conf->codes[i].last)
			return true;
	return false;
}

/* "200", or "200-204 and others" */
static void print_expected(const struct monitor_conf *conf, char *text, size_t room)
{
	const struct monitor_codes *codes = conf->codes;
	const char *more = conf->code_count > 1 ? " or others" : "";

	if (conf->code_count == 0)
		snprintf(text, room, "200");
	else if (codes->first == codes->last)
		snprintf(text, room, "%u%s", codes->first, more);
	else
		snprintf(text, room, "%u-%u%s", codes->first, codes->last, more);
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The code of a whole status line, or 0 when it is none. */
static unsigned status_code(const char *line, size_t length)
{
	const char *code = line + STATUS_AT;

	if (length < STATUS_LEAST || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]))
		return 0;
	if (line[8] != ' ' || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]))
		return 0;
	if (length > STATUS_LEAST && line[STATUS_LEAST] != ' ' && line[STATUS_LEAST] != '\r')
		return 0;
	return (unsigned)(code[0] - '0') * 100 + (unsigned)(code[1] - '0') * 10 +
	       (unsigned)(code[2] - '0');
}

static void judge(struct probe *probe, size_t line_length)
{
	unsigned code = status_code(probe->bytes, line_length);
	char expected[32];

	if (code == 0) {
		probe_end(probe, false, "the answer is not HTTP");
	} else if (is_expected(probe->conf, code)) {
		probe_end(probe, true, "HTTP status %u", code);
	} else {
		print_expected(probe->conf, expected, sizeof(expected));
		probe_end(probe, false, "HTTP status %u, expected %s", code, expected);
	}
}

/* Whether the first bytes can still become a status line. */
static bool may_be_http(const struct probe *probe)
{
	size_t length = probe->length < 7 ? probe->length : 7;

	return memcmp(probe->bytes, "HTTP/1.", length) == 0;
}

static void read_answer(struct probe *probe)
{
	for (;;) {
		const char *end = memchr(probe->bytes, '\n', probe->length);
		ssize_t count;

		if (end != NULL || !may_be_http(probe) || probe->length == sizeof(probe->bytes)) {
			judge(probe, end != NULL ? (size_t)(end - probe->bytes) : 0);
			return;
		}
		count = socket_read(probe->watch.fd, probe->bytes + probe->length,
				    sizeof(probe->bytes) - probe->length);
		if (count == -EAGAIN)
			return;
		if (count <= 0) {
			probe_end(probe, false, "%s before a status line",
				  count == 0 ? "connection closed" : socket_error_text((int)count));
			return;
		}
		probe->length += (size_t)count;
	}
}

static void ready(struct probe *probe, unsigned events)
{
	if (!probe_connected(probe, events) || !send_request(probe))
		return;
	if (events & LOOP_READ)
		read_answer(probe);
}

const struct monitor_kind http_kind = {
	.name = "HTTP",
	.help = "the server answers a request with an expected status code",
	.start = start,
	.ready = ready,
};
