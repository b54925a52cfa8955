/* SPDX-License-Identifier: Apache-2.0
 * timer.h - a hierarchical timer wheel with a resolution of one millisecond.
 *
 * Arming, moving and cancelling take constant time and no system call (Varghese and Lauck,
 * "Hashed and hierarchical timing wheels", 1987). A timer never fires early. Nothing ticks: the
 * loop sleeps until timer_next().
 */
#pragma once

#include "base/check.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct timer;
typedef void timer_fn(struct timer *timer);

/* Owner: the wheel's thread. Lies inside the thing that it times. */
struct timer {
	struct list link;     /* in a slot of the wheel while armed */
	uint64_t deadline_ms; /* on the loop's clock */
	timer_fn *fire;       /* disarmed before it is called; may arm it again or free it */
};

enum { TIMER_LEVELS = 5, TIMER_SLOTS = 64 }; /* 64^5 ms: twelve days; later ones wait in `far` */

struct timer_wheel {
	uint64_t now_ms;             /* everything due until then has fired */
	uint64_t busy[TIMER_LEVELS]; /* bit s: slot s of the level is not empty */
	struct list slots[TIMER_LEVELS][TIMER_SLOTS];
	struct list far;
};

#define TIMER_NEVER UINT64_MAX

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);
void timer_init(struct timer *timer, timer_fn *fire);
/* Arms, or moves an armed timer. A deadline in the past fires at the next run. */
void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ms);
void timer_cancel(struct timer_wheel *wheel, struct timer *timer); /* also when not armed */
bool timer_is_armed(const struct timer *timer);
/* When timer_run() has work next: never later than the earliest deadline, and earlier at most once
 * for each level that the timer has to come down; TIMER_NEVER: none. */
uint64_t timer_next(const struct timer_wheel *wheel);
/* Moves the wheel to now and fires what is due, earliest first. */
void timer_run(struct timer_wheel *wheel, uint64_t now_ms);
