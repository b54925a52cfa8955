/* SPDX-License-Identifier: Apache-2.0
 * health.h - whether a service is well: what its monitors say, taken together.
 *
 * A service is well while it either is not monitored or enough of its monitors say so: with
 * -monThreshold the weights of those that do must reach it, else all must. Nothing is known at
 * first; the first probe goes out at once and decides. While the service is disabled the probes go
 * on, so that it is known what it is when it is enabled. What the service is to others follows of
 * that and of what the operator wants: state.h.
 */
#pragma once

#include "base/check.h"
#include "config/plan.h"
#include "control/runtime.h"
#include "engine/loop.h"
#include "monitor/monitor.h"

#include <stdbool.h>
#include <stdint.h>

enum { HEALTH_PATIENCE_MS = 800 }; /* for a first answer */

/* One monitor of one service. Owner: control. */
struct health_probe {
	struct health *health;
	uint64_t uid;
	struct monitor *monitor;       /* owned */
	struct monitor_record *record; /* owned: a block of the vault; NULL: another probe has it */
	char *settings;                /* owned: all that the monitor was made from, as text */
	uint32_t weight;
	bool is_passive; /* of no account */
	/* Bound to a service that was up: that is taken as its word until it has one. */
	bool is_assumed;
	enum monitor_state state;
	char reason[128];
	struct capacity capacity;
};

/* Owner: control. One for each service that is monitored. */
struct health {
	struct health_room *room;
	struct runtime_service *service;
	struct address address;
	uint64_t asked_ms;            /* when the newest probe was made */
	uint32_t threshold;           /* 0: all must say up */
	struct health_probe **probes; /* owned */
	unsigned count;
};

struct health_room {
	unsigned engine_count;
	struct loop *loop;   /* borrowed */
	struct vault *vault; /* borrowed; NULL: counters die with the process */
	/* A monitor has said something new. `is_news`: the state of the service has changed. */
	void (*heard)(void *context, struct runtime_service *service, bool is_news);
	/* A monitor has been told how much the service can take now. */
	void (*told)(void *context, struct runtime_service *service);
	void *context;
};

/* Makes the monitors of a service what the plan says; those that stay the same go on undisturbed.
 * Sets is_judged, is_well and verdict, without a call of `heard`; state_take() comes next. */
void health_take(struct health_room *room, struct runtime_service *service,
		 const struct plan_service *plan);
/* Every monitor of account has had its first answer, or it does not matter, or it was waited for
 * long enough. */
bool health_is_known(const struct runtime_service *service, uint64_t now_ms);
/* What the service may hold now: `configured` (0: no limit), and less when a monitor was told so;
 * -1: no limit. */
int64_t health_limit(const struct runtime_service *service, uint32_t configured);
/* The learned response times begin anew, also those that engines read. */
void health_forget(struct runtime_service *service);
/* No more monitors: the service is configured no more, or the process ends. */
void health_end(struct runtime_service *service);
