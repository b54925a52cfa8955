/* SPDX-License-Identifier: Apache-2.0
 * monitor.h - asks one server address again and again whether it is well, and says when that
 * changes.
 *
 * Runs on the control thread's loop. Ends in one place: the callback `changed`. A monitor begins
 * with what is known about the service; when nothing is known the first probe goes out within a
 * tenth of a second and its outcome decides alone. Otherwise the first probes of many monitors are
 * spread over the interval.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "engine/loop.h"
#include "model/monitor_conf.h"
#include "monitor/capacity.h"

#include <stdbool.h>
#include <stdint.h>

enum monitor_state { MONITOR_UNKNOWN, MONITOR_UP, MONITOR_DOWN };

struct monitor; /* Owner: control. Opaque. */
struct monitor_kind;

/* On every change of state and of the capacity that was told (is_up is then as before), never from
 * inside monitor_new(). `reason` in words ("connection refused", "HTTP status 503, expected 200"),
 * valid during the call. May free the monitor. */
typedef void monitor_fn(struct monitor *monitor, bool is_up, const char *reason);

/* The kind of that name, without regard to case; NULL: not one we can do. */
const struct monitor_kind *monitor_kind_of(struct str name);

/* Starts at once, unless conf->is_enabled is false (then it stays silent). conf->kind must be one
 * that monitor_kind_of() knows. `service` is where to probe. `owner` is the caller's own. */
struct monitor *monitor_new(struct loop *loop, const struct monitor_conf *conf,
			    const struct address *service, enum monitor_state known,
			    monitor_fn *changed, void *owner);
/* Called after every probe that was answered, before `changed`: there are new response times to
 * look at. May not free the monitor. */
void monitor_on_answer(struct monitor *monitor, void (*answered)(struct monitor *monitor));

/* What clients have seen of a service since its start. */
struct monitor_live {
	uint64_t good; /* answers with a good status: see struct model_service */
	uint64_t bad;  /* others; and no connection, no answer, a broken one */
};
/* Only of kind HTTP-INLINE: while the service is up and clients are there, the monitor judges by
 * what they saw since it last looked and sends no probe. It fails when none of it was good. */
void monitor_on_live(struct monitor *monitor,
		     void (*live)(const struct monitor *monitor, struct monitor_live *live));
/* What a monitor counts, and has learned. */
struct monitor_record {
	uint64_t sent, failed; /* probes */
	uint64_t warned;       /* answers above -resptimeoutThresh */
	uint64_t response_us;  /* of the last probe that was answered; 0: none yet */
	uint64_t average_us;   /* of good answers */
	uint32_t learned;      /* answers that it was learned from; of account from 8 on */
};
/* It goes on from there, and writes there, instead of beginning with nothing. Before its first
 * probe; borrowed until monitor_free(). */
void monitor_keep(struct monitor *monitor, struct monitor_record *record);
/* Whether what the one has learned is true of the other: the same question to the same server. */
bool monitor_asks_same(const struct monitor *a, const struct monitor *b);
/* A running probe is cut off. Before the loop's own end. NULL is allowed. */
void monitor_free(struct monitor *monitor);
void *monitor_owner(const struct monitor *monitor);

/* For `show`. Texts are the monitor's. */
struct monitor_view {
	struct str name;
	const char *kind;
	enum monitor_state state;
	uint64_t since_wall_ms; /* of the last change of state; of the start when none */
	const char *last;       /* what the last probe brought, in words; "" before the first */
	bool last_was_good;
	uint64_t sent, failed; /* probes */
	uint32_t failed_in_a_row;
	uint64_t response_us; /* of the last probe that was answered; 0: none yet */
	uint64_t average_us;  /* learned from `learned` good answers; of account from 8 on */
	uint32_t learned;
	bool is_held;             /* failed often enough, and up by -action */
	uint64_t warned;          /* answers above -resptimeoutThresh */
	struct capacity capacity; /* that the server has told */
};
void monitor_look(const struct monitor *monitor, struct monitor_view *view);
/* The learned response time begins anew. */
void monitor_forget(struct monitor *monitor);
