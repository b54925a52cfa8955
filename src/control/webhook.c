/* SPDX-License-Identifier: Apache-2.0 */
#include "control/webhook.h"

#include "base/address.h"
#include "base/heap.h"
#include "http/url.h"
#include "monitor/monitor.h"
#include "monitor/probe.h"
#include "record/log.h"

#include <stdlib.h>

struct webhook_message {
	struct list link;
	struct text request; /* all that is sent */
};

/* One URL. Owner: control. */
struct webhook_lane {
	struct list link;
	struct webhook *webhook;
	char *url; /* owned */
	struct url parts;
	struct address address;
	struct list messages; /* the first is the one that is being told */
	unsigned count, tries;
	struct monitor_conf conf; /* a monitor's question does what we need */
	struct probe probe;
	struct timer retry; /* armed between tries */
	struct loop_free free_later;
};

static const struct monitor_codes any_success = { 200, 299 };

static void free_message(struct webhook_message *message)
{
	list_remove(&message->link);
	text_free(&message->request);
	free(message);
}

static void free_lane_now(struct loop_free *later)
{
	free(list_entry(later, struct webhook_lane, free_later));
}

/* Later: the probe may be the caller. */
static void free_lane(struct webhook_lane *lane)
{
	while (!list_is_empty(&lane->messages))
		free_message(list_entry(lane->messages.next, struct webhook_message, link));
	timer_cancel(&lane->webhook->loop->timers, &lane->retry);
	probe_stop(&lane->probe);
	list_remove(&lane->link);
	lane->webhook->lane_count--;
	free(lane->url);
	lane->free_later.free = free_lane_now;
	loop_free_later(lane->webhook->loop, &lane->free_later);
}

static struct webhook_message *first_of(const struct webhook_lane *lane)
{
	return list_entry(lane->messages.next, struct webhook_message, link);
}

static void tell(struct timer *timer)
{
	struct webhook_lane *lane = list_entry(timer, struct webhook_lane, retry);
	const struct text *request = &first_of(lane)->request;

	lane->tries++;
	lane->probe.request = request->at;
	lane->probe.request_length = request->length;
	probe_start(&lane->probe);
}

static void arm(struct webhook_lane *lane, uint64_t delay_ms)
{
	struct loop *loop = lane->webhook->loop;

	timer_arm(&loop->timers, &lane->retry, loop->now_ms + delay_ms);
}

/* The first message is done with. */
static void go_on(struct webhook_lane *lane)
{
	free_message(first_of(lane));
	lane->count--;
	lane->tries = 0;
	if (lane->count > 0)
		arm(lane, 0);
	else
		free_lane(lane);
}

static void told(struct probe *probe, bool is_good, const char *text)
{
	struct webhook_lane *lane = list_entry(probe, struct webhook_lane, probe);

	if (is_good) {
		lane->webhook->sent++;
		go_on(lane);
		return;
	}
	if (lane->tries < WEBHOOK_TRIES) {
		if (lane->tries == 1)
			log_write(LOG_LEVEL_WARNING, "webhook %s: %s; it is tried again", lane->url,
				  text);
		arm(lane, (uint64_t)1000 << (lane->tries - 1));
		return;
	}
	lane->webhook->dropped++;
	log_write(LOG_LEVEL_ERROR, "webhook %s: %s; given up after %d tries", lane->url, text,
		  WEBHOOK_TRIES);
	go_on(lane);
}

static struct webhook_lane *find_lane(const struct webhook *webhook, struct str url)
{
	list_each(link, after, &webhook->lanes)
	{
		struct webhook_lane *lane = list_entry(link, struct webhook_lane, link);

		if (str_equal(str_of(lane->url), url))
			return lane;
	}
	return NULL;
}

static const struct monitor_kind *kind_of(const struct url *url)
{
	const struct monitor_kind *kind = monitor_kind_of(STR("HTTP"));

	return url->is_secure && kind->secure != NULL ? kind->secure : kind;
}

static struct webhook_lane *open_lane(struct webhook *webhook, struct str url, const char **why)
{
	struct webhook_lane *lane = heap_zeroed(1, sizeof(*lane));

