/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: an engine may die before any operation on a shared word, whatever it is doing and
 * whatever another engine is in the middle of. After quota_core_dead() the uses never exceed the
 * limit; what is missing is what the one operation in flight had moved, never less than nothing;
 * those that live admit every unit that is left; and after an audit nothing is missing, every unit
 * is admitted and then it is full. An engine may die in the midst of an audit. So may the whole
 * process, whatever control is doing: the next one finds a pool that is whole.
 *
 * Enumerated: from some thousand states, each the end of a short history by a seed, an engine
 * takes, gives or ends its turn and dies before its 1st, 2nd, ... operation, while another engine
 * stands before its 1st, 2nd, ... operation, and goes on afterwards. QUOTA_CALLS multiplies the
 * states.
 */
#include "stage.h"

#include "../race/quota_mode.h"

#include "admit/quota_audit.h"
#include "admit/quota_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	ENGINES_MOST = 4,
	VICTIM = 0,
	OTHER = 1,
	CONTROL = 2,
	STATES = 1000,
	OPERATIONS_MOST = 400,
	POOLS = 2,
	KEY = 77
};

enum act { ACT_TAKE, ACT_GIVE, ACT_TURN_END, ACT_BURST, ACTS };

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
	DEATH_AUDITED,  /* an audit runs */
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
						 "settling",
						 "audited" };

struct theatre {
	struct quota_map *map;
	struct quota_core *cores[ENGINES_MOST];
	int64_t held[ENGINES_MOST];
	uint32_t pool;
	unsigned engines;
	int64_t limit, limit_before; /* now; and at the beginning */
	bool is_patent, is_audited, victim_is_dead;
	uint64_t random;
};

/* A call of one engine. */
struct call {
	struct theatre *theatre;
	unsigned engine;
	enum act act;
};

