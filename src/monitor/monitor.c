/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/monitor.h"

#include "base/hash.h"
#include "base/heap.h"
#include "base/text.h"
#include "monitor/probe.h"
#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	UNASKED_RETRY_MS = 1000, /* after a probe that could not be sent for lack of descriptors */
	FIRST_SPREAD_MS = 100,   /* of first probes that decide alone */
	LEARN_ENOUGH = 8,        /* answers before the average is of account */
	GRID_MS = 8,             /* see arm_next() */
	GRID_SHARE = 100,        /* of an interval, where that is less */
	LEARN_SHARE = 8          /* a new answer weighs one in so many */
};

struct monitor {
	struct loop *loop;
	struct monitor_conf conf;    /* texts and codes are owned copies */
	struct monitor_codes *codes; /* owned; = conf.codes */
	struct text request;         /* what HTTP sends */
	struct address target;
	monitor_fn *changed;
	void (*answered)(struct monitor *monitor); /* NULL: nobody asks */
	void *owner;
	struct probe probe;
	struct timer next;               /* armed between probes */
	uint64_t started_ms, started_ns; /* of the last probe */
	uint64_t due_ms;                 /* when it was to start, but for the grid */
	uint64_t made_ms;                /* its probes lie at made_ms + place_ms + n intervals */
	uint32_t place_ms;
	bool is_in_place;
	enum monitor_state state;
	uint64_t since_wall_ms;
	unsigned __int128 failures; /* bit n: the last probe but n failed */
	uint32_t failed_in_a_row, good_in_a_row;
	struct monitor_record *record; /* borrowed, or that of its own */
	struct monitor_record own;
	struct capacity told; /* as it was told on */
	bool last_was_good;
	char last[PROBE_TEXT_MAX];
	bool is_slow; /* and that was logged */
	bool is_held; /* up by conf.action though it has failed often enough */
	void (*live)(const struct monitor *monitor, struct monitor_live *live); /* NULL: none */
	struct monitor_live seen;
	struct loop_free free_later;
};

/* Of all monitors: they run on one loop. */
static struct plugs plugs;
static struct lateness lateness;
static uint64_t plugs_users;

const struct monitor_kind *monitor_kind_of(struct str name)
{
	for (const struct monitor_kind *const *kind = monitor_kinds; *kind != NULL; kind++)
		if (str_equal_nocase(str_of((*kind)->name), name))
			return *kind;
	return NULL;
}

static struct str own(struct str text)
{
	return (struct str){ str_dup(text), text.length };
}

static void copy_conf(struct monitor *monitor, const struct monitor_conf *conf)
{
	size_t bytes = conf->code_count * sizeof(*monitor->codes);

	monitor->conf = *conf;
	monitor->conf.name = own(conf->name);
	monitor->conf.kind = own(conf->kind);
	monitor->conf.http_request = own(conf->http_request);
	monitor->conf.custom_headers = own(conf->custom_headers);
	for (unsigned i = 0; i < MONITOR_TEXTS; i++)
		monitor->conf.texts[i] = own(conf->texts[i]);
	if (bytes > 0) {
		monitor->codes = heap_resized(NULL, bytes);
		must(monitor->codes != NULL);
		memcpy(monitor->codes, conf->codes, bytes);
	}
	monitor->conf.codes = monitor->codes;
}

static bool has_host(struct str headers)
{
	for (size_t at = 0; at < headers.length; at++) {
		struct str rest = { headers.at + at, headers.length - at };

		if ((at == 0 || headers.at[at - 1] == '\n') &&
		    str_starts_nocase(rest, STR("Host:")))
			return true;
	}
	return false;
}

static bool ends_with_line_end(struct str text)
{
	return text.length == 0 || text.at[text.length - 1] == '\n';
}

