/* SPDX-License-Identifier: Apache-2.0
 * luck.h - whether something that saves much when it goes well and costs a little when it does not
 * is worth a try, learnt from how it went.
 *
 * Worth it from about one success in LUCK_WIN + 1 tries on. While it is not, one in LUCK_PROBE is
 * made nevertheless, to see whether the times have changed. A zeroed one begins without hope.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

enum { LUCK_WIN = 5, LUCK_GOOD = 32, LUCK_MAX = 64, LUCK_PROBE = 16 };

struct luck {
	uint8_t score; /* 0 to LUCK_MAX; good from LUCK_GOOD on */
	uint8_t skipped;
};

/* When it says yes, luck_note() says how it went. */
static inline bool luck_is_good(struct luck *luck)
{
	return luck->score >= LUCK_GOOD || ++luck->skipped % LUCK_PROBE == 0;
}

static inline void luck_note(struct luck *luck, bool went_well)
{
	if (!went_well && luck->score > 0)
		luck->score--;
	if (went_well)
		luck->score = luck->score < LUCK_MAX - LUCK_WIN ? (uint8_t)(luck->score + LUCK_WIN)
								: (uint8_t)LUCK_MAX;
}
