/* SPDX-License-Identifier: Apache-2.0
 *
 * The engines' side of the quota pools. The words W, U and S are described in quota_word_priv.h;
 * the whole is told at more ease in doc/quota.md.
 *
 * Why the limit is never exceeded and "full" is never said too early:
 *
 *   I1  Conservation. available + all idle + all in flight + all uses = limit. Every step below
 *       moves units from one of the four to another, or is quota_set_limit(), which changes
 *       available and limit alike. In flight means: taken out of one word and not yet in the next.
 *   I2  Every unit that is idle or in flight is covered by S.open. Idle in a stash: the stash is
 *       OPEN, and S.open counts it. In flight to or from an engine that refills or returns: its
 *       stash is OPEN and BUSY; nobody can seal it, so it stays counted. In flight to an engine
 *       that reopens: the step on S that took the units also counted the engine. In flight from a
 *       stash that was sealed: the step on S that brings the units is the one that ends the count.
 *   I3  So one load of S that shows available <= 0 and open == 0 proves that nothing is idle or in
 *       flight, and by I1 that uses = limit - available >= limit, at the instant of that load.
 *       QUOTA_FULL is answered from such a load only. A use that waits in a pocket for the end of
 *       its turn has not been given back: it is in force. Who hears QUOTA_FULL has none in its own.
 *   I4  W is stored plainly by its owner only, and only while it is sealed or BUSY; every other
 *       change is a compare-and-swap. So no unit is lost to a store.
 *   I5  Nobody opens a stash while available < 0 or somebody waits: what comes back then belongs
 *       to the debt, or to who waits; and while somebody waits nobody else takes from S
 *       (quota_queue.c).
 *
 * Uses never exceed the limit: by I1, as long as available >= 0. quota_set_limit() makes available
 * negative; it returns when available >= 0 again, or when open == 0: then no unit is idle or in
 * flight (I2), none can be taken from S, none from a pocket (DEBT), and uses can only fall.
 *
 * A sealed engine notes in U first and gives to S afterwards, and takes from S first and notes
 * afterwards, with INTENT set between: whoever dies there has at most lost a unit, never doubled
 * one.
 *
 * Nobody waits here for another. A unit in another engine's hands for longer than a few looks
 * makes the answer QUOTA_AGAIN.
 */
#include "admit/quota_seat_priv.h"

enum {
	PROBES = 4, /* engines looked at before the shared pool is emptied */
	LOOKS = 64  /* at a unit in somebody's hands, before QUOTA_AGAIN */
};

/* What an attempt came to. */
enum attempt {
	GOT,    /* one use is ours */
	MOVED,  /* a word changed under us: look again */
	NOTHING /* nothing free was seen */
};

static struct quota_counts *counts_of(const struct quota_core *core, uint32_t id)
{
	return quota_counts_at(core->map, core->index, id);
}

/* Not what is drawn without a limit: there it says nothing. False: there is none. */
static bool count_borrowed(struct quota_core *core, uint32_t id, int64_t units)
{
	const struct quota_pool *pool = quota_pool_at(core->map, id);

	if (quota_number(&pool->limit) == QUOTA_UNLIMITED)
		return false;
	stat_add(&counts_of(core, id)->borrowed, (uint64_t)units);
	/* One by one while sealed: that was told. */
	if (units > 1)
		quota_trace_core(core, id, QUOTA_EVENT_BORROWED, units, 0);
	return true;
}

void quota_count_borrowed(struct quota_core *core, uint32_t id, int64_t units)
{
	if (count_borrowed(core, id, units))
		stat_add(&counts_of(core, id)->refills, 1);
}

/* Taking. */

/* From S, what we want or what there is; 0: nothing is there. */
static int64_t draw(struct quota_seat *seat, uint64_t s)
{
	while (quota_available(s) > 0) {
		int64_t available = quota_available(s);
		int64_t uses = quota_habit_wanted(seat) < available ? quota_habit_wanted(seat)
								    : available;

		if (quota_seat_swap(seat, &s, s - (uint64_t)uses * QUOTA_AVAIL_ONE)) {
			quota_habit_learn_from_pool(seat, available);
			quota_count_borrowed(seat->core, seat->id, uses);
			return uses;
		}
	}
	return 0;
}

/* Fills an empty stash that is OPEN and BUSY. A pool with a full batch comes first; a poor one
 * only when no near neighbour has plenty. */