/* RFC 9112, 3: the request whole, since the operator gives its parts. */
static void write_request(struct monitor *monitor)
{
	struct str headers = monitor->conf.custom_headers;
	struct str send = monitor->conf.texts[MONITOR_TEXT_SEND];
	bool is_ecv = str_equal_nocase(monitor->conf.kind, STR("HTTP-ECV"));
	char host[ADDRESS_TEXT_MAX];

	text_print(&monitor->request, "%.*s HTTP/1.1\r\n",
		   STR_ARG(is_ecv && send.length > 0 ? send : monitor->conf.http_request));
	if (!has_host(headers))
		text_print(&monitor->request, "Host: %s\r\n",
			   address_print(&monitor->target, host));
	text_add(&monitor->request, headers);
	if (!ends_with_line_end(headers))
		text_add(&monitor->request, STR("\r\n"));
	text_add(&monitor->request, STR("User-Agent: spillway\r\nConnection: close\r\n\r\n"));
}

/* Probes start on a grid that all monitors share, some dozens at once: with a wake-up of its own
 * each, of ours and of the server's, thousands cost a third more. */
static void arm_next(struct monitor *monitor, uint64_t at_ms)
{
	uint64_t grid = monitor->conf.interval_ms / GRID_SHARE;

	grid = grid > GRID_MS ? GRID_MS : grid > 0 ? grid : 1;
	monitor->due_ms = at_ms;
	timer_arm(&monitor->loop->timers, &monitor->next, (at_ms + grid - 1) / grid * grid);
}

/* The pause is counted from when the last probe was due: what comes late keeps its place, or all
 * that one stall of this thread has made late would go out together ever after. Between two probes
 * lies at least half a pause. */
static void arm_after(struct monitor *monitor, uint32_t pause)
{
	uint64_t due = monitor->due_ms + pause, least = monitor->started_ms + pause / 2;

	if (due < least)
		due += (least - due + pause - 1) / pause * pause;
	arm_next(monitor, due);
}

/* Behind a first probe that came at once: the next one is earlier than it would be. */
static void arm_in_place(struct monitor *monitor)
{
	uint64_t due = monitor->made_ms + monitor->place_ms;

	while (due <= monitor->started_ms)
		due += monitor->conf.interval_ms;
	monitor->is_in_place = true;
	arm_next(monitor, due);
}

static void conclude(struct monitor *monitor, bool is_good, const char *text);

/* True: clients have said enough, no probe is needed. */
static bool judge_live(struct monitor *monitor)
{
	struct monitor_live seen = monitor->seen, now;
	char text[PROBE_TEXT_MAX];

	if (monitor->live == NULL)
		return false;
	monitor->live(monitor, &now);
	monitor->seen = now;
	if (monitor->state != MONITOR_UP || (now.good == seen.good && now.bad == seen.bad))
		return false;
	monitor->started_ms = monitor->loop->now_ms;
	snprintf(text, sizeof(text), "clients had %" PRIu64 " good answers, %" PRIu64 " failures",
		 now.good - seen.good, now.bad - seen.bad);
	conclude(monitor, now.good > seen.good, text);
	return true;
}

static void start_probe(struct timer *timer)
{
	struct monitor *monitor = list_entry(timer, struct monitor, next);

	lateness_note(&lateness, timer->deadline_ms, monitor->loop->now_ms);
	if (judge_live(monitor))
		return; /* and it may be freed */
	monitor->record->sent++;
	monitor->started_ms = monitor->loop->now_ms;
	monitor->started_ns = clock_ns();
	probe_start(&monitor->probe);
}

/* What is down and stays silent is asked less often; on its way up it is asked as usual. */
static uint32_t pause_ms(const struct monitor *monitor)
{
	if (monitor->state == MONITOR_DOWN && monitor->good_in_a_row == 0)
		return monitor->conf.down_time_ms;
	return monitor->conf.interval_ms;
}

static unsigned count_failures(const struct monitor *monitor)
{
	unsigned __int128 window = ((unsigned __int128)1 << monitor->conf.retries) - 1;
	unsigned __int128 bits = monitor->failures & window;

	return (unsigned)(__builtin_popcountll((uint64_t)bits) +
			  __builtin_popcountll((uint64_t)(bits >> 64)));
}

static void record(struct monitor *monitor, bool is_good)
{
	monitor->last_was_good = is_good;
	monitor->failures = monitor->failures << 1 | !is_good;
	monitor->record->failed += !is_good;
	monitor->failed_in_a_row = is_good ? 0 : monitor->failed_in_a_row + 1;
	monitor->good_in_a_row = is_good ? monitor->good_in_a_row + 1 : 0;
}

