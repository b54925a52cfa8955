/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised of a pool with a line: an engine may die before any operation on a shared word, while
 * some wait on it and on others, and another engine is in the middle of its own. Uses never exceed
 * the limit. After quota_core_dead() and an audit nothing is missing; who waits on those that live
 * is served, one use each, in the order of joining; nobody waits while a use is free, and as many
 * may wait as before. When the whole process dies, whatever control is doing, the next one finds a
 * pool that is whole and a line in which nobody stands.
 *
 * Enumerated as in quota_crash_sim.c; QUOTA_SEED and QUOTA_CALLS as there.
 */
#include "stage.h"

#include "admit/quota_audit.h"
#include "admit/quota_life.h"
#include "admit/quota_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum {
	ENGINES_MOST = 4,
	VICTIM = 0,
	OTHER = 1,
	CONTROL = 2,
	STATES = 100,
	OPERATIONS_MOST = 400,
	POOLS = 2,
	PLACES = 6, /* of each engine */
	KEY = 78
};

enum act { ACT_ASK, ACT_GIVE, ACT_LEAVE, ACT_PICK_UP, ACT_TURN_END, ACTS };

/* What the death of an engine may leave behind: each must occur. */
enum remains {
	REMAINS_WAITERS,    /* some waited on the dead */
	REMAINS_UNIT,       /* a unit is missing */
	REMAINS_STANDSTILL, /* a use is free, somebody waits, and nobody serves */
	REMAINS_COUNT,      /* S counts one who does not wait */
	REMAINS_PLACE,      /* `waiting` does */
	REMAINS_OTHER,      /* another engine was in the midst of a call */
	REMAINS_AUDIT,      /* an audit ran */
	REMAINS
};

static const char *const remains_names[REMAINS] = {
	"waiters",           "a missing unit",  "a line that nobody serves",
	"a waiter too many", "a place too few", "another in the midst of a call",
	"an audit"
};

struct place {
	struct quota_waiter waiter;
	bool is_leaving; /* gave up too late: its use is on the way */
};

struct actor {
	struct quota_core *core;
	int64_t held;
	struct place places[PLACES];
};

struct theatre {
	struct quota_map *map;
	struct actor actors[ENGINES_MOST];
	uint32_t pool, depth;
	unsigned engines;
	int64_t limit, most; /* uses that may be in force: those of a limit that fell stay */
	bool is_audited, victim_is_dead;
	uint64_t random, picked; /* the ticket that was picked up last */
};

struct call {
	struct theatre *theatre;
	unsigned engine, place;
	enum act act;
};

static uint64_t deaths, remained[REMAINS], process_deaths;
static uint64_t seed_now;
static unsigned before_now, at_now;

static void require(bool is_good, const char *what, int64_t number)
{
	if (!is_good)
		fail_msg("seed %llu, the other before %u, death before %u: %s (%lld)",
			 (unsigned long long)seed_now, before_now, at_now, what, (long long)number);
}

