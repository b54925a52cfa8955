/* SPDX-License-Identifier: Apache-2.0
 * http.c - the monitor kinds HTTP and HTTP-ECV: well is who answers a request with one of the
 * expected codes, or with a body that holds a text.
 *
 * Only as much is read as is asked for: the status line (RFC 9112, 4), the head when a field tells
 * the capacity, the body when -recv or a JSON member is looked for. Every part is bounded, so that
 * an endless or binary answer does no harm.
 */
#include "monitor/json.h"
#include "monitor/talk.h"

#include <stdio.h>
#include <string.h>

enum { STATUS_AT = 9, STATUS_LEAST = 12 }; /* "HTTP/1.1 200" */
enum { STATUS_LINE_MAX = 512, BODY_SEARCHED = 131072 };
enum { STEP_BEGIN, STEP_STATUS, STEP_HEAD, STEP_BODY };

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

/* --- what is asked for ------------------------------------------------------------------------ */

static bool wants(const struct talk *talk, enum monitor_text text)
{
	return talk_conf(talk, text).length > 0;
}

static bool wants_body(const struct talk *talk, bool is_ecv)
{
	return (is_ecv && wants(talk, MONITOR_TEXT_RECV)) ||
	       wants(talk, MONITOR_TEXT_CAPACITY_FIELD);
}

/* HTTP-ECV with a text to look for does not mind the code. */
static bool minds_code(const struct talk *talk, bool is_ecv)
{
	return !is_ecv || !wants(talk, MONITOR_TEXT_RECV);
}

/* --- the status line -------------------------------------------------------------------------- */

static enum talk_verdict judge(struct talk *talk, const char *line, size_t length, bool is_ecv)
{
	unsigned code = status_code(line, length);
	char expected[32];

	if (code == 0)
		return talk_bad(talk, "the answer is not HTTP");
	if (talk->conf->trofs_code != 0)
		talk_trofs(talk, code == talk->conf->trofs_code);
	if (code == talk->conf->trofs_code)
		return talk_good(talk, "HTTP status %u, -trofscode: no new clients", code);
	if (minds_code(talk, is_ecv) && !is_expected(talk->conf, code)) {
		print_expected(talk->conf, expected, sizeof(expected));
		return talk_bad(talk, "HTTP status %u, expected %s", code, expected);
	}
	(void)talk_good(talk, "HTTP status %u", code);
	if (!wants_body(talk, is_ecv) && !wants(talk, MONITOR_TEXT_CAPACITY_HEADER))
		return TALK_GOOD;
	talk->step = STEP_HEAD;
	return TALK_MORE;
}

static enum talk_verdict read_status(struct talk *talk, const char *heard, size_t length,
				     bool is_over, size_t *used, bool is_ecv)
{
	const char *end = memchr(heard, '\n', length < STATUS_LINE_MAX ? length : STATUS_LINE_MAX);
	size_t start = length < 7 ? length : 7;

	if (end != NULL) {
		*used = (size_t)(end - heard) + 1;
		return judge(talk, heard, (size_t)(end - heard), is_ecv);
	}
	if (memcmp(heard, "HTTP/1.", start) != 0 || length >= STATUS_LINE_MAX)
		return talk_bad(talk, "the answer is not HTTP");
	if (is_over)
		return talk_bad(talk, "connection closed before a status line");
	return TALK_MORE;
}

/* --- the verdict of a body ------------------------------------------------------------ */

/* Of a JSON member; a body without it says nothing. */
static bool tell_field(struct talk *talk, const char *body, size_t length)
{
	struct str value, path = talk_conf(talk, MONITOR_TEXT_CAPACITY_FIELD);

	if (path.length == 0 || !json_find((struct str){ body, length }, path, &value))
		return true;
	return talk_tell(talk, value);
}

static enum talk_verdict end_body(struct talk *talk, const char *content, size_t length,
				  bool is_found)
{
	if (!tell_field(talk, content, length))
		return TALK_BAD;
	if (!is_found)
		return talk_bad(talk, "the answer does not hold \"%s\"",
				talk_plain(talk_conf(talk, MONITOR_TEXT_RECV)));
	return TALK_GOOD;
}

/* --- the head --------------------------------------------------------------------------------- */

