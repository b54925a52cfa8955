/* SPDX-License-Identifier: Apache-2.0
 * muster.h - what the services of a virtual server amount to: how many are up and serve, and how
 * much they can take together.
 *
 * Counted once when a plan is taken, by difference from then on: a change of one service costs a
 * step for each virtual server that uses it, however many services they have. Whoever changes the
 * state or the capacity of a service says so by muster_change() before the sums are asked for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct plan;
struct runtime;
struct runtime_service;

/* Of a virtual server. Owner: control. */
struct muster {
	uint32_t up;         /* STATE_UP */
	uint32_t serving;    /* is_up: those that leave, too */
	uint32_t in_service; /* not STATE_OUT */
	uint32_t unlimited;  /* of those that are up */
	int64_t capacity;    /* of the others that are up */
};

/* As what a service was counted last. Owner: control. */
struct muster_share {
	bool is_up, is_serving, is_in_service;
	int64_t capacity; /* 0 unless it is up; -1: no limit */
};

/* After states and monitors have taken the plan. */
void muster_take(struct runtime *runtime, const struct plan *plan);
/* `plan` is the one that was taken last. */
void muster_change(struct runtime *runtime, const struct plan *plan,
		   struct runtime_service *service);
/* Of those that are up; PLAN_UNLIMITED when one of them has no limit. */
int64_t muster_capacity(const struct muster *muster);
