/* SPDX-License-Identifier: Apache-2.0
 * hold.h - waits, for a moment, until the first probes of new services have been answered.
 *
 * At the start the first snapshot waits for them: clients that come before it stay in the backlog
 * and are not told that no service is up only because nobody has asked yet. After a command its
 * answer waits for them, so that a service that was enabled or bound serves when the operator reads
 * "Done". Never longer than HEALTH_PATIENCE_MS.
 */
#pragma once

#include <stdint.h>

struct control;

enum hold {
	HOLD_NONE,
	HOLD_START, /* nothing is published yet */
	HOLD_ANSWER /* one more snapshot follows, for which answers wait */
};

void hold_init(struct control *control);
void hold_fini(struct control *control);
void hold_start(struct control *control);
/* After commands: publishes; returns the snapshot that must be everywhere before the answers. */
uint64_t hold_answer(struct control *control);
/* A monitor has said something. */
void hold_heard(struct control *control);
