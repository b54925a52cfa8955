/* SPDX-License-Identifier: Apache-2.0
 * tally.h - what the origin server has counted.
 */
#pragma once

#include "base/str.h"
#include "base/text.h"

#include <stdint.h>

/* How many there are, have been at most at once, and were in all. */
struct tally_count {
	_Atomic uint64_t now, peak, total;
};

/* Shared by all threads of the server. Relaxed everywhere: numbers only, nothing hangs on them. */
struct tally {
	struct tally_count connections, requests;
	_Atomic uint64_t received; /* bytes of bodies */
};

void tally_enter(struct tally_count *count);
void tally_leave(struct tally_count *count);
void tally_receive(struct tally *tally, uint64_t bytes);
/* One object of JSON and a line end. */
void tally_print(struct tally *tally, struct str name, struct text *json);