static uint64_t deaths[DEATHS], all_deaths, largest_leak;
static uint64_t process_deaths[8]; /* by enum order */
/* The death that is looked at: for what is said when something is wrong. */
static uint64_t seed_now;
static unsigned before_now, at_now;

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
	} else if (call->act == ACT_BURST) {
		quota_expect(core, theatre->pool, 3);
		for (unsigned i = 0; i < 3; i++)
			if (quota_take(core, theatre->pool) == QUOTA_OK)
				theatre->held[call->engine]++;
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
	theatre->map = quota_map_new(theatre->engines, POOLS);
	must(theatre->map != NULL);
	theatre->pool = quota_open(theatre->map, theatre->limit, 80, 10);
	quota_set_key(theatre->map, theatre->pool, KEY);
	if (theatre->is_patent)
		set_mode(theatre->map, theatre->pool, QUOTA_MODE_PATENT);
	for (unsigned i = 0; i < theatre->engines; i++)
		theatre->cores[i] = quota_core_new(theatre->map, i);
	acts = (unsigned)draw(theatre, 2 * (uint64_t)theatre->limit + 40);
	live_through(theatre, acts < 300 ? acts : 300);
	theatre->is_audited = draw(theatre, 6) == 0;
	if (theatre->is_audited)
		must(quota_audit_begin(theatre->map, theatre->pool));
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

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The units that left one word, or came into it. */
static int64_t moved_between(const struct words *a, const struct words *b)
{
	int64_t most = distance(a->available, b->available);

	for (unsigned i = 0; i < ENGINES_MOST; i++) {
		int64_t moved = distance(a->used[i], b->used[i]) + distance(a->idle[i], b->idle[i]);

		most = moved > most ? moved : most;
	}
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
	deaths[DEATH_AUDITED] += theatre->is_audited;
	deaths[DEATH_SETTLING] += theatre->cores[VICTIM]->pockets[theatre->pool].uses > 0;
}

/* All that live take what they can get. */
static int64_t fill_up(struct theatre *theatre, enum quota_result *last)
{
	int64_t held = 0;

	for (unsigned i = 0; i < theatre->engines; i++) {
		if (i != VICTIM || !theatre->victim_is_dead) {
			while ((*last = quota_take(theatre->cores[i], theatre->pool)) == QUOTA_OK)
				theatre->held[i]++;
			quota_turn_end(theatre->cores[i]);
		}
		held += theatre->held[i];
	}
	return held;
}

static void require(bool is_good, const char *what, int64_t number)
{
	if (!is_good)
		fail_msg("seed %llu, the other before %u, death before %u: %s (%lld)",
			 (unsigned long long)seed_now, before_now, at_now, what, (long long)number);
}

static void end_turns(struct theatre *theatre)
{
	for (unsigned i = 0; i < theatre->engines; i++)
		if (i != VICTIM || !theatre->victim_is_dead)
			quota_turn_end(theatre->cores[i]);
}

static int64_t end_audit(struct theatre *theatre)
{
	int64_t leak = 0;

	end_turns(theatre);
	require(quota_audit_end(theatre->map, &leak), "the audit waits for somebody", 0);
	end_turns(theatre);
	theatre->is_audited = false;
	return leak;
}

static void check_full(struct theatre *theatre, int64_t leak, bool is_whole)
{
	enum quota_result last = QUOTA_FULL;
	int64_t held = fill_up(theatre, &last);

	/* Those above a lowered limit may stay. */
	require(held <= theatre->limit || quota_available(pool_word(theatre)) + leak < 0,
		"above the limit", held);
	if (!theatre->is_patent)
		require(held >= theatre->limit - leak, "not all that is free was admitted", held);
	if (is_whole)
		require(last == QUOTA_FULL, "it is full and nobody says so", last);
}

/* Whether S counts those that are open, and nobody else. */
static bool counts_open(const struct theatre *theatre)
{
	unsigned open = 0;

	for (unsigned i = 0; i < theatre->engines; i++)
		open += (stash_of(theatre, i) & QUOTA_OPEN) != 0;
	return quota_open_count(pool_word(theatre)) == open;
}

/* The others are as they were; the victim is gone. */
static void check_life_after(struct theatre *theatre, int64_t moved)
{
	int64_t leak = missing(theatre), found;

	require(leak >= 0, "more came back than was taken", leak);
	require(leak <= moved, "more is missing than one operation moved", leak);
	require(used_by(theatre, VICTIM) == 0, "the dead use something", 0);
	largest_leak = (uint64_t)leak > largest_leak ? (uint64_t)leak : largest_leak;
	if (!theatre->is_audited) {
		/* S may count one who is open no more: then nobody can say that it is full. */
		check_full(theatre, leak, leak == 0 && counts_open(theatre));
		require(missing(theatre) == leak, "units were lost later", missing(theatre));
		must(quota_audit_begin(theatre->map, theatre->pool));
	}
	found = end_audit(theatre);
	require(found == leak, "the audit found something else", found);
	require(missing(theatre) == 0, "the audit left something out", missing(theatre));
	check_full(theatre, 0, true);
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

static void check_death(struct theatre *theatre, int64_t in_hands, int64_t moved)
{
	note_death(theatre, in_hands);
	quota_core_dead(theatre->map, VICTIM);
	theatre->held[VICTIM] = 0;
	theatre->victim_is_dead = true;
	if (before_now > 0)
		stage_finish(OTHER);
	check_life_after(theatre, moved);
}

/* Nobody died: both calls came to their ends, one within the other. */
static void check_survival(struct theatre *theatre)
{
	if (before_now > 0)
		stage_finish(OTHER);
	end_turns(theatre);
	if (theatre->is_audited)
		require(end_audit(theatre) == 0, "the audit found something", 0);
	require(missing(theatre) == 0, "units were lost or doubled", missing(theatre));
	for (unsigned i = 0; i < theatre->engines; i++)
		require(used_by(theatre, i) == theatre->held[i], "uses are not what is held",
			theatre->held[i]);
}

/* False: the victim, or the other, has fewer operations. */
static bool die_once(uint64_t seed, unsigned before, unsigned at)
{
	struct theatre theatre;
	struct call other = { &theatre, OTHER, ACT_TAKE }, victim = { &theatre, VICTIM, ACT_TAKE };
	int64_t others_hands, moved = 0;
	bool is_over;

	before_now = before;
	at_now = at;
	set_up(&theatre, seed);
	other.act = draw(&theatre, 3) == 0 ? ACT_GIVE : ACT_TAKE;
	victim.act = (enum act)draw(&theatre, ACTS);
	stage_call(OTHER, do_act, &other);
	is_over = before > 0 && stage_go(OTHER, before - 1);
	others_hands = missing(&theatre);
	if (!is_over) {
		is_over = run_victim(&theatre, &victim, at, &moved);
		if (is_over)
			check_survival(&theatre);
		else
			check_death(&theatre, missing(&theatre) - others_hands, moved);
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

/* --- the process dies --------------------------------------------------------------------------
 */

enum order { ORDER_LIMIT, ORDER_MODE, ORDER_AUDIT, ORDER_OPEN, ORDER_ENGINE_DEAD, ORDERS };

/* What control does when the process dies. */
struct command {
	struct theatre *theatre;
	enum order order;
	int64_t limit;
	uint32_t other_pool;
};

static void do_command(void *argument)
{
	struct command *command = argument;
	struct quota_map *map = command->theatre->map;
	int64_t leak;

	switch (command->order) {
	case ORDER_LIMIT:
		quota_set_limit(map, command->theatre->pool, command->limit);
		break;
	case ORDER_MODE:
		set_mode(map, command->theatre->pool,
			       command->theatre->is_patent ? QUOTA_MODE_EXACT : QUOTA_MODE_PATENT);
		break;
	case ORDER_AUDIT:
		if (command->theatre->is_audited)
			(void)!quota_audit_end(map, &leak);
		else
			(void)!quota_audit_begin(map, command->theatre->pool);
		break;
	case ORDER_OPEN:
		command->other_pool = quota_open(map, 5, 80, 10);
		break;
	case ORDER_ENGINE_DEAD:
		quota_core_dead(map, 1);
		break;
	case ORDERS:
		break;
	}
}

/* The pool that was there is whole, under its old limit or its new one. */
static void check_heir(struct theatre *theatre, const struct command *command)
{
	uint32_t pool = quota_claim(theatre->map, KEY);
	enum quota_result last = QUOTA_FULL;
	struct quota_view view;

	require(pool == theatre->pool, "it is another pool", pool);
	quota_read(theatre->map, pool, &view);
	require(view.limit == theatre->limit || view.limit == command->limit, "another limit",
		view.limit);
	theatre->limit = view.limit;
	require(view.used == 0, "the dead use something", view.used);
	require(missing(theatre) == 0, "the pool is not whole", missing(theatre));
	for (unsigned i = 0; i < theatre->engines; i++) {
		theatre->held[i] = 0;
		quota_core_free(theatre->cores[i]);
		theatre->cores[i] = quota_core_new(theatre->map, i);
		quota_turn_end(theatre->cores[i]);
	}
	theatre->is_patent = view.mode == QUOTA_MODE_PATENT;
	require(fill_up(theatre, &last) <= theatre->limit, "above the limit", 0);
	require(last == QUOTA_FULL, "it is full and nobody says so", last);
}

static unsigned count_free(struct quota_map *map)
{
	unsigned count = 0;

	while (quota_open(map, 1, 80, 10) != QUOTA_NONE)
		count++;
	return count;
}

/* False: control has fewer operations. */
static bool process_dies_once(uint64_t seed, unsigned at)
{
	struct theatre theatre;
	struct call other = { &theatre, OTHER, ACT_TAKE };
	struct command command = { .theatre = &theatre, .other_pool = QUOTA_NONE };
	bool is_over;

	at_now = at;
	set_up(&theatre, seed);
	command.order = (enum order)draw(&theatre, ORDERS);
	command.limit = (int64_t)draw(&theatre, 60);
	before_now = (unsigned)draw(&theatre, 12);
	stage_call(OTHER, do_act, &other);
	stage_go(OTHER, before_now);
	stage_call(CONTROL, do_command, &command);
	is_over = stage_go(CONTROL, at);
	if (!is_over) {
		process_deaths[command.order]++;
		quota_map_revive(theatre.map);
		check_heir(&theatre, &command);
		(void)quota_close_unclaimed(theatre.map);
		require(count_free(theatre.map) >= POOLS - 1, "an id is lost", 0);
	}
	tear_down(&theatre);
	return !is_over;
}

static void process_dies_anywhere(void **state)
{
	uint64_t first = number_of("QUOTA_SEED", 1);
	uint64_t states = STATES * number_of("QUOTA_CALLS", 1);

	(void)state;
	for (seed_now = first; seed_now < first + states; seed_now++)
		for (unsigned at = 0; at < OPERATIONS_MOST && process_dies_once(seed_now, at); at++)
			continue;
	for (unsigned order = 0; order < ORDERS; order++) {
		print_message("# the process died in order %u: %llu\n", order,
			      (unsigned long long)process_deaths[order]);
		assert_true(process_deaths[order] > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dies_anywhere),
		cmocka_unit_test(dies_of_every_kind),
		cmocka_unit_test(process_dies_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
