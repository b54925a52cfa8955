/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_seat_priv.h"

static int32_t cap_within(int64_t cap)
{
	return cap < QUOTA_STASH_MAX ? (int32_t)cap : QUOTA_STASH_MAX;
}

void quota_habit_refresh(struct quota_seat *seat)
{
	uint16_t changes = quota_changes(quota_load(&seat->pool->mode));

	if (seat->habit->changes == changes)
		return;
	stat_add(&seat->counts->limit_changes, 1);
	seat->habit->changes = changes;
	seat->habit->cap = cap_within(
		2 * (int64_t)atomic_load_explicit(&seat->pool->batch, memory_order_relaxed));
}

static bool is_fixed(const struct quota_seat *seat)
{
	return quota_load(&seat->pool->mode) & QUOTA_FIXED;
}

static int64_t half_cap(const struct quota_seat *seat)
{
	return seat->habit->cap >= 2 ? seat->habit->cap / 2 : 1;
}

int64_t quota_habit_wanted(const struct quota_seat *seat)
{
	int64_t share = atomic_load_explicit(&seat->pool->floor, memory_order_relaxed) - seat->used;
	int64_t want = half_cap(seat);

	return want > share ? want : share;
}

void quota_habit_learn_from_pool(struct quota_seat *seat, int64_t available)
{
	int64_t half = half_cap(seat);

	if (is_fixed(seat))
		return;
	if (available >= 2 * half)
		seat->habit->cap = cap_within(4 * half < 2 * available ? 4 * half : 2 * available);
	else if (available < half)
		seat->habit->cap /= 2;
}

void quota_habit_learn_from_peer(struct quota_seat *seat, int64_t got)
{
	if (is_fixed(seat))
		return;
	if (got == 1)
		seat->habit->cap /= 2;
	else if (seat->habit->cap < 2 * got)
		seat->habit->cap = cap_within(2 * got);
}

/* Sealed soon after reopening: stay with S longer the next time. */
void quota_habit_note_sealed(struct quota_seat *seat)
{
	struct quota_habit *habit = seat->habit;
	unsigned patience = habit->patience;

	if (habit->knows_sealed)
		return;
	stat_add(&seat->counts->sealed, 1);
	habit->knows_sealed = true;
	habit->singles = 0;
	if (seat->core->turn - habit->reopened_turn < 4 * patience)
		patience = 2 * patience < QUOTA_PATIENCE_MOST ? 2 * patience : QUOTA_PATIENCE_MOST;
	else
		patience = patience / 2 > QUOTA_PATIENCE_LEAST ? patience / 2
							       : QUOTA_PATIENCE_LEAST;
	habit->patience = (uint16_t)patience;
}

bool quota_habit_wants_to_open(const struct quota_seat *seat, uint64_t s)
{
	return seat->habit->singles >= seat->habit->patience && quota_available(s) >= 0 &&
	       quota_waiters(s) == 0 && !quota_seat_is_tiny(seat);
}

void quota_habit_note_open(struct quota_seat *seat)
{
	quota_pool_mask_set(seat->pool, seat->index);
	stat_add(&seat->counts->shared, 1);
	seat->habit->knows_sealed = false;
	seat->habit->reopened_turn = seat->core->turn;
}

void quota_habit_note_single(struct quota_seat *seat)
{
	if (seat->habit->singles < QUOTA_PATIENCE_MOST)
		seat->habit->singles++;
}
