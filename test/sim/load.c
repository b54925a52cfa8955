/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "../race/quota_mode.h"

#include <math.h>
#include <string.h>

enum {
	WORK = 100000, /* 10 us, in tenths of nanoseconds */
	TURN_EVENTS = 32,
	LIFE_LEAST = 200000, /* 20 us */
	RETRY_AFTER = 20000, /* 2 us: the next turn of an engine with a client that waits */
	LATE_MOST = 1000000  /* arrivals that are later than this never come */
};

static const uint64_t NEVER = UINT64_MAX;

/* When clients leave: the earliest first. */
struct departures {
	uint64_t *times; /* owned */
	size_t count, room;
};

struct client_side {
	struct quota_core *core;
	struct quota_log log;
	struct departures departures;
	uint64_t next_arrival;
	uint64_t parked_since; /* ticket of the client that was not decided; 0: none */
	uint64_t in_pool;      /* time spent in the pool's code */
};

/* One run; load_run() sets all of it. */
static struct {
	const struct load *load;
	uint32_t pool;
	uint64_t random, end, life, period;
	double rate; /* of all arrivals, for each tenth of a nanosecond */
	struct client_side sides[WORLD_ENGINES_MAX];
	alignas(64) _Atomic int64_t counter; /* LOAD_COUNTER */
} run;

/* Numbers. */

