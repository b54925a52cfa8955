/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "coroutine.h"

#include <string.h>

enum {
	COST_READ = 3,
	COST_RMW = 50,
	COST_MOVE = 900,
	COST_READ_OCCUPIES = 250,
	COST_BUFFERED_STORE = COST_MOVE / 4, /* the store buffer hides the rest */
	COST_WAIT = 200,
	LINES = 1 << 16
};

/* A cache line: who has it, and until when it is on its way. */
struct line {
	uintptr_t address; /* 0: none */
	uint64_t busy_until;
	int owner; /* who wrote it last and has it alone, or -1 */
	uint64_t readers[WORLD_ENGINES_MAX / 64];
};

struct engine {
	struct coroutine coroutine;
	uint64_t clock;
	struct world_counts counts;
};

static struct {
	struct engine engines[WORLD_ENGINES_MAX];
	unsigned count, current;
	unsigned heap[WORLD_ENGINES_MAX], waiting; /* those that do not run, earliest first */
	struct coroutine outside;
	void (*live)(unsigned engine);
	const struct quota_map *map;
	struct line lines[LINES];
} world;

/* The heap of those that wait for their time. */

static bool is_earlier(unsigned a, unsigned b)
{
	uint64_t x = world.engines[a].clock, y = world.engines[b].clock;

	return x < y || (x == y && a < b);
}

static void exchange(unsigned i, unsigned j)
{
	unsigned engine = world.heap[i];

	world.heap[i] = world.heap[j];
	world.heap[j] = engine;
}

static void push(unsigned engine)
{
	unsigned at = world.waiting++;

	world.heap[at] = engine;
	for (; at > 0 && is_earlier(world.heap[at], world.heap[(at - 1) / 2]); at = (at - 1) / 2)
		exchange(at, (at - 1) / 2);
}

static unsigned pop(void)
{
	unsigned first = world.heap[0];

	world.heap[0] = world.heap[--world.waiting];
	for (unsigned at = 0, child; (child = 2 * at + 1) < world.waiting; at = child) {
		if (child + 1 < world.waiting &&
		    is_earlier(world.heap[child + 1], world.heap[child]))
			child++;
		if (!is_earlier(world.heap[child], world.heap[at]))
			break;
		exchange(at, child);
	}
	return first;
}

/* Lets those run that are earlier now. */
static void let_others(void)
{
	unsigned self = world.current;

	if (world.waiting == 0 || !is_earlier(world.heap[0], self))
		return;
	push(self);
	world.current = pop();
	coroutine_switch(&world.engines[self].coroutine, &world.engines[world.current].coroutine);
}

/* Cache lines. */

static struct line *line_of(const volatile void *word)
{
	uintptr_t address = (uintptr_t)word / 64;
	size_t at = address * 0x9e3779b97f4a7c15u >> 48;

	must(address != 0);
	while (world.lines[at].address != address) {
		if (world.lines[at].address == 0) {
			world.lines[at] = (struct line){ .address = address, .owner = -1 };
			break;
		}
		at = (at + 1) % LINES;
	}
	return &world.lines[at];
}

static bool has_copy(const struct line *line, unsigned engine)
{
	return line->readers[engine / 64] >> engine % 64 & 1;
}

static void add_copy(struct line *line, unsigned engine)
{
	line->readers[engine / 64] |= (uint64_t)1 << engine % 64;
}

/* Until the line is ours: when it is free, and then its way. */
static uint64_t move_line(struct engine *self, struct line *line, uint64_t occupied)
{
	uint64_t start = self->clock > line->busy_until ? self->clock : line->busy_until;

	line->busy_until = start + occupied;
	self->counts.transfers++;
	return start + COST_MOVE;
}

static void load_line(struct engine *self, unsigned index, struct line *line)
{
	if (has_copy(line, index)) {
		self->clock += COST_READ;
		let_others();
		return;
	}
	self->clock = move_line(self, line, COST_READ_OCCUPIES);
	let_others();
	line->owner = -1;
	add_copy(line, index);
}

static void own_line(struct line *line, unsigned index)
{
	memset(line->readers, 0, sizeof(line->readers));
	line->owner = (int)index;
	add_copy(line, index);
}

static void write_line(struct engine *self, unsigned index, struct line *line)
{
	if (line->owner == (int)index)
		self->clock += COST_RMW;
	else
		self->clock = move_line(self, line, COST_MOVE);
	let_others();
	own_line(line, index);
}

static void store_line(struct engine *self, unsigned index, struct line *line, bool is_own)
{
	if (line->owner != (int)index) {
		move_line(self, line, COST_MOVE);
		self->clock += is_own ? 0 : COST_BUFFERED_STORE;
	}
	self->clock += COST_READ;
	let_others();
	own_line(line, index);
}

static enum world_place place_of(const volatile void *word)
{
	const char *at = (const char *)(uintptr_t)word;
	const char *first = quota_part_at(world.map, 0);
	size_t bytes = world.map->core_bytes;

	if (at < first || at >= first + world.map->cores * bytes)
		return WORLD_POOL;
	return (unsigned)((size_t)(at - first) / bytes) == world.current ? WORLD_OWN : WORLD_PEER;
}

void world_touch(const volatile void *word, enum quota_step step)
{
	unsigned index = world.current;
	struct engine *self = &world.engines[index];
	enum world_place place;

	if (step == QUOTA_STEP_WAIT) {
		world_spend(COST_WAIT);
		return;
	}
	place = place_of(word);
	if (step == QUOTA_STEP_LOAD) {
		self->counts.loads[place]++;
		load_line(self, index, line_of(word));
	} else if (step == QUOTA_STEP_STORE) {
		self->counts.stores[place]++;
		store_line(self, index, line_of(word), place == WORLD_OWN);
	} else {
		self->counts.rmw[place]++;
		write_line(self, index, line_of(word));
	}
}

void quota_chaos(const volatile void *word, enum quota_step step)
{
	if (world.map != NULL)
		world_touch(word, step);
}

/* Engines. */

uint64_t world_now(void)
{
	return world.engines[world.current].clock;
}

void world_spend(uint64_t time)
{
	world.engines[world.current].clock += time;
	let_others();
}

void world_sleep_until(uint64_t time)
{
	if (time > world_now())
		world_spend(time - world_now());
}

void world_leave(void)
{
	struct coroutine *self = &world.engines[world.current].coroutine;

	if (world.waiting == 0)
		coroutine_switch(self, &world.outside);
	world.current = pop();
	coroutine_switch(self, &world.engines[world.current].coroutine);
	must(false);
}

const struct world_counts *world_counts_of(unsigned engine)
{
	return &world.engines[engine].counts;
}

static void run_current(void)
{
	coroutine_begin();
	world.live(world.current);
	world_leave();
}

void world_run(const struct quota_map *map, unsigned engines, void (*live)(unsigned engine))
{
	must(engines > 0 && engines <= WORLD_ENGINES_MAX);
	memset(world.lines, 0, sizeof(world.lines));
	world.count = engines;
	world.waiting = 0;
	world.live = live;
	for (unsigned i = 0; i < engines; i++) {
		world.engines[i] = (struct engine){ .clock = i };
		coroutine_init(&world.engines[i].coroutine, run_current);
		push(i);
	}
	coroutine_adopt(&world.outside);
	world.map = map;
	world.current = pop();
	coroutine_switch(&world.outside, &world.engines[world.current].coroutine);
	world.map = NULL;
	for (unsigned i = 0; i < engines; i++)
		coroutine_fini(&world.engines[i].coroutine);
}
