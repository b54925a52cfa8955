/* SPDX-License-Identifier: Apache-2.0
 * state.h - what a service is: up, down, out of service, or on its way out.
 *
 * Monitors say whether it is well (health.h), the operator whether it is enabled. One that is
 * disabled with a delay or gracefully goes out of service: it takes no new clients but serves those
 * that it knows, until the delay is over or the last of them has left. Every change is one line in
 * the log, with the reason in words.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct plan_service;
struct runtime_service;

enum service_state {
	STATE_UNKNOWN, /* not probed yet */
	STATE_UP,
	STATE_DOWN,
	STATE_OUT,         /* of service */
	STATE_LEAVING,     /* going out of service */
	STATE_DOWN_LEAVING /* down when going out of service */
};

/* The way out of service. Owner: control. */
struct state_way {
	uint64_t uid;      /* of the command that began it; 0: at once, or it is enabled */
	uint64_t until_ms; /* 0: no delay */
	uint32_t delay_s;
	bool is_graceful;
	bool is_empty;     /* the last has left */
	uint64_t snapshot; /* the first that says so to the engines; 0: not published yet */
	const char *over;  /* why it ended, in words; NULL: it has not */
};

/* As operators know it: "GOING OUT OF SERVICE". */
const char *state_name(enum service_state state);
/* The same in a sentence: "going out of service". */
const char *state_words(enum service_state state);
/* What the plan says about enabled and leaving; then as state_settle(). */
void state_take(struct runtime_service *service, const struct plan_service *plan, uint64_t now_ms);
/* From what is known of it: sets state, is_up, why, since_ms and is_cut_due, and logs a change.
 * True when the state changed. Nothing happens to what is in no plan. */
bool state_settle(struct runtime_service *service);
bool state_is_leaving(const struct runtime_service *service);
/* Ends the way when its time has come; `busy`: connections in use and sessions in line, which count
 * once every engine has taken snapshot `everywhere`. True when it did. */
bool state_end_way(struct runtime_service *service, uint64_t now_ms, uint64_t everywhere,
		   uint64_t busy);