static int64_t gather(struct quota_seat *seat, uint64_t s)
{
	int64_t available = quota_available(s);
	bool is_alone = quota_seat_is_tiny(seat);
	int64_t got = 0;

	if (available < quota_habit_wanted(seat) && !is_alone) {
		got = quota_search(seat, PROBES, available > 0 ? 2 * available : 1, false);
		if (got > 0)
			quota_habit_learn_from_peer(seat, got);
	}
	if (got == 0)
		got = draw(seat, s);
	if (got == 0 && !is_alone) {
		got = quota_search(seat, seat->core->map->cores, 0, false);
		if (got > 0)
			quota_habit_learn_from_peer(seat, got);
	}
	return got;
}

static enum attempt take_open(struct quota_seat *seat, uint64_t s, uint64_t w)
{
	int64_t got;

	if (quota_idle(w) > 0)
		return quota_swap(seat->stash, &w, w + QUOTA_USED_ONE - QUOTA_IDLE_ONE) ? GOT
											: MOVED;
	if (quota_available(s) <= 0 && quota_open_count(s) <= 1)
		return NOTHING;
	if (!quota_swap(seat->stash, &w, w | QUOTA_BUSY))
		return MOVED;
	got = gather(seat, s);
	if (got > 0)
		w += QUOTA_USED_ONE + (uint64_t)(got - 1) * QUOTA_IDLE_ONE;
	quota_store(seat->stash, w);
	return got > 0 ? GOT : NOTHING;
}

void quota_core_reopen(struct quota_core *core, uint32_t id, uint64_t w, int64_t used, int64_t idle)
{
	uint64_t open = quota_reopened(w, used, idle);
	struct quota_seat seat = quota_seat_at(core, id);

	quota_habit_note_open(&seat);
	stat_add(&counts_of(core, id)->reopened, 1);
	if (quota_number(&quota_pool_at(core->map, id)->limit) != QUOTA_UNLIMITED)
		quota_trace_core(core, id, QUOTA_EVENT_REOPENED, idle, 0);
	quota_store(quota_stash_at(core->map, core->index, id), open);
	quota_store(quota_change_at(core->map, core->index, id), quota_change_make(0, open, 0));
}

/* A batch from S, and the stash opens with it; 0: S changed. */
static bool take_and_open(struct quota_seat *seat, uint64_t *s, uint64_t w, int64_t change)
{
	int64_t available = quota_available(*s);
	int64_t uses = quota_habit_wanted(seat) < available ? quota_habit_wanted(seat) : available;

	if (!quota_seat_swap(seat, s, *s - (uint64_t)uses * QUOTA_AVAIL_ONE + QUOTA_OPEN_ONE))
		return false;
	quota_habit_learn_from_pool(seat, available);
	quota_count_borrowed(seat->core, seat->id, uses);
	quota_core_reopen(seat->core, seat->id, w, quota_used(w) + change + 1, uses - 1);
	return true;
}

static void put_in_pocket(struct quota_core *core, uint32_t id, uint32_t uses)
{
	struct pocket *pocket = &core->pockets[id];

	pocket->uses += uses;
	if (pocket->is_listed)
		return;
	pocket->is_listed = true;
	core->listed[core->listed_count++] = id;
}

/* What those who ask next in this turn will want: it is theirs and in force from the step that
 * takes it, also when the limit falls before they ask. */
static int64_t for_the_next(const struct quota_seat *seat, uint64_t s)
{
	const struct quota_core *core = seat->core;
	int64_t rest = quota_takeable(s) - seat->reserve - 1;

	if (LIKELY(core->expected == 0) || core->expected_id != seat->id ||
	    quota_load(&seat->pool->mode) & (QUOTA_DEBT | QUOTA_QUEUE | QUOTA_FROZEN))
		return 0;
	return core->expected < rest ? core->expected : rest;
}

static bool take_single(struct quota_seat *seat, uint64_t *s, uint64_t w, int64_t change)
{
	int64_t next = for_the_next(seat, *s), uses = 1 + next;

	if (!quota_seat_swap(seat, s, *s - (uint64_t)uses * QUOTA_AVAIL_ONE))
		return false;
	if (count_borrowed(seat->core, seat->id, uses))
		stat_add(&seat->counts->borrowed_sealed, (uint64_t)uses);
	quota_habit_note_single(seat);
	quota_store(seat->change, quota_change_make(change + uses, w, 0));
	seat->core->reserved += (uint32_t)next;
	return true;
}

/* One by one while sealed; after enough of these, a batch. */
static enum attempt take_from_pool(struct quota_seat *seat, uint64_t s, uint64_t w, int64_t change)
{
	quota_store(seat->change, quota_change_make(change, w, QUOTA_INTENT));
	while (quota_takeable(s) > seat->reserve)
		if (quota_habit_wants_to_open(seat, s) ? take_and_open(seat, &s, w, change)
						       : take_single(seat, &s, w, change))
			return GOT;
	quota_store(seat->change, quota_change_make(change, w, 0));
	return MOVED;
}

