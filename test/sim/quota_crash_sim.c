/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: an engine may die before any operation on a shared word, whatever it is doing and
 * whatever another engine is in the middle of. After quota_core_dead() the uses never exceed the
 * limit; what is missing is what the one operation in flight had moved, never less than nothing;
 * and those that live admit every unit that is left.
 *
 * Enumerated: from some thousand states, each the end of a short history by a seed, an engine
 * takes, gives or ends its turn and dies before its 1st, 2nd, ... operation, while another engine
 * stands before its 1st, 2nd, ... operation, and goes on afterwards. QUOTA_CALLS multiplies the
 * states.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENGINES_MOST = 4, VICTIM = 0, OTHER = 1, STATES = 600, OPERATIONS_MOST = 400 };

enum act { ACT_TAKE, ACT_GIVE, ACT_TURN_END, ACTS };

/* What is promised of every death is promised of each of these kinds, so each must occur. */
enum death {
	DEATH_BUSY_EMPTY,  /* its stash BUSY, nothing in its hands */
	DEATH_BUSY_LOADED, /* ... and units in its hands */
	DEATH_NOTING,      /* sealed, INTENT set */
	DEATH_NOTING_LOADED,
	DEATH_SEALER,     /* another engine's stash was sealed, S does not know */
	DEATH_REOPENING,  /* S counts it as open, its stash is not */
	DEATH_OTHER_BUSY, /* the other engine is BUSY meanwhile */
	DEATH_IN_DEBT,
	DEATH_PATENT,
	DEATH_TINY,
	DEATH_SETTLING, /* uses in its pocket */
	DEATHS
};

static const char *const death_names[DEATHS] = { "busy",
						 "busy with units",
						 "noting",
						 "noting with units",
						 "sealing another",
						 "reopening",
						 "other busy",
						 "in debt",
						 "patent",
						 "tiny",
						 "settling" };

struct theatre {
	struct quota_map *map;
	struct quota_core *cores[ENGINES_MOST];
	int64_t held[ENGINES_MOST];
	uint32_t pool;
	unsigned engines;
	int64_t limit, limit_before; /* now; and at the beginning */
	bool is_patent;
	uint64_t random;
};

/* A call of one engine. */
struct call {
	struct theatre *theatre;
	unsigned engine;
	enum act act;
};

static uint64_t deaths[DEATHS], all_deaths, largest_leak;
static uint64_t seed_now;