/* The state that the probes so far mean. */
static enum monitor_state judge(const struct monitor *monitor)
{
	uint32_t enough = monitor->conf.failure_retries;

	switch (monitor->state) {
	case MONITOR_UNKNOWN:
		return monitor->last_was_good ? MONITOR_UP : MONITOR_DOWN;
	case MONITOR_UP:
		if (enough == 0 || enough > monitor->conf.retries)
			enough = monitor->conf.retries;
		return count_failures(monitor) >= enough ? MONITOR_DOWN : MONITOR_UP;
	case MONITOR_DOWN:
		return monitor->good_in_a_row >= monitor->conf.success_retries ? MONITOR_UP
									       : MONITOR_DOWN;
	}
	must_not_reach();
}

/* The same as far as -action lets it be. */
static enum monitor_state decide(struct monitor *monitor)
{
	const struct monitor_conf *conf = &monitor->conf;
	enum monitor_state state = judge(monitor);
	bool was_held = monitor->is_held;
	char address[ADDRESS_TEXT_MAX];

	if (conf->action == MONITOR_ACTION_DOWN)
		return state;
	monitor->is_held = !monitor->last_was_good && (was_held || state == MONITOR_DOWN);
	if (conf->action == MONITOR_ACTION_LOG && monitor->is_held && !was_held)
		log_write(LOG_LEVEL_WARNING,
			  "monitor %.*s of %s has failed, and -action LOG leaves it up: %s",
			  STR_ARG(conf->name), address_print(&monitor->target, address),
			  monitor->last);
	return state == MONITOR_DOWN ? MONITOR_UP : state;
}

/* --- response time ---------------------------------------------------------------------------- */

/* The slowest answer that is good, by what was learned. */
static uint64_t slowest_us(const struct monitor *monitor)
{
	const struct monitor_conf *conf = &monitor->conf;
	uint64_t most = UINT64_MAX, other;

	if (monitor->record->learned < LEARN_ENOUGH)
		return most;
	if (conf->has_deviation)
		most = monitor->record->average_us + (uint64_t)conf->deviation_ms * 1000;
	other = monitor->record->average_us +
		monitor->record->average_us * conf->deviation_percent / 100;
	if (conf->deviation_percent > 0 && other < most)
		most = other;
	return most;
}

/* An answer that was too slow teaches nothing: else a server that gets slower and slower would be
 * well. */
static void learn(struct monitor *monitor)
{
	struct monitor_record *known = monitor->record;
	uint64_t now = known->response_us;

	if (known->learned < LEARN_ENOUGH) {
		known->learned++;
		known->average_us = (known->average_us * (known->learned - 1) + now) /
				    known->learned;
		return;
	}
	known->average_us = (known->average_us * (LEARN_SHARE - 1) + now) / LEARN_SHARE;
}

static void warn_slow(struct monitor *monitor)
{
	const struct monitor_conf *conf = &monitor->conf;
	char address[ADDRESS_TEXT_MAX];

	if (conf->warn_percent == 0 ||
	    monitor->record->response_us <=
		    (uint64_t)conf->response_timeout_ms * 10 * conf->warn_percent) {
		monitor->is_slow = false;
		return;
	}
	monitor->record->warned++;
	if (!monitor->is_slow)
		log_write(LOG_LEVEL_WARNING,
			  "monitor %.*s of %s: response time %" PRIu64
			  " ms is above %u%% of -resptimeout",
			  STR_ARG(conf->name), address_print(&monitor->target, address),
			  monitor->record->response_us / 1000, conf->warn_percent);
	monitor->is_slow = true;
}

/* Whether a good answer came in time, too; else `text` says what is wrong. */
static bool judge_time(struct monitor *monitor, char text[PROBE_TEXT_MAX])
{
	monitor->record->response_us = (clock_ns() - monitor->started_ns) / 1000;
	warn_slow(monitor);
	if (monitor->record->response_us <= slowest_us(monitor)) {
		if (monitor->conf.learns)
			learn(monitor);
		return true;
	}
	snprintf(text, PROBE_TEXT_MAX, "response time %.1f ms, average %.1f ms, at most %.1f ms",
		 (double)monitor->record->response_us / 1000,
		 (double)monitor->record->average_us / 1000, (double)slowest_us(monitor) / 1000);
	return false;
}