static uint64_t draw(struct theatre *theatre, uint64_t below)
{
	uint64_t z = theatre->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

/* --- what engines do ---------------------------------------------------------------------------
 */

static struct place *free_place(struct actor *actor)
{
	for (unsigned i = 0; i < PLACES; i++)
		if (!list_is_in(&actor->places[i].waiter.link))
			return &actor->places[i];
	return NULL;
}

static void ask(struct theatre *theatre, struct actor *actor)
{
	struct place *place = free_place(actor);
	enum quota_result result = quota_take(actor->core, theatre->pool);

	if (result == QUOTA_OK ||
	    (result == QUOTA_FULL && place != NULL &&
	     quota_queue_join(actor->core, theatre->pool, &place->waiter) == QUOTA_SERVED))
		actor->held++;
}

static void give(struct theatre *theatre, struct actor *actor)
{
	if (actor->held == 0)
		return;
	actor->held--;
	quota_give(actor->core, theatre->pool);
}

static void leave(struct actor *actor, struct place *place)
{
	if (list_is_in(&place->waiter.link) && !place->is_leaving)
		place->is_leaving = !quota_queue_leave(actor->core, &place->waiter);
}

/* How many. */
static unsigned pick_up(struct theatre *theatre, struct actor *actor)
{
	struct quota_waiter *waiter;
	unsigned count = 0;

	while ((waiter = quota_queue_next(actor->core)) != NULL) {
		struct place *place = list_entry(waiter, struct place, waiter);

		theatre->picked = waiter->ticket;
		actor->held++;
		count++;
		if (place->is_leaving)
			give(theatre, actor);
		place->is_leaving = false;
	}
	return count;
}

static void do_act(void *argument)
{
	const struct call *call = argument;
	struct theatre *theatre = call->theatre;
	struct actor *actor = &theatre->actors[call->engine];

	switch (call->act) {
	case ACT_ASK:
		ask(theatre, actor);
		break;
	case ACT_GIVE:
		give(theatre, actor);
		break;
	case ACT_LEAVE:
		leave(actor, &actor->places[call->place]);
		break;
	case ACT_PICK_UP:
		(void)pick_up(theatre, actor);
		break;
	case ACT_TURN_END:
	case ACTS:
		quota_turn_end(actor->core);
		break;
	}
}

/* --- what there is -----------------------------------------------------------------------------
 */

static bool is_alive(const struct theatre *theatre, unsigned engine)
{
	return engine != VICTIM || !theatre->victim_is_dead;
}

static int64_t held_by_all(const struct theatre *theatre)
{
	int64_t held = 0;

	for (unsigned i = 0; i < theatre->engines; i++)
		held += theatre->actors[i].held;
	return held;
}

/* The oldest ticket that is in line; 0: nobody is. *count of those that live. */
static uint64_t oldest(const struct theatre *theatre, unsigned *count)
{
	uint64_t first = 0;

	*count = 0;
	for (unsigned i = 0; i < theatre->engines * PLACES; i++) {
		const struct place *place = &theatre->actors[i / PLACES].places[i % PLACES];

		if (!is_alive(theatre, i / PLACES) || !list_is_in(&place->waiter.link))
			continue;
		(*count)++;
		if (first == 0 || place->waiter.ticket < first)
			first = place->waiter.ticket;
	}
	return first;
}

static uint64_t pool_word(const struct theatre *theatre)
{
	return quota_pool_load(quota_pool_at(theatre->map, theatre->pool));
}

/* Units that no word knows of. */
static int64_t missing(const struct theatre *theatre)
{
	int64_t units = quota_available(pool_word(theatre)) +
			quota_queue_served(theatre->map, theatre->pool);

	for (unsigned i = 0; i < theatre->engines; i++) {
		uint64_t w = quota_load(quota_stash_at(theatre->map, i, theatre->pool));
		uint64_t u = quota_load(quota_change_at(theatre->map, i, theatre->pool));

		units += quota_used(w) + quota_change(u, w) + quota_idle(w);
	}
	return theatre->limit - units;
}

/* --- how a state comes about -------------------------------------------------------------------
 */

static void set_limit(struct theatre *theatre, int64_t limit)
{
	int64_t held = held_by_all(theatre) + quota_queue_served(theatre->map, theatre->pool);

	theatre->limit = limit;
	theatre->most = limit > held ? limit : held;
	quota_set_limit(theatre->map, theatre->pool, limit);
}

static enum act random_act(struct theatre *theatre)
{
	static const enum act acts[] = { ACT_ASK,     ACT_ASK,     ACT_ASK,     ACT_ASK,
					 ACT_GIVE,    ACT_GIVE,    ACT_GIVE,    ACT_LEAVE,
					 ACT_PICK_UP, ACT_PICK_UP, ACT_TURN_END };

	return acts[draw(theatre, sizeof(acts) / sizeof(acts[0]))];
}

static struct call random_call(struct theatre *theatre, unsigned engine)
{
	struct call call = { theatre, engine, (unsigned)draw(theatre, PLACES), ACT_ASK };

	call.act = random_act(theatre);
	return call;
}

static void live_through(struct theatre *theatre, unsigned acts)
{
	for (unsigned i = 0; i < acts; i++) {
		struct call call = random_call(theatre, (unsigned)draw(theatre, theatre->engines));

		if (draw(theatre, 50) == 0)
			set_limit(theatre, (int64_t)draw(theatre, 9));
		do_act(&call);
	}
}

static void set_up(struct theatre *theatre, uint64_t seed)
{
	static const int64_t limits[] = { 1, 1, 2, 3, 7, 12 };

	memset(theatre, 0, sizeof(*theatre));
	theatre->random = seed;
	theatre->engines = 2 + (unsigned)draw(theatre, ENGINES_MOST - 1);
	theatre->limit = theatre->most = limits[draw(theatre, 6)];
	theatre->depth = 1 + (uint32_t)draw(theatre, PLACES);
	theatre->map = quota_map_new(theatre->engines, POOLS);
	must(theatre->map != NULL);
	theatre->pool = quota_open(theatre->map, theatre->limit, 80, 10);
	quota_set_key(theatre->map, theatre->pool, KEY);
	must(quota_queue_set(theatre->map, theatre->pool, theatre->depth));
	for (unsigned i = 0; i < theatre->engines; i++) {
		theatre->actors[i].core = quota_core_new(theatre->map, i);
		for (unsigned p = 0; p < PLACES; p++)
			list_init(&theatre->actors[i].places[p].waiter.link);
	}
	live_through(theatre, 20 + (unsigned)draw(theatre, 60));
	theatre->is_audited = draw(theatre, 6) == 0;
	if (theatre->is_audited)
		must(quota_audit_begin(theatre->map, theatre->pool));
}

static void tear_down(struct theatre *theatre)
{
	for (unsigned i = 0; i < theatre->engines; i++)
		quota_core_free(theatre->actors[i].core);
	quota_map_free(theatre->map);
}

/* --- after a death -----------------------------------------------------------------------------
 */

static void end_turns(struct theatre *theatre)
{
	for (unsigned i = 0; i < theatre->engines; i++)
		if (is_alive(theatre, i))
			quota_turn_end(theatre->actors[i].core);
}

static unsigned pick_up_all(struct theatre *theatre)
{
	unsigned count = 0, now;

	/* Who had given up gives his use to the next. */
	do {
		now = 0;
		for (unsigned i = 0; i < theatre->engines; i++)
			if (is_alive(theatre, i))
				now += pick_up(theatre, &theatre->actors[i]);
		count += now;
	} while (now > 0);
	require(held_by_all(theatre) <= theatre->most, "above the limit", held_by_all(theatre));
	return count;
}

static void audit(struct theatre *theatre)
{
	int64_t leak = missing(theatre), found = 0;

	require(leak >= 0, "more came back than was taken", leak);
	if (!theatre->is_audited)
		must(quota_audit_begin(theatre->map, theatre->pool));
	theatre->is_audited = false;
	end_turns(theatre);
	require(quota_audit_end(theatre->map, &found), "the audit waits for somebody", 0);
	require(missing(theatre) == 0, "the audit left something out", missing(theatre));
	end_turns(theatre);
	/* Without a use nobody could ever be served. */
	if (theatre->limit == 0)
		set_limit(theatre, 1);
}

static void note_remains(const struct theatre *theatre, bool had_waiters, bool other_is_in_call)
{
	uint64_t s = pool_word(theatre);
	uint32_t waiting = quota_queue_waiting(theatre->map, theatre->pool);
	int64_t on_their_way = quota_queue_served(theatre->map, theatre->pool);
	unsigned count;

	(void)oldest(theatre, &count);
	deaths++;
	remained[REMAINS_WAITERS] += had_waiters;
	remained[REMAINS_UNIT] += missing(theatre) > 0;
	remained[REMAINS_STANDSTILL] += !theatre->is_audited && quota_available(s) > 0 &&
					(int64_t)count > on_their_way;
	remained[REMAINS_COUNT] += count == 0 && quota_waiters(s) > 0;
	remained[REMAINS_PLACE] += (int64_t)waiting > (int64_t)count - on_their_way;
	remained[REMAINS_OTHER] += other_is_in_call;
	remained[REMAINS_AUDIT] += theatre->is_audited;
}

static struct actor *who_holds(struct theatre *theatre)
{
	for (unsigned i = 0; i < theatre->engines; i++)
		if (theatre->actors[i].held > 0)
			return &theatre->actors[i];
	return NULL;
}

/* One use after the other comes back. */
static void check_that_all_are_served(struct theatre *theatre)
{
	unsigned count;
	uint64_t first;

	(void)pick_up_all(theatre);
	while ((first = oldest(theatre, &count)) != 0) {
		int64_t held = held_by_all(theatre);
		unsigned served;

		require(held >= theatre->limit, "somebody waits while a use is free", held);
		require(held > 0, "somebody waits and nobody has a use", held);
		give(theatre, who_holds(theatre));
		served = pick_up_all(theatre);
		require(served == (held <= theatre->limit), "served by one use", served);
		require(served == 0 || theatre->picked == first, "served out of turn",
			(int64_t)theatre->picked);
	}
	require(quota_waiters(pool_word(theatre)) == 0, "S counts who does not wait", 0);
	require(quota_queue_waiting(theatre->map, theatre->pool) == 0, "a place is lost", 0);
	require(missing(theatre) == 0, "units were lost later", missing(theatre));
}

/* On one engine, whose places are free. */
static void check_depth(struct theatre *theatre)
{
	struct actor *actor = &theatre->actors[OTHER];
	struct quota_waiter late = { .ticket = 0 };
	enum quota_result result;

	while ((result = quota_take(actor->core, theatre->pool)) == QUOTA_OK)
		actor->held++;
	require(result == QUOTA_FULL, "it is full and nobody says so", result);
	require(held_by_all(theatre) >= theatre->limit, "not all that is free was admitted",
		held_by_all(theatre));
	require(held_by_all(theatre) <= theatre->most, "above the limit", held_by_all(theatre));
	for (uint32_t i = 0; i < theatre->depth; i++)
		require(quota_queue_join(actor->core, theatre->pool, &actor->places[i].waiter) ==
				QUOTA_JOINED,
			"fewer may wait than before", i);
	list_init(&late.link);
	require(quota_queue_join(actor->core, theatre->pool, &late) == QUOTA_CROWDED,
		"more may wait than before", theatre->depth);
	check_that_all_are_served(theatre);
}

static bool waits(const struct theatre *theatre, unsigned engine)
{
	for (unsigned p = 0; p < PLACES; p++)
		if (list_is_in(&theatre->actors[engine].places[p].waiter.link))
			return true;
	return false;
}

static void check_death(struct theatre *theatre)
{
	bool had_waiters = waits(theatre, VICTIM);

	quota_core_dead(theatre->map, VICTIM);
	theatre->actors[VICTIM].held = 0;
	theatre->victim_is_dead = true;
	if (before_now > 0)
		stage_finish(OTHER);
	note_remains(theatre, had_waiters, before_now > 0);
	(void)pick_up_all(theatre);
	audit(theatre);
	check_that_all_are_served(theatre);
	check_depth(theatre);
}

/* Nobody died: both calls came to their ends, one within the other. */
static void check_survival(struct theatre *theatre)
{
	if (before_now > 0)
		stage_finish(OTHER);
	end_turns(theatre);
	require(missing(theatre) == 0, "units were lost or doubled", missing(theatre));
	audit(theatre);
	check_that_all_are_served(theatre);
	check_depth(theatre);
}

/* False: the victim, or the other, has fewer operations. */
static bool die_once(uint64_t seed, unsigned before, unsigned at)
{
	static struct theatre theatre;
	struct call other, victim;
	bool is_over;

	before_now = before;
	at_now = at;
	set_up(&theatre, seed);
	other = random_call(&theatre, OTHER);
	victim = random_call(&theatre, VICTIM);
	stage_call(OTHER, do_act, &other);
	is_over = before > 0 && stage_go(OTHER, before - 1);
	if (!is_over) {
		stage_call(VICTIM, do_act, &victim);
		is_over = stage_go(VICTIM, at);
		if (is_over)
			check_survival(&theatre);
		else
			check_death(&theatre);
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
	print_message("# %llu deaths\n", (unsigned long long)deaths);
	for (unsigned i = 0; i < REMAINS; i++) {
		print_message("# left %s behind: %llu\n", remains_names[i],
			      (unsigned long long)remained[i]);
		if (remained[i] == 0)
			fail_msg("no death left %s behind", remains_names[i]);
	}
}

/* --- the process dies --------------------------------------------------------------------------
 */

enum order { ORDER_LIMIT, ORDER_DEPTH, ORDER_AUDIT, ORDERS };

struct command {
	struct theatre *theatre;
	enum order order;
	int64_t limit;
};

static void do_command(void *argument)
{
	struct command *command = argument;
	struct theatre *theatre = command->theatre;
	int64_t leak;

	if (command->order == ORDER_LIMIT)
		quota_set_limit(theatre->map, theatre->pool, command->limit);
	else if (command->order == ORDER_DEPTH)
		must(quota_queue_set(theatre->map, theatre->pool, (uint32_t)command->limit));
	else if (theatre->is_audited)
		(void)!quota_audit_end(theatre->map, &leak);
	else
		(void)!quota_audit_begin(theatre->map, theatre->pool);
}

/* The next process has what the supervisor made: no line in its memory. */
static void lose_private_memory(struct theatre *theatre)
{
	struct quota_map *map = theatre->map;

	quota_queues_free(map);
	map->queues = mmap(NULL, map->pools * sizeof(*map->queues), PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	must(map->queues != MAP_FAILED);
	for (unsigned i = 0; i < theatre->engines; i++) {
		struct actor *actor = &theatre->actors[i];

		quota_core_free(actor->core);
		*actor = (struct actor){ .core = quota_core_new(map, i) };
		for (unsigned p = 0; p < PLACES; p++)
			list_init(&actor->places[p].waiter.link);
	}
}

static void check_heir(struct theatre *theatre, const struct command *command)
{
	struct quota_view view;

	lose_private_memory(theatre);
	quota_map_revive(theatre->map);
	require(quota_claim(theatre->map, KEY) == theatre->pool, "it is another pool", 0);
	quota_read(theatre->map, theatre->pool, &view);
	require(view.limit == theatre->limit || view.limit == command->limit, "another limit",
		view.limit);
	theatre->limit = theatre->most = view.limit;
	require(view.used == 0, "the dead use something", view.used);
	require(view.waiters == 0, "the dead wait", view.waiters);
	require(missing(theatre) == 0, "the pool is not whole", missing(theatre));
	must(quota_queue_set(theatre->map, theatre->pool, theatre->depth));
	set_limit(theatre, theatre->limit > 0 ? theatre->limit : 1);
	check_depth(theatre);
}

/* False: control has fewer operations. */
static bool process_dies_once(uint64_t seed, unsigned at)
{
	static struct theatre theatre;
	struct command command = { .theatre = &theatre };
	struct call other;
	bool is_over;

	at_now = at;
	set_up(&theatre, seed);
	command.order = (enum order)draw(&theatre, ORDERS);
	command.limit = (int64_t)draw(&theatre, 9);
	before_now = (unsigned)draw(&theatre, 30);
	other = random_call(&theatre, OTHER);
	stage_call(OTHER, do_act, &other);
	stage_go(OTHER, before_now);
	stage_call(CONTROL, do_command, &command);
	is_over = stage_go(CONTROL, at);
	if (!is_over) {
		process_deaths++;
		check_heir(&theatre, &command);
	}
	tear_down(&theatre);
	return !is_over;
}

static void process_dies_anywhere(void **state)
{
	uint64_t first = number_of("QUOTA_SEED", 1);
	uint64_t states = 2 * STATES * number_of("QUOTA_CALLS", 1);

	(void)state;
	for (seed_now = first; seed_now < first + states; seed_now++)
		for (unsigned at = 0; at < OPERATIONS_MOST && process_dies_once(seed_now, at); at++)
			continue;
	print_message("# the process died %llu times\n", (unsigned long long)process_deaths);
	assert_true(process_deaths > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dies_anywhere),
		cmocka_unit_test(process_dies_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
