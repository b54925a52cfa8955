/* SPDX-License-Identifier: Apache-2.0
 *
 * The shared word holds a position P. A(t) = rate * t is what time has brought since the rate was
 * set. The bucket has room R and holds A(t) + R - max(P, A(t)), so it is never fuller than R;
 * taking n moves P to max(P, A(t)) + n, if that is at most A(t) + R. P, A and R are whole numbers:
 * of millionths of a unit where the rate is low, so that A is exact in every microsecond; else of
 * units, where A falls short by less than one, and R is one less to make up for it.
 *
 * Every window: look at the grants whose clocks lie in [a, b], in the order of their swaps. The
 * last left P at most A(b) + R, the first found at least A(a): so together they are at most
 * A(b) - A(a) + R. What an engine had in its stash before a adds at most c each. With
 * R = burst - N * c that is rate * (b - a) + burst. What is given back was granted before; it comes
 * out of the window's sum, or goes back into a stash (at most c) or the bucket (at most R).
 *
 * A new rate is written beside the old one, then P and the number of the rate change in one swap;
 * whoever read the old one fails in its own swap. Stashes filled under an older rate are dropped.
 *
 * A death at any step grants nothing: P moves before a stash fills, and a stash shrinks before the
 * bucket gets back what it had too much.
 */
#include "admit/quota_rate.h"

#include "admit/quota_word_priv.h"
#include "record/stat.h"

#include <stdalign.h>

enum {
	SETTINGS = 8,
	STASH_PART = 4,      /* of the burst, for all stashes together */
	LEAST_EACH = 100,    /* units a second for each engine, else no stashes */
	NOTE_EVERY_US = 500, /* refusals are noted for all to see */
	EXACT_MOST = 16384   /* units a second: P holds for two years of millionths */
};

#define SECOND_US ((uint64_t)1000000)

/* Written by control while no swap can succeed with it. Relaxed: the swap of `position` that makes
 * it valid releases it, and the load of `position` acquires it. */
struct setting {
	_Atomic uint64_t per_second, room, stash, start_us;
	_Atomic uint64_t scale; /* of P and room: SECOND_US to a unit, or 1 */
};

/* Owner: the engine; others read the numbers. */
struct rate_core {
	alignas(64) uint64_t stash;
	uint64_t number; /* of the rate that filled it */
	struct stat_number granted, refused;
};

struct quota_rate {
	alignas(64) _Atomic uint64_t position; /* P:61 | setting:3 */
	alignas(64) _Atomic uint64_t number;   /* counts the settings; read-mostly */
	struct setting settings[SETTINGS];
	_Atomic uint64_t burst;
	unsigned cores;
	alignas(64) _Atomic uint64_t refused_us; /* the last refusal; 0: none yet */
	struct rate_core core[];
};