	must(lane != NULL);
	lane->url = str_dup(url);
	if (!url_parse(str_of(lane->url), &lane->parts, why) ||
	    !address_parse(lane->parts.host, lane->parts.port, &lane->address)) {
		*why = *why != NULL ? *why : "its host is no address";
		free(lane->url);
		free(lane);
		return NULL;
	}
	lane->webhook = webhook;
	lane->conf = monitor_conf_default();
	lane->conf.response_timeout_ms = WEBHOOK_TIMEOUT_MS;
	lane->conf.codes = &any_success;
	lane->conf.code_count = 1;
	probe_init(&lane->probe, webhook->loop, kind_of(&lane->parts), told);
	lane->probe.conf = &lane->conf;
	lane->probe.target = &lane->address;
	timer_init(&lane->retry, tell);
	list_init(&lane->messages);
	list_init(&lane->link);
	list_add_last(&webhook->lanes, &lane->link);
	webhook->lane_count++;
	return lane;
}

static struct webhook_lane *need_lane(struct webhook *webhook, struct str url, const char **why)
{
	struct webhook_lane *lane = find_lane(webhook, url);

	*why = "too many wait already";
	if (lane != NULL)
		return lane->count < WEBHOOK_WAITING ? lane : NULL;
	return webhook->lane_count < WEBHOOK_LANES ? open_lane(webhook, url, why) : NULL;
}

static void add_message(struct webhook_lane *lane, struct str json)
{
	struct webhook_message *message = heap_zeroed(1, sizeof(*message));

	must(message != NULL);
	list_init(&message->link);
	text_print(&message->request,
		   "POST %.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: spillway\r\n"
		   "Content-Type: application/json\r\nContent-Length: %zu\r\n"
		   "Connection: close\r\n\r\n%.*s",
		   STR_ARG(lane->parts.target), STR_ARG(lane->parts.authority), json.length,
		   STR_ARG(json));
	list_add_last(&lane->messages, &message->link);
	if (lane->count++ == 0)
		arm(lane, 0);
}

bool webhook_post(struct webhook *webhook, struct str url, struct str json)
{
	const char *why = "the message is too long";
	struct webhook_lane *lane = NULL;

	if (json.length <= WEBHOOK_BYTES_MAX)
		lane = need_lane(webhook, url, &why);
	if (lane == NULL) {
		if (webhook->dropped++ % WEBHOOK_WAITING == 0)
			log_write(LOG_LEVEL_ERROR, "webhook %.*s: a message is dropped: %s",
				  STR_ARG(url), why);
		return false;
	}
	add_message(lane, json);
	return true;
}

void webhook_init(struct webhook *webhook, struct loop *loop)
{
	*webhook = (struct webhook){ .loop = loop };
	list_init(&webhook->lanes);
}

void webhook_fini(struct webhook *webhook)
{
	while (!list_is_empty(&webhook->lanes))
		free_lane(list_entry(webhook->lanes.next, struct webhook_lane, link));
}

/* How many bytes of UTF-8 begin the text; 0: none that are right (RFC 3629, 4). */
static size_t utf8_length(struct str text)
{
	static const struct {
		unsigned char first, last, second_least, second_most;
		size_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *bytes = (const unsigned char *)text.at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (bytes[0] < rows[i].first || bytes[0] > rows[i].last)
			continue;
		if (text.length < rows[i].length)
			return 0;
		if (rows[i].length > 1 &&
		    (bytes[1] < rows[i].second_least || bytes[1] > rows[i].second_most))
			return 0;
		for (size_t j = 2; j < rows[i].length; j++)
			if ((bytes[j] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* Names may hold any bytes; JSON may not (RFC 8259, 8.1). */
void webhook_quote(struct text *text, struct str string)
{
	text_add(text, STR("\""));
	while (string.length > 0) {
		size_t length = utf8_length(string), skip = length > 0 ? length : 1;
		unsigned char byte = (unsigned char)string.at[0];

		if (byte == '"' || byte == '\\')
			text_print(text, "\\%c", byte);
		else if (byte < 0x20)
			text_print(text, "\\u%04x", byte);
		else if (length == 0)
			text_add(text, STR("\\ufffd"));
		else
			text_add(text, (struct str){ string.at, length });
		string = (struct str){ string.at + skip, string.length - skip };
	}
	text_add(text, STR("\""));
}
