/* SPDX-License-Identifier: Apache-2.0
 * publish.h - hands snapshots to the engines, and frees each when the last engine has left it.
 */
#pragma once

#include "base/check.h"
#include "control/post.h"
#include "model/snapshot.h"

#include <stdint.h>

struct publish_row; /* one snapshot that some engine may use */

/* Owner: control. */
struct publisher {
	struct post *post; /* borrowed */
	unsigned engine_count;
	uint64_t newest;          /* number of the snapshot that was sent last; 0: none */
	uint64_t *taken;          /* owned: for each engine, the newest that it has taken */
	struct publish_row *rows; /* owned: oldest first */
	unsigned count, room;
};

void publish_init(struct publisher *publisher, struct post *post, unsigned engine_count);
/* After the engines have ended. */
void publish_fini(struct publisher *publisher);
/* Its number must be publisher->newest + 1. The snapshot is the publisher's from now on. */
void publish_send(struct publisher *publisher, struct snapshot *snapshot);
/* MESSAGE_TAKEN. */
void publish_taken(struct publisher *publisher, unsigned engine, uint64_t number);
/* The newest snapshot that every engine has taken: what only older ones have is free. */
uint64_t publish_everywhere(const struct publisher *publisher);