/* --- the end of a probe ----------------------------------------------------------------------- */

static void warn_failing(const struct monitor *monitor)
{
	char address[ADDRESS_TEXT_MAX];

	if (monitor->conf.alert_retries == 0 ||
	    monitor->failed_in_a_row != monitor->conf.alert_retries)
		return;
	log_write(LOG_LEVEL_WARNING, "monitor %.*s of %s: %u failed probe%s in a row: %s",
		  STR_ARG(monitor->conf.name), address_print(&monitor->target, address),
		  monitor->failed_in_a_row, monitor->failed_in_a_row == 1 ? "" : "s",
		  monitor->last);
}

/* May free the monitor. */
static void conclude(struct monitor *monitor, bool is_good, const char *text)
{
	const struct capacity *capacity = &monitor->probe.capacity;
	enum monitor_state before = monitor->state;
	bool tells = !capacity_equal(&monitor->told, capacity);

	snprintf(monitor->last, sizeof(monitor->last), "%.*s%s", PROBE_TEXT_MAX - 16, text,
		 monitor->conf.is_reverse ? " (reverse)" : "");
	record(monitor, is_good != monitor->conf.is_reverse);
	warn_failing(monitor);
	monitor->state = decide(monitor);
	if (monitor->is_in_place || monitor->state == MONITOR_DOWN)
		arm_after(monitor, pause_ms(monitor));
	else
		arm_in_place(monitor);
	monitor->told = *capacity;
	if (monitor->state != before) {
		monitor->since_wall_ms = clock_wall_ms();
		monitor->failures = 0;
	} else if (!tells) {
		return;
	}
	monitor->changed(monitor, monitor->state == MONITOR_UP, monitor->last);
}

static void ended(struct probe *probe, bool is_good, const char *said)
{
	struct monitor *monitor = list_entry(probe, struct monitor, probe);
	char text[PROBE_TEXT_MAX];

	snprintf(text, sizeof(text), "%s", said);
	if (probe->was_never_asked) {
		snprintf(monitor->last, sizeof(monitor->last), "%s", text);
		arm_after(monitor, UNASKED_RETRY_MS);
		return;
	}
	if (is_good && !probe->was_silent)
		is_good = judge_time(monitor, text);
	if (monitor->answered != NULL && !probe->was_silent)
		monitor->answered(monitor);
	conclude(monitor, is_good, text);
}

static void choose_target(struct monitor *monitor, const struct address *service)
{
	const struct monitor_conf *conf = &monitor->conf;

	monitor->target = *service;
	if (conf->has_destination) {
		monitor->target = conf->destination;
		address_set_port(&monitor->target, address_port(service));
	}
	if (conf->destination_port != 0)
		address_set_port(&monitor->target, conf->destination_port);
}

/* A number for each monitor, so that any run of them lies evenly over 0..2^32: multiples of the
 * golden ratio (Knuth, The Art of Computer Programming, 6.4, theorem S). */
static uint32_t next_place(void)
{
	static uint32_t place;

	return place += 0x9e3779b9;
}

/* Where in its interval its probes go out. */
static void choose_place(struct monitor *monitor)
{
	monitor->made_ms = monitor->loop->now_ms;
	monitor->place_ms = (uint32_t)((uint64_t)next_place() * monitor->conf.interval_ms >> 32);
}

/* Of what nothing is known yet the first probe comes at once. */
static uint64_t first_delay_ms(const struct monitor *monitor)
{
	uint32_t interval = monitor->conf.interval_ms;

	if (monitor->state == MONITOR_UNKNOWN && interval > FIRST_SPREAD_MS)
		return (uint64_t)monitor->place_ms * FIRST_SPREAD_MS / interval;
	return monitor->place_ms;
}

