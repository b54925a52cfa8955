/* SPDX-License-Identifier: Apache-2.0
 * gate.h - the listening sockets of one virtual server: one for each engine, on one address.
 *
 * Engines only watch them. A gate that is not wanted any more is closed when every engine has
 * taken a snapshot without it. Two gates on one address are the same sockets (dup), so an address
 * that moves from one virtual server to another loses no client.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/list.h"
#include "control/keeper.h"

#include <stdint.h>

/* Owner: control. */
struct gate {
	struct list link; /* in gates->open or gates->closing */
	struct address address;
	uint64_t last_use; /* in gates->closing: the newest snapshot that may have it */
	int fds[];         /* owned: one for each engine */
};

struct gates {
	struct keeper *keeper; /* borrowed */
	unsigned engine_count;
	struct list open, closing;
};

void gate_init_all(struct gates *gates, struct keeper *keeper, unsigned engine_count);
void gate_fini_all(struct gates *gates); /* closes all */

/* NULL when the address cannot be had; *error says why (-errno). */
struct gate *gate_open(struct gates *gates, const struct address *address, int *error) MUST_USE;
/* 0 when gate_open() would find the address free or ours, else -errno. */
int gate_try(struct gates *gates, const struct address *address) MUST_USE;
/* After the publish of a snapshot without it; `newest` is the number of the last one with it. */
void gate_close(struct gates *gates, struct gate *gate, uint64_t newest);
/* Every engine has taken `number` or a newer one. */
void gate_everywhere(struct gates *gates, uint64_t number);