static enum attempt take_from_peer(struct quota_seat *seat, uint64_t w, int64_t change)
{
	int64_t got;

	quota_store(seat->change, quota_change_make(change, w, QUOTA_INTENT));
	got = quota_search(seat, seat->core->map->cores, 0, true);
	if (got > 0)
		quota_habit_note_single(seat);
	quota_store(seat->change, quota_change_make(change + got, w, 0));
	return got > 0 ? GOT : NOTHING;
}

static int64_t change_now(const struct quota_seat *seat, uint64_t w)
{
	/* Ours alone while the stash is sealed: relaxed reads our own store. */
	quota_chaos(seat->change, QUOTA_STEP_LOAD);
	return quota_change(atomic_load_explicit(seat->change, memory_order_relaxed), w);
}

static enum attempt take_sealed(struct quota_seat *seat, uint64_t s, uint64_t w)
{
	int64_t change = change_now(seat, w);

	quota_habit_note_sealed(seat);
	if (quota_takeable(s) > seat->reserve)
		return take_from_pool(seat, s, w, change);
	if (quota_open_count(s) > 0 && !quota_seat_is_tiny(seat))
		return take_from_peer(seat, w, change);
	return NOTHING;
}

/* *s: what it went by. */
static enum attempt attempt(struct quota_seat *seat, uint64_t *s)
{
	uint64_t w;

	*s = quota_pool_load(seat->pool);
	w = quota_load(seat->stash);
	quota_habit_refresh(seat);
	seat->used = quota_used(w) + change_now(seat, w);
	return w & QUOTA_OPEN ? take_open(seat, *s, w) : take_sealed(seat, *s, w);
}

static bool is_decided(const struct quota_seat *seat, uint64_t s)
{
	return quota_takeable(s) > seat->reserve || quota_open_count(s) == 0;
}

static enum quota_result full(struct quota_core *core, enum quota_why why)
{
	core->why = why;
	return QUOTA_FULL;
}

/* S decides (I3), after what is idle elsewhere was brought there. */
static enum quota_result take_slow(struct quota_core *core, uint32_t id, int64_t reserve)
{
	struct quota_seat seat = quota_seat_at(core, id);

	seat.reserve = reserve;
	for (unsigned looks = 0; looks < LOOKS;) {
		uint64_t s;
		enum attempt end = attempt(&seat, &s);

		if (end == GOT)
			return QUOTA_OK;
		if (end == MOVED)
			continue;
		/* One look that shows that it is full is enough; else S may have moved since. */
		if (quota_takeable(s) > reserve || quota_open_count(s) > 0)
			s = quota_pool_load(seat.pool);
		if (quota_takeable(s) > reserve)
			continue;
		if (quota_open_count(s) == 0)
			return full(core,
				    quota_takeable(s) > 0 ? QUOTA_WHY_RESERVE : QUOTA_WHY_FULL);
		if (quota_search_and_seal(&seat, looks % 4 == 0) &&
		    is_decided(&seat, quota_pool_load(seat.pool)))
			continue;
		looks++;
		quota_pause();
	}
	core->why = QUOTA_WHY_IN_HANDS;
	return QUOTA_AGAIN;
}

static int64_t used_now(const struct quota_seat *seat)
{
	uint64_t w = quota_load(seat->stash);

	return quota_used(w) + change_now(seat, w);
}

/* One use, not out of the own stash or pocket. */
static void count_drawn(struct quota_core *core, uint32_t id)
{
	struct quota_seat seat = quota_seat_at(core, id);

	stat_add(&seat.counts->drawn, 1);
	stat_raise(&seat.counts->peak, (uint64_t)used_now(&seat));
}

/* What was granted is counted where it is. */
static enum quota_result counted(const struct quota_core *core, uint32_t id,
				 enum quota_result result)
{
	struct quota_counts *counts = counts_of(core, id);

	if (result == QUOTA_FULL)
		stat_add(&counts->refused, 1);
	else if (result == QUOTA_AGAIN)
		stat_add(&counts->undecided, 1);
	return result;
}

/* In debt, or while some may wait, nothing is handed on: what lies in the pocket is theirs, and
 * they get it before anybody hears that it is full. */
static void empty_pocket(struct quota_core *core, uint32_t id)
{
	uint32_t uses = core->pockets[id].uses;

	core->pockets[id].uses = 0;
	quota_core_give(core, id, uses);
}