static uint64_t get(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void put(_Atomic uint64_t *number, uint64_t value)
{
	quota_chaos(number, QUOTA_STEP_STORE);
	atomic_store_explicit(number, value, memory_order_relaxed);
}

static const struct setting *setting_of(const struct quota_rate *rate, uint64_t position)
{
	return &rate->settings[position % SETTINGS];
}

/* A(t) */
static uint64_t brought(const struct setting *setting, uint64_t now_us)
{
	uint64_t start_us = get(&setting->start_us), per_second = get(&setting->per_second);
	uint64_t us = now_us > start_us ? now_us - start_us : 0;

	if (get(&setting->scale) > 1)
		return us * per_second;
	return us / SECOND_US * per_second + us % SECOND_US * per_second / SECOND_US;
}

/* max(P, A(t)) */
static uint64_t base_of(const struct setting *setting, uint64_t position, uint64_t now_us)
{
	uint64_t have = brought(setting, now_us);

	return position / SETTINGS > have ? position / SETTINGS : have;
}

/* What the bucket holds, by the scale of P. */
static uint64_t fine_level_of(const struct setting *setting, uint64_t position, uint64_t now_us)
{
	uint64_t top = brought(setting, now_us) + get(&setting->room);
	uint64_t base = base_of(setting, position, now_us);

	return top > base ? top - base : 0;
}

/* In units. */
static uint64_t level_of(const struct setting *setting, uint64_t position, uint64_t now_us)
{
	return fine_level_of(setting, position, now_us) / get(&setting->scale);
}

/* --- control --- */

static uint64_t stash_for(unsigned cores, uint64_t per_second, uint64_t burst)
{
	return per_second < (uint64_t)LEAST_EACH * cores ? 0 : burst / STASH_PART / cores;
}

/* Of the bucket, by the scale. */
static uint64_t room_for(uint64_t units, uint64_t scale)
{
	return scale > 1 || units == 1 ? units * scale : units - 1;
}

static void write_setting(struct quota_rate *rate, uint64_t number, uint64_t per_second,
			  uint64_t burst, uint64_t now_us)
{
	struct setting *setting = &rate->settings[number % SETTINGS];
	uint64_t stash = stash_for(rate->cores, per_second, burst);
	uint64_t scale = per_second <= EXACT_MOST ? SECOND_US : 1;

	put(&setting->per_second, per_second);
	put(&setting->scale, scale);
	put(&setting->stash, stash);
	put(&setting->room, room_for(burst - stash * rate->cores, scale));
	put(&setting->start_us, now_us);
	put(&rate->burst, burst);
}

size_t quota_rate_size(unsigned cores)
{
	return sizeof(struct quota_rate) + cores * sizeof(struct rate_core);
}

void quota_rate_init(struct quota_rate *rate, unsigned cores, uint64_t per_second, uint64_t burst,
		     uint64_t now_us)
{
	must(cores > 0 && per_second <= QUOTA_RATE_MOST && burst > 0 && burst <= QUOTA_RATE_MOST);
	rate->cores = cores;
	write_setting(rate, 0, per_second, burst, now_us);
}

/* The setting in force is the one that the position names: who died between that swap and the
 * number's store must not have it written over. */
void quota_rate_revive(struct quota_rate *rate)
{
	uint64_t number = get(&rate->number);

	if (quota_load(&rate->position) % SETTINGS != number % SETTINGS)
		put(&rate->number, number + 1);
	for (unsigned core = 0; core < rate->cores; core++)
		rate->core[core].stash = 0;
}

/* From one scale to another, down. */
static uint64_t rescaled(uint64_t number, uint64_t from, uint64_t to)
{
	return from > to ? number / from : number * (to / from);
}

/* P under the new rate, which has brought nothing so far: what is left of the old burst stays. */
static uint64_t position_under(const struct setting *new, const struct setting *old,
			       uint64_t position, uint64_t now_us)
{
	uint64_t from = get(&old->scale), to = get(&new->scale), room = get(&new->room);
	uint64_t top = brought(old, now_us) + get(&old->room);
	uint64_t base = base_of(old, position, now_us), left;

	/* Engines whose clock is ahead of ours may have taken more than there is by ours: then the
	 * new rate has to bring that first. */
	if (base > top)
		return room + rescaled(base - top + from - 1, from, to);
	left = rescaled(top - base, from, to);
	return room > left ? room - left : 0;
}

void quota_rate_set(struct quota_rate *rate, uint64_t per_second, uint64_t burst, uint64_t now_us)
{
	uint64_t number = get(&rate->number) + 1, position = quota_load(&rate->position), next;
	const struct setting *new = &rate->settings[number % SETTINGS];

	must(per_second <= QUOTA_RATE_MOST && burst > 0 && burst <= QUOTA_RATE_MOST);
	write_setting(rate, number, per_second, burst, now_us);
	do
		next = position_under(new, setting_of(rate, position), position, now_us);
	while (!quota_swap(&rate->position, &position, next * SETTINGS + number % SETTINGS));
	quota_store(&rate->number, number);
}

/* --- engines --- */

static void note_refused(struct quota_rate *rate, struct rate_core *core, uint64_t now_us)
{
	stat_add(&core->refused, 1);
	if (now_us > get(&rate->refused_us) + NOTE_EVERY_US)
		put(&rate->refused_us, now_us);
}

/* From `least` to `most` out of the bucket; 0: they are not there. */
static uint64_t draw(struct quota_rate *rate, uint64_t now_us, uint64_t least, uint64_t most)
{
	uint64_t position = quota_load(&rate->position);

	for (;;) {
		const struct setting *setting = setting_of(rate, position);
		uint64_t level = level_of(setting, position, now_us);
		uint64_t units = level < most ? level : most;
		uint64_t base = base_of(setting, position, now_us);

		if (units < least || units == 0)
			return 0;
		if (quota_swap(&rate->position, &position,
			       (base + units * get(&setting->scale)) * SETTINGS +
				       position % SETTINGS))
			return units;
	}
}

static uint64_t stash_most(const struct quota_rate *rate)
{
	return get(&setting_of(rate, quota_load(&rate->position))->stash);
}

/* Stashes of another rate are void. */
static void check_stash(const struct quota_rate *rate, struct rate_core *core)
{
	uint64_t number = atomic_load_explicit(&rate->number, memory_order_acquire);

	if (core->number == number)
		return;
	core->number = number;
	core->stash = 0;
}

static uint64_t spend(struct rate_core *core, uint64_t most)
{
	uint64_t units = core->stash < most ? core->stash : most;

	core->stash -= units;
	stat_add(&core->granted, units);
	return units;
}

uint64_t quota_rate_take(struct quota_rate *rate, unsigned index, uint64_t now_us, uint64_t least,
			 uint64_t most)
{
	struct rate_core *core = &rate->core[index];
	uint64_t stash, more;

	must(index < rate->cores && least <= most);
	check_stash(rate, core);
	if (core->stash >= least)
		return spend(core, most);
	stash = stash_most(rate);
	more = quota_rate_most_at_once(rate);
	if (least > more)
		least = more;
	more = core->stash >= least
		       ? 0
		       : draw(rate, now_us, least - core->stash, most - core->stash + stash);
	core->stash += more;
	if (core->stash < least || core->stash == 0) {
		note_refused(rate, core, now_us);
		return 0;
	}
	more = spend(core, most);
	/* Drawn under a lower limit than the one looked at, or the other way round: keep less. */
	if (core->stash > stash)
		core->stash = stash;
	return more;
}

void quota_rate_give(struct quota_rate *rate, unsigned index, uint64_t units)
{
	struct rate_core *core = &rate->core[index];
	uint64_t position, back, most, next, fine;

	must(index < rate->cores);
	check_stash(rate, core);
	stat_subtract(&core->granted, units);
	most = stash_most(rate);
	core->stash += units;
	if (core->stash <= most)
		return;
	back = core->stash - most;
	core->stash = most;
	position = quota_load(&rate->position);
	do {
		fine = back * get(&setting_of(rate, position)->scale);
		next = position / SETTINGS > fine ? position - fine * SETTINGS
						  : position % SETTINGS;
	} while (!quota_swap(&rate->position, &position, next));
}

/* --- looking --- */

uint64_t quota_rate_free(const struct quota_rate *rate, uint64_t now_us)
{
	uint64_t position = quota_load(&rate->position);

	return level_of(setting_of(rate, position), position, now_us);
}

bool quota_rate_has_room(const struct quota_rate *rate, uint64_t now_us, uint64_t reserve)
{
	return quota_rate_free(rate, now_us) > reserve;
}

uint64_t quota_rate_when(const struct quota_rate *rate, uint64_t now_us, uint64_t units)
{
	uint64_t position = quota_load(&rate->position);
	const struct setting *setting = setting_of(rate, position);
	uint64_t per_second = get(&setting->per_second), scale = get(&setting->scale);
	uint64_t level = fine_level_of(setting, position, now_us), missing;

	if (level >= units * scale)
		return now_us;
	missing = units * scale - level;
	if (per_second == 0 || units > quota_rate_most_at_once(rate))
		return UINT64_MAX;
	if (scale > 1)
		return now_us + (missing + per_second - 1) / per_second;
	/* One more for the part of a unit that A(t) cuts off. */
	return now_us + missing / per_second * SECOND_US +
	       (missing % per_second * SECOND_US + per_second - 1) / per_second + 1;
}

bool quota_rate_is_reached(const struct quota_rate *rate, uint64_t now_us, uint64_t calm_us)
{
	uint64_t refused_us = get(&rate->refused_us);

	return refused_us != 0 && now_us < refused_us + calm_us;
}

uint64_t quota_rate_most_at_once(const struct quota_rate *rate)
{
	const struct setting *setting = setting_of(rate, quota_load(&rate->position));

	return get(&setting->room) / get(&setting->scale);
}

void quota_rate_read(const struct quota_rate *rate, struct quota_rate_view *view)
{
	*view = (struct quota_rate_view){
		.per_second = get(&setting_of(rate, quota_load(&rate->position))->per_second),
		.burst = get(&rate->burst),
	};
	for (unsigned core = 0; core < rate->cores; core++) {
		view->granted += stat_read(&rate->core[core].granted);
		view->refused += stat_read(&rate->core[core].refused);
	}
}
