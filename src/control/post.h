/* SPDX-License-Identifier: Apache-2.0
 * post.h - messages from control to the engines: in order, none lost, and control never waits.
 *
 * What finds an engine's inbox full is kept here and sent when there is room.
 */
#pragma once

#include "base/check.h"
#include "engine/engine.h"

struct post_queue {
	struct message *kept; /* owned; oldest first */
	size_t first, count, room;
};

/* Owner: control. */
struct post {
	struct loop *loop;       /* borrowed: of control */
	struct engine **engines; /* borrowed */
	unsigned engine_count;
	struct post_queue *queues; /* owned: one for each engine */
	struct timer retry;
};

void post_init(struct post *post, struct loop *loop, struct engine **engines, unsigned count);
void post_fini(struct post *post);
void post_send(struct post *post, unsigned engine, struct message message);
void post_send_all(struct post *post, struct message message);