/* A use given back in this very turn is still in force: handing it on changes no count. */
static inline bool take_own(struct quota_core *core, uint32_t id, uint64_t mode)
{
	_Atomic uint64_t *stash = quota_stash_at(core->map, core->index, id);
	struct quota_counts *counts = counts_of(core, id);
	uint64_t w;

	if (core->pockets[id].uses > 0) {
		if (LIKELY(!(mode & (QUOTA_DEBT | QUOTA_QUEUE)))) {
			core->pockets[id].uses--;
			stat_add(&counts->pocket, 1);
			return true;
		}
		empty_pocket(core, id);
	}
	w = quota_load(stash);
	while (quota_idle(w) > 0)
		if (quota_swap(stash, &w, w + QUOTA_USED_ONE - QUOTA_IDLE_ONE)) {
			stat_add(&counts->local, 1);
			stat_raise(&counts->peak, (uint64_t)quota_used(w) + 1);
			return true;
		}
	return false;
}

static enum quota_result take_shared(struct quota_core *core, uint32_t id, uint64_t mode,
				     int64_t reserve)
{
	enum quota_result result = mode & QUOTA_PATENT ? quota_patent_take(core, id)
						       : take_slow(core, id, reserve);

	if (result == QUOTA_OK)
		count_drawn(core, id);
	return result;
}

enum quota_result quota_take_free(struct quota_core *core, uint32_t id, uint64_t mode,
				  int64_t reserve)
{
	return take_own(core, id, mode) ? QUOTA_OK : take_shared(core, id, mode, reserve);
}

static bool take_reserved(struct quota_core *core, uint32_t id)
{
	if (LIKELY(core->expected == 0) || core->expected_id != id)
		return false;
	core->expected--;
	if (core->reserved == 0)
		return false;
	core->reserved--;
	return true;
}

/* What is kept for those who did not come is free again. */
static void expect_at_most(struct quota_core *core, uint32_t clients)
{
	uint32_t uses = core->reserved > clients ? core->reserved - clients : 0;

	core->expected = clients;
	core->reserved -= uses;
	if (uses == 0)
		return;
	stat_add(&counts_of(core, core->expected_id)->unwanted, uses);
	quota_core_give(core, core->expected_id, uses);
}

enum quota_result quota_take_as(struct quota_core *core, uint32_t id, enum quota_class class)
{
	uint64_t mode = quota_load(&quota_pool_at(core->map, id)->mode);

	if (UNLIKELY(take_reserved(core, id))) {
		stat_add(&counts_of(core, id)->drawn, 1);
		return QUOTA_OK;
	}
	if (UNLIKELY(mode & QUOTA_GUARDED))
		return counted(core, id, quota_guard_take(core, id, mode, class));
	if (LIKELY(take_own(core, id, mode)))
		return QUOTA_OK;
	return counted(core, id, take_shared(core, id, mode, 0));
}

void quota_expect(struct quota_core *core, uint32_t id, uint32_t clients)
{
	must(id < core->map->pools);
	if (core->expected_id != id)
		expect_at_most(core, 0);
	core->expected_id = id;
	expect_at_most(core, clients);
}

enum quota_result quota_take(struct quota_core *core, uint32_t id)
{
	return quota_take_as(core, id, QUOTA_CLASS_PLAIN);
}

enum quota_why quota_why(const struct quota_core *core)
{
	return core->why;
}

/* Giving. */

/* How many of `idle` go back to S: down to half the cap, never below the floor. */
static int64_t surplus(const struct quota_seat *seat, int64_t idle, int64_t held)
{
	int64_t cap = seat->habit->cap;
	int64_t floor = atomic_load_explicit(&seat->pool->floor, memory_order_relaxed);
	int64_t above_cap = idle - cap / 2;
	int64_t above_floor = held - floor;

	if (UNLIKELY(quota_is_patent(seat->pool)))
		return quota_patent_surplus(seat->pool, idle, held);
	if (idle <= cap || above_floor <= 0)
		return 0;
	return above_cap < above_floor ? above_cap : above_floor;
}