struct monitor *monitor_new(struct loop *loop, const struct monitor_conf *conf,
			    const struct address *service, enum monitor_state known,
			    monitor_fn *changed, void *owner)
{
	struct monitor *monitor = heap_zeroed(1, sizeof(*monitor));
	const struct monitor_kind *kind = monitor_kind_of(conf->kind);

	must(monitor != NULL && kind != NULL && changed != NULL);
	if (conf->is_secure && kind->secure != NULL)
		kind = kind->secure;
	must(conf->interval_ms > 0 && conf->success_retries > 0 && conf->retries > 0 &&
	     conf->retries <= MONITOR_RETRIES_MOST);
	monitor->loop = loop;
	monitor->record = &monitor->own;
	monitor->changed = changed;
	monitor->owner = owner;
	monitor->state = known;
	monitor->since_wall_ms = clock_wall_ms();
	copy_conf(monitor, conf);
	choose_target(monitor, service);
	write_request(monitor);
	probe_init(&monitor->probe, loop, kind, ended);
	if (plugs_users++ == 0)
		plug_pool_init(&plugs, loop, probe_event);
	must(plugs.loop == loop);
	monitor->probe.plugs = &plugs;
	monitor->probe.lateness = &lateness;
	monitor->probe.conf = &monitor->conf;
	monitor->probe.target = &monitor->target;
	monitor->probe.request = monitor->request.at;
	monitor->probe.request_length = monitor->request.length;
	timer_init(&monitor->next, start_probe);
	choose_place(monitor);
	if (conf->is_enabled)
		arm_next(monitor, loop->now_ms + first_delay_ms(monitor));
	return monitor;
}

void monitor_on_answer(struct monitor *monitor, void (*answered)(struct monitor *monitor))
{
	monitor->answered = answered;
}

void monitor_on_live(struct monitor *monitor,
		     void (*live)(const struct monitor *monitor, struct monitor_live *live))
{
	if (!str_equal_nocase(monitor->conf.kind, STR("HTTP-INLINE")))
		return;
	monitor->live = live;
	live(monitor, &monitor->seen);
}

void monitor_keep(struct monitor *monitor, struct monitor_record *record)
{
	monitor->record = record;
}

bool monitor_asks_same(const struct monitor *a, const struct monitor *b)
{
	for (unsigned i = 0; i < MONITOR_TEXTS; i++)
		if (!str_equal(a->conf.texts[i], b->conf.texts[i]))
			return false;
	return a->probe.kind == b->probe.kind && address_equal(&a->target, &b->target) &&
	       str_equal(text_str(&a->request), text_str(&b->request));
}

static void disown(struct str text)
{
	free((void *)(uintptr_t)text.at);
}

static void free_now(struct loop_free *later)
{
	struct monitor *monitor = list_entry(later, struct monitor, free_later);

	disown(monitor->conf.name);
	disown(monitor->conf.kind);
	disown(monitor->conf.http_request);
	disown(monitor->conf.custom_headers);
	for (unsigned i = 0; i < MONITOR_TEXTS; i++)
		disown(monitor->conf.texts[i]);
	free(monitor->codes);
	text_free(&monitor->request);
	free(monitor);
}

/* An event of this turn for the probe may still be on its way, and the caller may be the monitor's
 * own callback: the memory goes at the turn's end. */
void monitor_free(struct monitor *monitor)
{
	if (monitor == NULL)
		return;
	timer_cancel(&monitor->loop->timers, &monitor->next);
	probe_stop(&monitor->probe);
	monitor->record = &monitor->own;
	if (--plugs_users == 0)
		plug_pool_fini(&plugs);
	monitor->free_later.free = free_now;
	loop_free_later(monitor->loop, &monitor->free_later);
}

void *monitor_owner(const struct monitor *monitor)
{
	return monitor->owner;
}

void monitor_look(const struct monitor *monitor, struct monitor_view *view)
{
	*view = (struct monitor_view){
		.name = monitor->conf.name,
		.kind = monitor->probe.kind->name,
		.state = monitor->state,
		.since_wall_ms = monitor->since_wall_ms,
		.last = monitor->last,
		.last_was_good = monitor->last_was_good,
		.sent = monitor->record->sent,
		.failed = monitor->record->failed,
		.failed_in_a_row = monitor->failed_in_a_row,
		.response_us = monitor->record->response_us,
		.average_us = monitor->record->average_us,
		.learned = monitor->record->learned,
		.warned = monitor->record->warned,
		.is_held = monitor->is_held,
		.capacity = monitor->probe.capacity,
	};
}

void monitor_forget(struct monitor *monitor)
{
	monitor->record->learned = 0;
	monitor->record->average_us = 0;
}
