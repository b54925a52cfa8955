/* SPDX-License-Identifier: Apache-2.0
 * stat.h - the numbers that engines write down and others read.
 *
 * One writer (the engine), any readers: relaxed order is enough, each is a number by itself and
 * guards no other memory. A reader sums over the engines. What a number means stands once, in the
 * tables below; stat, the REST API and the metrics text are made from them.
 */
#pragma once

#include "base/check.h"
#include "record/reason.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stat_number {
	_Atomic uint64_t value;
};

/* Writer only: a load and a store, no locked operation. */
static inline void stat_add(struct stat_number *number, uint64_t more)
{
	atomic_store_explicit(&number->value,
			      atomic_load_explicit(&number->value, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

static inline void stat_subtract(struct stat_number *number, uint64_t less)
{
	stat_add(number, -less);
}

/* Packets as far as a stream shows them: the full ones that `bytes` need, and at least one. Called
 * once for each read or write. */
static inline void stat_add_packets(struct stat_number *number, uint64_t bytes)
{
	enum { PACKET_BYTES = 1448 }; /* of payload, over Ethernet with time stamps */

	stat_add(number, bytes / PACKET_BYTES + 1);
}

static inline void stat_set(struct stat_number *number, uint64_t value)
{
	atomic_store_explicit(&number->value, value, memory_order_relaxed);
}

/* To `value`, when that is more. */
static inline void stat_raise(struct stat_number *number, uint64_t value)
{
	if (atomic_load_explicit(&number->value, memory_order_relaxed) < value)
		atomic_store_explicit(&number->value, value, memory_order_relaxed);
}

static inline uint64_t stat_read(const struct stat_number *number)
{
	return atomic_load_explicit(&number->value, memory_order_relaxed);
}

enum { STAT_WAITS = 5 };

/* One virtual server on one engine. */
struct stat_vserver {
	alignas(64) struct stat_number clients; /* gauge */
	struct stat_number
		clients_ending; /* gauge: of the clients, those that sent their last byte */
	struct stat_number requests_active; /* gauge */
	/* Most over all engines, as this one saw it: stat_raise(). */
	struct stat_number clients_peak, requests_peak;
	struct stat_number clients_total;
	struct stat_number requests_total, responses_total;
	struct stat_number bytes_in, bytes_out; /* from and to clients */
	struct stat_number spilled;       /* given to the backup because the limit was reached */
	struct stat_number spilled_down;  /* given to the backup because this one is down */
	struct stat_number spilled_in;    /* taken over from another virtual server */
	struct stat_number refused;       /* limit reached and no backup: dropped or redirected */
	struct stat_number refused_down;  /* down and no backup */
	struct stat_number accepted_over; /* let in past the limit (-soBackupAction ACCEPT) */
	struct stat_number redirected, dropped; /* of the refused ones */
	struct stat_number queued;              /* gauge: clients that wait in line */
	struct stat_number queued_total, queue_served, queue_left, queue_timed_out;
	struct stat_number queue_dissolved; /* asked again: the limit that they waited for went */
	struct stat_number queue_crowded;
	struct stat_number queue_wait_ms;           /* of those that were served, in sum ... */
	struct stat_number queue_waits[STAT_WAITS]; /* ... and how many waited up to 1, 10, 100,
						       1000 ms, and longer */
	/* Clients that asked it, by why it did not serve them; REASON_NONE: it did. */
	struct stat_number asked[REASON_COUNT];
	struct stat_number shadowed;          /* would have been spilled */
	struct stat_number spilled_undecided; /* taken for full because no engine could tell */
	struct stat_number bad_requests;      /* 400, 431, 501, ... answered by us */
	struct stat_number bad_gateways;      /* 502, 503, 504 answered by us */
	struct stat_number client_aborts, client_timeouts;
	struct stat_number bad_introductions; /* trusted proxies without a good PROXY header */
	struct stat_number persistent;        /* choices of a service that persistence made */
};

/* What one virtual server spilled, for whatever reason, to one of those behind it, on one engine.
 */
struct stat_spill {
	alignas(64) struct stat_number clients;
};

/* One service on one engine. */
struct stat_service {
	alignas(64) struct stat_number connections; /* gauge: open to the server, idle ones too */
	struct stat_number idle;                    /* gauge */
	struct stat_number active;                  /* gauge: clients or requests being served */
	struct stat_number waiting;                 /* gauge: sessions that wait for a use */
	struct stat_number connections_total, reused_total;
	struct stat_number requests_total, responses_total;
	struct stat_number bytes_in, bytes_out;     /* from and to the server */
	struct stat_number packets_in, packets_out; /* likewise, see stat_add_packets() */
	struct stat_number first_bytes;             /* answers of which the first byte came */
	struct stat_number first_bytes_ms; /* how long they took, from the end of what was asked */
	struct stat_number connect_failures, resets, timeouts, retries, bad_answers;
	struct stat_number server_errors; /* answers with a status from 500 on */
	struct stat_number slow_held;     /* choices that others came before, by its slow start */
	struct stat_number unexpected;    /* answers with another status than the good ones */
	/* Of the last of slow_held, in milliseconds of the loops' clock: no row, it does not add
	 * up. */
	struct stat_number slow_held_ms;
};

/* What the monitors of one service have measured. Writer: control; 0: nothing known. */
struct stat_health {
	alignas(64) struct stat_number response_us; /* of the last probe that was answered */
	struct stat_number average_us; /* learned from the good ones: what LRTM compares */
};

/* One spillover policy on one engine. */
struct stat_policy {
	alignas(64) struct stat_number hits; /* it was true for a client */
	struct stat_number undefined;
};

/* What rules may ask of a virtual server and no engine knows alone. Writer: control, ten times a
 * second, of those that a rule names. */
struct stat_live {
	alignas(64) struct stat_number throughput; /* megabits per second, over the last second */
	struct stat_number response_us; /* to the first byte, average over some seconds; 0: none */
	struct stat_number surge;       /* clients and requests that wait for a service */
};

/* One engine. */
struct stat_engine {
	alignas(64) struct stat_number turns;
	struct stat_number events, messages;
	struct stat_number accepted, accept_pauses;
	struct stat_number clients;  /* gauge */
	struct stat_number sessions; /* gauge: session objects out, must be 0 when idle */
	struct stat_number servers;  /* gauge: server connections */
	struct stat_number buffers;  /* gauge: buffers out */
	struct stat_number refused_memory;
	struct stat_number persist_evicted, persist_lost; /* see persist/persist.h */
};

struct stat_row {
	const char *name; /* as shown */
	const char *help;
	size_t offset;
	bool is_gauge;
	bool is_peak; /* the most of all engines is that of the whole, not the sum */
};

/* Each ends with a row without a name. */
extern const struct stat_row stat_vserver_rows[], stat_service_rows[], stat_policy_rows[],
	stat_engine_rows[];

/* Sum (of a peak: the most) of one row over `count` blocks that lie `size` bytes apart. */
uint64_t stat_sum(const void *blocks, size_t size, unsigned count, const struct stat_row *row);

/* Before anybody writes: what was counted is over, as their process died. Counts and peaks stay. */
void stat_end_gauges(void *blocks, size_t size, unsigned count, const struct stat_row *rows);