static uint64_t draw(struct theatre *theatre, uint64_t below)
{
	uint64_t z = theatre->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

static void do_act(void *argument)
{
	const struct call *call = argument;
	struct theatre *theatre = call->theatre;
	struct quota_core *core = theatre->cores[call->engine];

	if (call->act == ACT_TURN_END) {
		quota_turn_end(core);
	} else if (call->act == ACT_TAKE || theatre->held[call->engine] == 0) {
		if (quota_take(core, theatre->pool) == QUOTA_OK)
			theatre->held[call->engine]++;
	} else {
		theatre->held[call->engine]--;
		quota_give(core, theatre->pool);
	}
}

/* How a state comes about. */

static void set_random_limit(struct theatre *theatre)
{
	theatre->limit = (int64_t)draw(theatre, (uint64_t)theatre->limit_before + 1);
	quota_set_limit(theatre->map, theatre->pool, theatre->limit);
}

/* Some engines want much for some time, so that the pool is at its limit half of the time. */
static void live_through(struct theatre *theatre, unsigned acts)
{
	unsigned eager = (unsigned)draw(theatre, theatre->engines);
	bool is_filling = draw(theatre, 2) == 0;

	for (unsigned i = 0; i < acts; i++) {
		unsigned who = draw(theatre, 3) > 0 ? eager
						    : (unsigned)draw(theatre, theatre->engines);
		struct call call = { theatre, who, ACT_TURN_END };

		if (draw(theatre, 20) == 0) {
			eager = (unsigned)draw(theatre, theatre->engines);
			is_filling = !is_filling;
		}
		if (draw(theatre, 40) == 0)
			set_random_limit(theatre);
		if (draw(theatre, 8) != 0)
			call.act = draw(theatre, 8) == 0 ? (is_filling ? ACT_GIVE : ACT_TAKE)
							 : (is_filling ? ACT_TAKE : ACT_GIVE);
		do_act(&call);
	}
}

static void set_up(struct theatre *theatre, uint64_t seed)
{
	static const int64_t limits[] = { 1, 3, 7, 12, 30, 30, 100, 300 };
	unsigned acts;

	*theatre = (struct theatre){ .random = seed };
	theatre->engines = 2 + (unsigned)draw(theatre, ENGINES_MOST - 1);
	theatre->limit = theatre->limit_before = limits[draw(theatre, 8)];
	theatre->is_patent = draw(theatre, 4) == 0;
	theatre->map = quota_map_new(theatre->engines, 1);
	must(theatre->map != NULL);
	theatre->pool = quota_open(theatre->map, theatre->limit, 80, 10);
	if (theatre->is_patent)
		quota_set_mode(theatre->map, theatre->pool, QUOTA_MODE_PATENT);
	for (unsigned i = 0; i < theatre->engines; i++)
		theatre->cores[i] = quota_core_new(theatre->map, i);
	acts = (unsigned)draw(theatre, 2 * (uint64_t)theatre->limit + 40);
	live_through(theatre, acts < 300 ? acts : 300);
}

static void tear_down(struct theatre *theatre)
{
	for (unsigned i = 0; i < theatre->engines; i++)
		quota_core_free(theatre->cores[i]);
	quota_map_free(theatre->map);
}

/* What the words say. */

static uint64_t stash_of(const struct theatre *theatre, unsigned engine)
{
	return quota_load(quota_stash_at(theatre->map, engine, theatre->pool));
}

static uint64_t change_of(const struct theatre *theatre, unsigned engine)
{
	return quota_load(quota_change_at(theatre->map, engine, theatre->pool));
}

static uint64_t pool_word(const struct theatre *theatre)
{
	return quota_pool_load(quota_pool_at(theatre->map, theatre->pool));
}

static int64_t used_by(const struct theatre *theatre, unsigned engine)
{
	uint64_t w = stash_of(theatre, engine);

	return quota_used(w) + quota_change(change_of(theatre, engine), w);
}

/* Units that no word knows of. */
static int64_t missing(const struct theatre *theatre)
{
	int64_t units = quota_available(pool_word(theatre));

	for (unsigned i = 0; i < theatre->engines; i++)
		units += used_by(theatre, i) + quota_idle(stash_of(theatre, i));
	return theatre->limit - units;
}

struct words {
	int64_t available, used[ENGINES_MOST], idle[ENGINES_MOST];
};

static struct words read_words(const struct theatre *theatre)
{
	struct words words = { .available = quota_available(pool_word(theatre)) };

	for (unsigned i = 0; i < theatre->engines; i++) {
		words.used[i] = used_by(theatre, i);
		words.idle[i] = quota_idle(stash_of(theatre, i));
	}
	return words;
}

static int64_t larger(int64_t most, int64_t a, int64_t b)
{
	int64_t distance = a > b ? a - b : b - a;

	return distance > most ? distance : most;
}

/* The most that one word changed by. */
static int64_t moved_between(const struct words *a, const struct words *b)
{
	int64_t most = larger(0, a->available, b->available);

	for (unsigned i = 0; i < ENGINES_MOST; i++)
		most = larger(larger(most, a->used[i], b->used[i]), a->idle[i], b->idle[i]);
	return most;
}

/* Dying. */

static void note_death(const struct theatre *theatre, int64_t in_hands)
{
	uint64_t w = stash_of(theatre, VICTIM), u = change_of(theatre, VICTIM);
	uint64_t mode = quota_load(&quota_pool_at(theatre->map, theatre->pool)->mode);
	bool is_noting = !(w & QUOTA_OPEN) && u & QUOTA_INTENT;
	unsigned open = 0;

	for (unsigned i = 0; i < theatre->engines; i++)
		open += (stash_of(theatre, i) & QUOTA_OPEN) != 0;
	all_deaths++;
	deaths[DEATH_BUSY_EMPTY] += w & QUOTA_BUSY && in_hands == 0;
	deaths[DEATH_BUSY_LOADED] += w & QUOTA_BUSY && in_hands > 0;
	deaths[DEATH_NOTING] += is_noting && in_hands == 0;
	deaths[DEATH_NOTING_LOADED] += is_noting && in_hands > 0;
	deaths[DEATH_SEALER] += !is_noting && quota_open_count(pool_word(theatre)) > open;
	deaths[DEATH_REOPENING] += is_noting && quota_open_count(pool_word(theatre)) > open;
	deaths[DEATH_OTHER_BUSY] += (stash_of(theatre, OTHER) & QUOTA_BUSY) != 0;
	deaths[DEATH_IN_DEBT] += (mode & QUOTA_DEBT) != 0;
	deaths[DEATH_PATENT] += theatre->is_patent;
	deaths[DEATH_TINY] += (mode & QUOTA_TINY) != 0;
	deaths[DEATH_SETTLING] += theatre->cores[VICTIM]->pockets[theatre->pool].uses > 0;
}

/* All that live take what they can get. */
static int64_t fill_up(struct theatre *theatre, enum quota_result *last)
{
	int64_t held = 0;

	for (unsigned i = 0; i < theatre->engines; i++) {
		if (i != VICTIM) {
			while ((*last = quota_take(theatre->cores[i], theatre->pool)) == QUOTA_OK)
				theatre->held[i]++;
			quota_turn_end(theatre->cores[i]);
		}
		held += theatre->held[i];
	}
	return held;
}

static void require(bool is_good, const char *what, unsigned before, unsigned at, int64_t number)
{
	if (!is_good)
		fail_msg("seed %llu, the other before %u, death before %u: %s (%lld)",
			 (unsigned long long)seed_now, before, at, what, (long long)number);
}

static void check_life_after(struct theatre *theatre, int64_t moved, unsigned before, unsigned at)
{
	enum quota_result last = QUOTA_FULL;
	int64_t leak, held;

	leak = missing(theatre);
	require(leak >= 0, "more came back than was taken", before, at, leak);
	require(leak <= moved, "more is missing than one operation moved", before, at, leak);
	require(used_by(theatre, VICTIM) == 0, "the dead use something", before, at, 0);
	largest_leak = (uint64_t)leak > largest_leak ? (uint64_t)leak : largest_leak;
	held = fill_up(theatre, &last);
	/* Those above a lowered limit may stay. */
	require(held <= theatre->limit || quota_available(pool_word(theatre)) + leak < 0,
		"above the limit", before, at, held);
	if (!theatre->is_patent)
		require(held >= theatre->limit - leak, "not all that is free was admitted", before,
			at, held);
	require(missing(theatre) == leak, "units were lost later", before, at, missing(theatre));
}

/* The victim's call up to its end or to its death; how much the last word changed by. */
static bool run_victim(struct theatre *theatre, struct call *call, unsigned operations,
		       int64_t *moved)
{
	struct words last = read_words(theatre), now;
	bool has_returned = false;

	*moved = 0;
	stage_call(VICTIM, do_act, call);
	for (unsigned i = 0; i <= operations && !has_returned; i++) {
		has_returned = stage_go(VICTIM, i > 0 ? 1 : 0);
		now = read_words(theatre);
		if (moved_between(&last, &now) > 0)
			*moved = moved_between(&last, &now);
		last = now;
	}
	return has_returned;
}

static void check_death(struct theatre *theatre, int64_t in_hands, int64_t moved, unsigned before,
			unsigned at)
{
	note_death(theatre, in_hands);
	quota_core_dead(theatre->map, VICTIM);
	theatre->held[VICTIM] = 0;
	if (before > 0)
		stage_finish(OTHER);
	check_life_after(theatre, moved, before, at);
}

/* Nobody died: both calls came to their ends, one within the other. */
static void check_survival(struct theatre *theatre, unsigned before, unsigned at)
{
	if (before > 0)
		stage_finish(OTHER);
	for (unsigned i = 0; i < theatre->engines; i++)
		quota_turn_end(theatre->cores[i]);
	require(missing(theatre) == 0, "units were lost or doubled", before, at, missing(theatre));
	for (unsigned i = 0; i < theatre->engines; i++)
		require(used_by(theatre, i) == theatre->held[i], "uses are not what is held",
			before, at, theatre->held[i]);
}

/* False: the victim, or the other, has fewer operations. */
static bool die_once(uint64_t seed, unsigned before, unsigned at)
{
	struct theatre theatre;
	struct call other = { &theatre, OTHER, ACT_TAKE }, victim = { &theatre, VICTIM, ACT_TAKE };
	int64_t others_hands, moved = 0;
	bool is_over;

	set_up(&theatre, seed);
	other.act = draw(&theatre, 3) == 0 ? ACT_GIVE : ACT_TAKE;
	victim.act = (enum act)draw(&theatre, ACTS);
	stage_call(OTHER, do_act, &other);
	is_over = before > 0 && stage_go(OTHER, before - 1);
	others_hands = missing(&theatre);
	if (!is_over) {
		is_over = run_victim(&theatre, &victim, at, &moved);
		if (is_over)
			check_survival(&theatre, before, at);
		else
			check_death(&theatre, missing(&theatre) - others_hands, moved, before, at);
	}
	tear_down(&theatre);
	return !is_over;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void dies_anywhere(void **state)
{
	uint64_t first = number_of("QUOTA_SEED", 1);
	uint64_t states = STATES * number_of("QUOTA_CALLS", 1);

	(void)state;
	for (seed_now = first; seed_now < first + states; seed_now++) {
		unsigned before = 0, at = 0;

		for (; at < OPERATIONS_MOST && die_once(seed_now, 0, at); at++)
			continue;
		for (before = 1;
		     at > 0 && before < OPERATIONS_MOST && die_once(seed_now, before, 0); before++)
			for (at = 1; at < OPERATIONS_MOST && die_once(seed_now, before, at); at++)
				continue;
	}
	print_message("# %llu deaths, at most %llu units missing\n", (unsigned long long)all_deaths,
		      (unsigned long long)largest_leak);
}

static void dies_of_every_kind(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DEATHS; i++) {
		print_message("# %s: %llu\n", death_names[i], (unsigned long long)deaths[i]);
		if (deaths[i] == 0)
			fail_msg("nobody died %s", death_names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dies_anywhere),
		cmocka_unit_test(dies_of_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