static bool field_is(struct str line, struct str name, struct str *value)
{
	if (line.length <= name.length || line.at[name.length] != ':' ||
	    !str_starts_nocase(line, name))
		return false;
	*value = str_trim((struct str){ line.at + name.length + 1, line.length - name.length - 1 });
	return true;
}

static enum talk_verdict end_head(struct talk *talk, bool is_ecv)
{
	if (!wants_body(talk, is_ecv))
		return TALK_GOOD;
	talk->step = STEP_BODY;
	if (talk->body.state != BODY_DATA)
		return end_body(talk, "", 0, !is_ecv || !wants(talk, MONITOR_TEXT_RECV));
	return TALK_MORE;
}

static enum talk_verdict read_field(struct talk *talk, const char *heard, size_t length,
				    bool is_over, size_t *used, bool is_ecv)
{
	struct str line, value, told = talk_conf(talk, MONITOR_TEXT_CAPACITY_HEADER);
	uint64_t number;

	if (!talk_line(heard, length, used, &line))
		return is_over ? talk_bad(talk, "connection closed in the answer's head")
			       : TALK_MORE;
	if (line.length == 0)
		return end_head(talk, is_ecv);
	if (told.length > 0 && field_is(line, told, &value) && !talk_tell(talk, value))
		return TALK_BAD;
	if (field_is(line, STR("Transfer-Encoding"), &value))
		body_begin(&talk->body, H1_CHUNKED, 0);
	else if (field_is(line, STR("Content-Length"), &value) &&
		 talk->body.framing != H1_CHUNKED && str_to_number(value, UINT32_MAX, &number))
		body_begin(&talk->body, H1_LENGTH, number);
	return TALK_MORE;
}

/* --- the body --------------------------------------------------------------------------------- */

/* The first talk->kept bytes are content of before; what is kept now moves up to what is not read
 * yet, so that it comes again together with that. */
static enum talk_verdict read_body(struct talk *talk, char *heard, size_t length, bool is_over,
				   size_t *used, bool is_ecv)
{
	bool keeps_all = wants(talk, MONITOR_TEXT_CAPACITY_FIELD), is_found;
	size_t taken = 0, data = 0, content, over = 0;
	struct h1_fault fault;

	body_read(&talk->body, heard + talk->kept, length - talk->kept, &taken, &data, &fault);
	content = talk->kept + data;
	is_found = !is_ecv || talk_search(talk, heard, content, &over);
	/* What was found before the break counts, as it does when the break comes later. */
	if (talk->body.state == BODY_BAD && (!is_found || keeps_all))
		return talk_bad(talk, "the answer's chunks are broken");
	if ((is_found && !keeps_all) || talk->body.state != BODY_DATA || is_over)
		return end_body(talk, heard, content, is_found);
	if (talk->total > BODY_SEARCHED)
		return talk_bad(talk, "the answer is too long");
	taken += talk->kept;
	talk->kept = keeps_all ? content : content - over;
	memmove(heard + taken - talk->kept, heard + content - talk->kept, talk->kept);
	*used = taken - talk->kept;
	return TALK_MORE;
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used, bool is_ecv)
{
	switch (talk->step) {
	case STEP_BEGIN:
		talk->step = STEP_STATUS;
		body_begin(&talk->body, H1_UNTIL_CLOSE, 0);
		return talk_say(talk, talk->request.at, talk->request.length)
			       ? TALK_MORE
			       : talk_bad(talk, "the request is too long");
	case STEP_STATUS:
		return read_status(talk, heard, length, is_over, used, is_ecv);
	case STEP_HEAD:
		return read_field(talk, heard, length, is_over, used, is_ecv);
	default:
		return read_body(talk, heard, length, is_over, used, is_ecv);
	}
}

static enum talk_verdict turn_http(struct talk *talk, char *heard, size_t length, bool is_over,
				   size_t *used)
{
	return turn(talk, heard, length, is_over, used, false);
}

static enum talk_verdict turn_ecv(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	return turn(talk, heard, length, is_over, used, true);
}

const struct talk_protocol http_protocol = { .turn = turn_http };
const struct talk_protocol http_ecv_protocol = { .turn = turn_ecv };