/* False: the stash is sealed, and *w says so. */
static bool give_open(struct quota_seat *seat, uint64_t *w, int64_t uses)
{
	while (*w & QUOTA_OPEN) {
		int64_t back = surplus(seat, quota_idle(*w) + uses,
				       quota_used(*w) + quota_idle(*w));
		uint64_t next = *w - (uint64_t)uses * QUOTA_USED_ONE +
				(uint64_t)(uses - back) * QUOTA_IDLE_ONE;

		must(quota_used(*w) >= uses);
		if (!quota_swap(seat->stash, w, back > 0 ? next | QUOTA_BUSY : next))
			continue;
		if (back > 0) {
			stat_add(&seat->counts->returned, (uint64_t)back);
			if (back > 1)
				quota_trace_core(seat->core, seat->id, QUOTA_EVENT_RETURNED, back,
						 0);
			(void)quota_seat_add(seat, back); /* open: nobody waits */
			quota_store(seat->stash, next);
		}
		return true;
	}
	return false;
}

/* Whether a sealed engine opens with the uses that come back. */
static bool wants_to_keep(const struct quota_seat *seat, uint64_t s, int64_t uses, int64_t held)
{
	if (LIKELY(!quota_is_patent(seat->pool)))
		return quota_habit_wants_to_open(seat, s);
	return quota_available(s) >= 0 && quota_patent_surplus(seat->pool, uses, held) == 0;
}

/* Reopens with the uses that come back, unless somebody is owed them. */
static bool give_and_open(struct quota_seat *seat, uint64_t w, int64_t change, int64_t uses)
{
	uint64_t s = quota_pool_load(seat->pool);

	while (wants_to_keep(seat, s, uses, quota_used(w) + change + uses))
		if (quota_seat_swap(seat, &s, s + QUOTA_OPEN_ONE)) {
			quota_core_reopen(seat->core, seat->id, w, quota_used(w) + change, uses);
			return true;
		}
	return false;
}

void quota_core_give(struct quota_core *core, uint32_t id, int64_t uses)
{
	struct quota_seat seat = quota_seat_at(core, id);
	uint64_t w = quota_load(seat.stash), before;
	int64_t change;

	if (give_open(&seat, &w, uses))
		return;
	quota_habit_note_sealed(&seat);
	change = change_now(&seat, w) - uses;
	must(quota_used(w) + change >= 0);
	quota_store(seat.change, quota_change_make(change, w, QUOTA_INTENT));
	if (give_and_open(&seat, w, change, uses))
		return;
	stat_add(&seat.counts->returned, (uint64_t)uses);
	stat_add(&seat.counts->returned_sealed, (uint64_t)uses);
	quota_habit_note_single(&seat);
	before = quota_seat_add(&seat, uses);
	quota_store(seat.change, quota_change_make(change, w, 0));
	if (UNLIKELY(quota_available(before) < 0 && quota_available(before) + uses >= 0))
		quota_trace_core(core, id, QUOTA_EVENT_DEBT_ENDED, 0, 0);
	if (UNLIKELY(quota_waiters(before) > 0))
		quota_queue_serve(core->map, id, core->index + 1);
}

/* A use of S went to the line's first in one step, and came here. */
void quota_core_note_use(struct quota_core *core, uint32_t id)
{
	struct quota_seat seat = quota_seat_at(core, id);
	uint64_t w = quota_load(seat.stash);

	while (w & QUOTA_OPEN && !quota_swap(seat.stash, &w, w + QUOTA_USED_ONE))
		continue;
	if (!(w & QUOTA_OPEN))
		quota_store(seat.change, quota_change_make(change_now(&seat, w) + 1, w, 0));
	stat_add(&seat.counts->shared, 1);
	count_drawn(core, id);
}

void quota_give(struct quota_core *core, uint32_t id)
{
	uint64_t mode = quota_load(&quota_pool_at(core->map, id)->mode);

	if ((mode & (QUOTA_DEBT | QUOTA_SETTLE)) != QUOTA_SETTLE && !(mode & QUOTA_FROZEN)) {
		quota_core_give(core, id, 1);
		if (UNLIKELY(mode & QUOTA_RETURNING))
			quota_guard_given(core, id);
		return;
	}
	put_in_pocket(core, id, 1);
}

void quota_turn_end(struct quota_core *core)
{
	uint32_t frozen = QUOTA_NONE;

	core->turn++;
	expect_at_most(core, 0);
	if (UNLIKELY(quota_load(&quota_head_at(core->map)->audit) != core->audit))
		quota_audit_hear(core);
	while (core->listed_count > 0) {
		uint32_t id = core->listed[--core->listed_count];
		uint32_t uses = core->pockets[id].uses;

		if (UNLIKELY(id == core->frozen)) {
			frozen = id;
			continue;
		}
		core->pockets[id] = (struct pocket){ 0 };
		if (uses > 0)
			quota_core_give(core, id, uses);
	}
	if (UNLIKELY(frozen != QUOTA_NONE))
		core->listed[core->listed_count++] = frozen;
}
