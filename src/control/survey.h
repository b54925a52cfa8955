/* SPDX-License-Identifier: Apache-2.0
 * survey.h - what rules ask of virtual servers and no engine knows alone: summed up from the
 * statistics ten times a second, of those that a rule names, for all engines to read.
 *
 * Throughput is that of the last second. Response times are the average over the last five seconds,
 * and 0 without an answer in them: so a rule that sends clients away because the answers were slow
 * lets them try again. Owner: control.
 */
#pragma once

#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct control;
struct runtime_vserver;

enum { SURVEY_SLOTS = 51 }; /* five seconds in tenths, and the beginning of them */

/* Sums at one time. */
struct survey_sample {
	uint64_t at_ms;
	uint64_t bytes;               /* from and to clients */
	uint64_t answers, answers_ms; /* first bytes, and how long they took */
};

/* Of one virtual server that is looked at. */
struct survey_room {
	uint64_t members; /* made of the uids of its services: others have other sums */

	struct survey_sample
		samples[SURVEY_SLOTS]; /* a ring; those without a time are not there yet */
	unsigned newest;
};

/* Owner: control. */
struct surveys {
	struct control *control;
	struct timer timer; /* armed while a rule names a virtual server */
};

void survey_init(struct surveys *surveys, struct control *control);
void survey_fini(struct surveys *surveys);
/* There is a new plan. */
void survey_take(struct surveys *surveys);