static double draw(void)
{
	uint64_t z = run.random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static double draw_time(double mean)
{
	return -mean * log(draw());
}

/* Departures: a heap. */

static void exchange(uint64_t *times, size_t i, size_t j)
{
	uint64_t time = times[i];

	times[i] = times[j];
	times[j] = time;
}

static void add_departure(struct departures *all, uint64_t time)
{
	size_t at = all->count++;

	if (at == all->room) {
		all->room = all->room > 0 ? 2 * all->room : 64;
		all->times = realloc(all->times, all->room * sizeof(all->times[0]));
		must(all->times != NULL);
	}
	all->times[at] = time;
	for (; at > 0 && all->times[at] < all->times[(at - 1) / 2]; at = (at - 1) / 2)
		exchange(all->times, at, (at - 1) / 2);
}

static void drop_first_departure(struct departures *all)
{
	all->times[0] = all->times[--all->count];
	for (size_t at = 0, child; (child = 2 * at + 1) < all->count; at = child) {
		if (child + 1 < all->count && all->times[child + 1] < all->times[child])
			child++;
		if (all->times[at] <= all->times[child])
			break;
		exchange(all->times, at, child);
	}
}

static uint64_t first_departure(const struct departures *all)
{
	return all->count > 0 ? all->times[0] : NEVER;
}

/* Arrivals: a process whose rate changes, thinned out of one with the largest rate. */

static double rate_at(unsigned engine, uint64_t time)
{
	unsigned engines = run.load->engines;
	uint64_t phase = time / run.period;

	switch (run.load->shape) {
	case LOAD_HOT:
		return engine == 0 ? run.rate : 0;
	case LOAD_MOVING:
		if (engines == 1)
			return run.rate;
		return engine == phase % engines ? 0.9 * run.rate : 0.1 * run.rate / (engines - 1);
	case LOAD_FLAP:
		return run.rate / engines * (phase % 2 != 0 ? 1.35 : 0.65);
	case LOAD_BALANCED:
	case LOAD_SHAPES:
		break;
	}
	return run.rate / engines;
}

static double largest_rate(unsigned engine)
{
	switch (run.load->shape) {
	case LOAD_HOT:
		return engine == 0 ? run.rate : 0;
	case LOAD_MOVING:
		return run.rate;
	case LOAD_FLAP:
		return run.rate / run.load->engines * 1.35;
	case LOAD_BALANCED:
	case LOAD_SHAPES:
		break;
	}
	return run.rate / run.load->engines;
}

static uint64_t arrival_after(unsigned engine, uint64_t time)
{
	double most = largest_rate(engine), at = (double)time;

	if (most <= 0)
		return NEVER;
	for (;;) {
		at += draw_time(1 / most);
		if (at > (double)run.end)
			return NEVER;
		if (draw() * most <= rate_at(engine, (uint64_t)at))
			return (uint64_t)at;
	}
}

/* The pool, or what it is compared to. */

static enum quota_result take_counted(void)
{
	int64_t used;

	world_touch(&run.counter, QUOTA_STEP_LOAD);
	used = atomic_load(&run.counter);
	while (used < run.load->limit) {
		world_touch(&run.counter, QUOTA_STEP_SWAP);
		if (atomic_compare_exchange_strong(&run.counter, &used, used + 1))
			return QUOTA_OK;
	}
	return QUOTA_FULL;
}

static enum quota_result take(struct client_side *side, uint64_t ticket)
{
	uint64_t since = world_now();
	enum quota_result result;

	if (run.load->way == LOAD_COUNTER) {
		result = take_counted();
		quota_log_add(&side->log, ticket, quota_ticket_draw(),
			      result == QUOTA_OK ? QUOTA_WAS_TAKEN : QUOTA_WAS_FULL);
	} else {
		result = quota_log_take(&side->log, side->core, run.pool, ticket);
	}
	side->in_pool += world_now() - since;
	return result;
}

static void end_turn(struct client_side *side)
{
	uint64_t since = world_now();

	if (run.load->way != LOAD_COUNTER)
		quota_log_turn_end(&side->log, side->core, run.pool);
	side->in_pool += world_now() - since;
}

static void give(struct client_side *side)
{
	uint64_t since = world_now();

	if (run.load->way == LOAD_COUNTER) {
		uint64_t ticket = quota_ticket_draw();

		world_touch(&run.counter, QUOTA_STEP_ADD);
		atomic_fetch_sub(&run.counter, 1);
		quota_log_add(&side->log, ticket, quota_ticket_draw(), QUOTA_WAS_GIVEN);
	} else {
		quota_log_give(&side->log, side->core, run.pool);
	}
	side->in_pool += world_now() - since;
	if (run.load->way == LOAD_POOL_AT_ONCE)
		end_turn(side);
}

/* Turns. */

static void leave_one(struct client_side *side)
{
	drop_first_departure(&side->departures);
	world_spend(WORK);
	give(side);
}

static void note_answer(struct client_side *side, uint64_t ticket, enum quota_result result)
{
	side->parked_since = result == QUOTA_AGAIN ? ticket : 0;
	if (result == QUOTA_OK)
		add_departure(&side->departures,
			      world_now() + (uint64_t)draw_time((double)run.life));
}

static void arrive_one(unsigned engine, struct client_side *side)
{
	uint64_t ticket, due = side->next_arrival;

	world_spend(WORK);
	ticket = quota_ticket_draw();
	note_answer(side, ticket, take(side, ticket));
	side->next_arrival = arrival_after(engine, due);
	if (side->next_arrival != NEVER && side->next_arrival + LATE_MOST < world_now())
		side->next_arrival = arrival_after(engine, world_now());
}

/* Asks again for who was not decided: one still waiting holds back those behind. */
static bool is_held_up(struct client_side *side)
{
	if (side->parked_since != 0)
		note_answer(side, side->parked_since, take(side, side->parked_since));
	return side->parked_since != 0;
}

static bool do_event(unsigned engine, struct client_side *side)
{
	if (first_departure(&side->departures) <= world_now()) {
		leave_one(side);
		return true;
	}
	if (is_held_up(side) || side->next_arrival > world_now())
		return false;
	arrive_one(engine, side);
	return true;
}

static uint64_t next_event(const struct client_side *side)
{
	uint64_t next = side->next_arrival, other = first_departure(&side->departures);

	if (other < next)
		next = other;
	if (side->parked_since != 0 && world_now() + RETRY_AFTER < next)
		next = world_now() + RETRY_AFTER;
	return next < run.end ? next : run.end;
}

static void live(unsigned engine)
{
	struct client_side *side = &run.sides[engine];

	side->next_arrival = arrival_after(engine, 0);
	while (world_now() < run.end) {
		for (unsigned events = 0; events < TURN_EVENTS && do_event(engine, side); events++)
			continue;
		end_turn(side);
		world_sleep_until(next_event(side));
	}
}

/* A run. */

static void set_times(const struct load *load)
{
	bool is_one = load->shape == LOAD_HOT || load->shape == LOAD_MOVING;
	double offered = load->offered * (double)load->limit;
	double attempts = 3 * offered > (double)load->attempts ? 3 * offered
							       : (double)load->attempts;
	double life;

	run.rate = 0.5 / (2.0 * WORK) * (is_one ? 1 : load->engines);
	life = offered / run.rate;
	if (life < LIFE_LEAST) {
		life = LIFE_LEAST;
		run.rate = offered / life;
	}
	run.life = (uint64_t)life;
	run.period = load->shape == LOAD_FLAP ? (uint64_t)(1.5 * life) : (uint64_t)life;
	run.end = (uint64_t)(attempts / run.rate);
}

static int64_t units_of(const struct quota_map *map, const struct load *load)
{
	struct quota_view view;

	if (load->way == LOAD_COUNTER)
		return load->limit;
	quota_read(map, run.pool, &view);
	return quota_available(quota_pool_load(quota_pool_at(map, run.pool))) + view.idle +
	       view.used;
}

static struct load_result summary(const struct quota_map *map, const struct load *load)
{
	struct load_result result = { .lost = load->limit - units_of(map, load) };
	static struct quota_log logs[WORLD_ENGINES_MAX];
	uint64_t calls = 0, in_pool = 0;

	for (unsigned i = 0; i < load->engines; i++) {
		const struct world_counts *counts = world_counts_of(i);

		logs[i] = run.sides[i].log;
		calls += logs[i].count;
		in_pool += run.sides[i].in_pool;
		result.again += logs[i].again;
		result.shared_rmw += world_shared_rmw(counts);
		result.counted_rmw += stat_read(&quota_counts_at(map, i, run.pool)->shared);
		result.shared_stores += counts->stores[WORLD_PEER] + counts->stores[WORLD_POOL];
	}
	result.verdict = quota_judge(logs, load->engines, load->limit, NULL, 0);
	result.rmw_each = (double)result.shared_rmw / (double)result.verdict.taken;
	result.nanoseconds = (double)in_pool / 10 / (double)calls;
	return result;
}

struct load_result load_run(const struct load *load)
{
	struct quota_map *map = quota_map_new(load->engines, 1);
	struct load_result result;

	must(map != NULL);
	memset(&run, 0, sizeof(run));
	run.load = load;
	run.random = load->seed;
	run.pool = quota_open(map, load->limit, 80, 10);
	if (load->way == LOAD_PATENT)
		set_mode(map, run.pool, QUOTA_MODE_PATENT);
	set_times(load);
	for (unsigned i = 0; i < load->engines; i++)
		run.sides[i].core = quota_core_new(map, i);
	atomic_store(&quota_ticket, 1);
	world_run(map, load->engines, live);
	result = summary(map, load);
	for (unsigned i = 0; i < load->engines; i++) {
		quota_core_free(run.sides[i].core);
		free(run.sides[i].log.calls);
		free(run.sides[i].departures.times);
	}
	quota_map_free(map);
	return result;
}

const char *load_shape_name(enum load_shape shape)
{
	static const char *const names[] = { "balanced", "one hot engine", "moving hot engine",
					     "flapping" };

	return names[shape];
}

const char *load_way_name(enum load_way way)
{
	static const char *const names[] = { "pool", "pool, at once", "shared counter", "patent" };

	return names[way];
}
