/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_seat_priv.h"

/* The next open engine from *at on, round once, by the hint; *left counts down the engines not yet
 * passed. False: passed all. */
static bool next_open(const struct quota_seat *seat, unsigned *at, unsigned *left)
{
	unsigned cores = seat->core->map->cores;

	while (*left > 0) {
		uint64_t mask = quota_load(&seat->pool->open_mask[*at / 64]) >> *at % 64;
		unsigned span = 64 - *at % 64 < cores - *at ? 64 - *at % 64 : cores - *at;
		unsigned step = mask != 0 ? (unsigned)__builtin_ctzll(mask) : 64;

		if (step < span) {
			*at += step;
			*left = *left > step ? *left - step - 1 : 0;
			return true;
		}
		*left = *left > span ? *left - span : 0;
		*at = *at + span < cores ? *at + span : 0;
	}
	return false;
}

/* Takes uses out of another engine's stash if it has more than `above`: half, or one. */
static int64_t rob(const struct quota_seat *seat, unsigned victim, int64_t above, bool takes_one)
{
	_Atomic uint64_t *stash = quota_stash_at(seat->core->map, victim, seat->id);
	uint64_t w = quota_load(stash);

	while (quota_is_takeable(w) && quota_idle(w) > above) {
		int64_t uses = takes_one ? 1 : (quota_idle(w) + 1) / 2;

		stat_add(&seat->counts->shared, 1);
		if (quota_swap(stash, &w, w - (uint64_t)uses * QUOTA_IDLE_ONE)) {
			stat_add(&seat->counts->reclaimed, (uint64_t)uses);
			stat_add(&seat->counts->steals, 1);
			quota_trace_core(seat->core, seat->id, QUOTA_EVENT_RECLAIMED, uses, victim);
			return uses;
		}
	}
	return 0;
}

int64_t quota_search(struct quota_seat *seat, unsigned looks, int64_t above, bool takes_one)
{
	unsigned cores = seat->core->map->cores;
	unsigned left = cores, at = seat->habit->cursor;
	int64_t got = 0;

	while (looks-- > 0 && next_open(seat, &at, &left)) {
		if (at != seat->index)
			got = rob(seat, at, above, takes_one);
		seat->habit->cursor = (uint8_t)at;
		if (got > 0)
			break;
		at = at + 1 < cores ? at + 1 : 0;
	}
	return got;
}

/* How much came out of it. */
static int64_t seal_peer(const struct quota_seat *seat, unsigned victim, bool *is_busy)
{
	struct quota_sealing sealing = quota_pool_seal(
		seat->pool, quota_stash_at(seat->core->map, victim, seat->id), victim);

	*is_busy = *is_busy || sealing.is_busy;
	stat_add(&seat->counts->shared, sealing.swaps + (sealing.was_open ? 2 : 0));
	if (sealing.was_open)
		stat_add(&seat->counts->seals, 1);
	if (sealing.got > 0)
		stat_add(&seat->counts->reclaimed, (uint64_t)sealing.got);
	return sealing.got;
}

bool quota_search_and_seal(struct quota_seat *seat, bool by_hint)
{
	unsigned cores = seat->core->map->cores;
	unsigned at = seat->index, left = cores;
	int64_t got = quota_seat_seal(seat);
	bool is_busy = false;

	if (got > 0)
		quota_trace_core(seat->core, seat->id, QUOTA_EVENT_SEALED, got, seat->index);
	while (got == 0 && (by_hint ? next_open(seat, &at, &left) : left-- > 0)) {
		if (at != seat->index)
			got = seal_peer(seat, at, &is_busy);
		if (got > 0)
			quota_trace_core(seat->core, seat->id, QUOTA_EVENT_SEALED, got, at);
		at = at + 1 < cores ? at + 1 : 0;
	}
	return !is_busy;
}
