/* SPDX-License-Identifier: Apache-2.0
 *
 * Why nobody is passed over, forgotten or served twice:
 *
 *   Q1  S counts the waiters, and one joins by a step on S that finds available <= 0, open == 0 (or
 *       others who wait). So a use that comes back is either seen by who joins, or its giver sees
 *       that somebody waits: there is no gap between the two.
 *   Q2  While somebody waits nobody takes from S and nobody opens a stash (I5 in quota.c), so open
 *       stays 0 and every free unit is in S, for the line.
 *   Q3  A ticket is a place in the ring; its engine publishes it there after it was drawn. S counts
 *       every ticket that the server has not passed, so that a place is used again only after that.
 *   Q4  One thread at a time serves the line: who makes `calls` more than zero, until it brings it
 *       back to zero with nothing new. Everybody who changed something (gave a unit, published or
 *       cancelled a ticket) calls, and does not wait: if somebody serves, that one looks again.
 *       Both sides order by the read-modify-writes of `calls`.
 *   Q5  Serving passes the tickets in order. A unit leaves S in the step that ends the waiter's
 *       count, then the place is swapped from "waits" to empty. Where that fails the waiter was
 *       cancelled between the two, and the unit goes back to S, for the next.
 *   Q6  A ticket is cancelled by the swap from "waits": it fails when the ticket was served; then
 *       the use is on its way. As tickets are served in order, an engine needs only the number of
 *       its tickets that were served: they are the oldest in its own part of the line.
 *
 *   Q7  While the pool is FROZEN (quota_audit.c) nobody serves and nobody picks up: what is on its
 *       way stays counted in `served`. Who joins or cancels then changes the count of waiters only.
 *       Control serves after it has taken FROZEN away, and by Q4 either it sees what they did, or
 *       they see the end of FROZEN.
 *
 * A place holds its ticket's number, so that a swap cannot mistake a later ticket for an earlier.
 */
#include "admit/quota_queue.h"

#include "admit/quota_core_priv.h"

#include <sys/mman.h>

enum {
	PLACES = 2 * QUOTA_QUEUE_DEPTH_MAX, /* the rest: cancelled ones behind who still waits */
	JOIN_TRIES = 64
};

#define PLACE_WAITS     ((uint64_t)1)
#define PLACE_CANCELLED ((uint64_t)2)

/* The line of one pool. Shared by all engines; made by control, freed with the map. */
struct quota_queue {
	alignas(64) _Atomic uint64_t calls; /* Q4 */
	uint64_t head;                      /* the ticket to be served next; owner: who serves */
	alignas(64) _Atomic uint64_t tail;  /* the next ticket */
	_Atomic uint32_t waiting;           /* not served and not cancelled */
	_Atomic uint32_t depth;
	alignas(64) _Atomic uint32_t served[QUOTA_CORES_MAX]; /* by engine, not picked up yet */
	_Atomic uint64_t places[PLACES]; /* ticket:48 | engine:8 | state:8; 0: empty */
};

static struct quota_queue *queue_of(const struct quota_map *map, uint32_t id)
{
	must(id < map->pools);
	return atomic_load_explicit(&map->queues[id], memory_order_acquire);
}

static uint64_t place_of(uint64_t ticket, unsigned core)
{
	return ticket << 16 | (uint64_t)core << 8 | PLACE_WAITS;
}

static unsigned core_of(uint64_t place)
{
	return (unsigned)(place >> 8 & 255);
}

static void unreserve(struct quota_queue *queue)
{
	quota_chaos(&queue->waiting, QUOTA_STEP_ADD);
	atomic_fetch_sub_explicit(&queue->waiting, 1, memory_order_relaxed);
}

/* --- serving --- */

static void ring(const struct quota_map *map, unsigned core)
{
	if (map->ring != NULL)
		map->ring(map->ring_context, core);
}

static void hand_over(const struct quota_map *map, struct quota_queue *queue, unsigned core)
{
	unreserve(queue);
	quota_chaos(&queue->served[core], QUOTA_STEP_ADD);
	atomic_fetch_add_explicit(&queue->served[core], 1, memory_order_acq_rel);
	ring(map, core);
}

/* The first in line gave up. */
static void pass_cancelled(struct quota_pool *pool, struct quota_queue *queue,
			   _Atomic uint64_t *place)
{
	uint64_t s = quota_pool_load(pool);

	quota_store(place, 0);
	queue->head++;
	while (!quota_pool_swap(pool, &s, s - QUOTA_WAITER_ONE))
		continue;
}

static bool is_frozen(const struct quota_map *map, uint32_t id)
{
	return quota_load(&quota_pool_at(map, id)->mode) & QUOTA_FROZEN;
}

/* False: nobody can be served now. */
static bool serve_first(const struct quota_map *map, struct quota_pool *pool,
			struct quota_queue *queue)
{
	uint64_t s = quota_pool_load(pool);
	_Atomic uint64_t *place = &queue->places[queue->head % PLACES];
	uint64_t value = quota_load(place);

	/* Empty: its engine has yet to publish it, and then calls. */
	if (quota_waiters(s) == 0 || value == 0)
		return false;
	must(value >> 16 == queue->head);
	if (value & PLACE_CANCELLED) {
		pass_cancelled(pool, queue, place);
		return true;
	}
	if (quota_available(s) <= 0)
		return false;
	if (!quota_pool_swap(pool, &s, s - QUOTA_AVAIL_ONE - QUOTA_WAITER_ONE))
		return true;
	if (quota_swap(place, &value, 0)) {
		queue->head++;
		hand_over(map, queue, core_of(value));
		return true;
	}
	quota_store(place, 0);
	queue->head++;
	(void)quota_pool_add(pool, 1, 0);
	return true;
}

static void serve(const struct quota_map *map, uint32_t id, struct quota_queue *queue)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	uint64_t calls;

	quota_chaos(&queue->calls, QUOTA_STEP_ADD);
	if (atomic_fetch_add_explicit(&queue->calls, 1, memory_order_acq_rel) != 0)
		return;
	calls = 1;
	do
		while (!is_frozen(map, id) && serve_first(map, pool, queue))
			continue;
	while (!quota_swap(&queue->calls, &calls, 0));
}

void quota_queue_serve(const struct quota_map *map, uint32_t id)
{
	struct quota_queue *queue = queue_of(map, id);

	if (queue != NULL)
		serve(map, id, queue);
}

/* --- joining and leaving --- */

/* A place among those who may wait. */
static bool reserve(struct quota_queue *queue)
{
	uint32_t waiting = atomic_load_explicit(&queue->waiting, memory_order_relaxed);

	do {
		if (waiting >= atomic_load_explicit(&queue->depth, memory_order_relaxed))
			return false;
		quota_chaos(&queue->waiting, QUOTA_STEP_SWAP);
	} while (!atomic_compare_exchange_strong_explicit(&queue->waiting, &waiting, waiting + 1,
							  memory_order_relaxed,
							  memory_order_relaxed));
	return true;
}

static struct quota_line *line_of(struct quota_core *core, uint32_t id)
{
	struct quota_line *line = &core->lines[id];

	if (line->waiters.next == NULL) {
		list_init(&line->waiters);
		list_init(&line->link);
	}
	return line;
}

static void stand_in_line(struct quota_core *core, struct quota_queue *queue,
			  struct quota_waiter *waiter)
{
	struct quota_line *line = line_of(core, waiter->pool);

	quota_chaos(&queue->tail, QUOTA_STEP_ADD);
	waiter->ticket = atomic_fetch_add_explicit(&queue->tail, 1, memory_order_relaxed);
	list_add_last(&line->waiters, &waiter->link);
	if (!list_is_in(&line->link))
		list_add_last(&core->queued, &line->link);
	quota_store(&queue->places[waiter->ticket % PLACES], place_of(waiter->ticket, core->index));
	serve(core->map, waiter->pool, queue);
}

/* QUOTA_JOINED: S counts one who waits. */
static enum quota_join count_in(struct quota_core *core, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(core->map, id);

	for (unsigned tries = 0; tries < JOIN_TRIES; tries++) {
		uint64_t s = quota_pool_load(pool);

		if (quota_waiters(s) >= PLACES - 2)
			return QUOTA_CROWDED;
		if (quota_waiters(s) == 0 && (quota_available(s) > 0 || quota_open_count(s) > 0)) {
			enum quota_result result = quota_take(core, id);

			if (result != QUOTA_FULL)
				return result == QUOTA_OK ? QUOTA_SERVED : QUOTA_UNDECIDED;
			if (quota_why(core) != QUOTA_WHY_FULL)
				return QUOTA_CROWDED; /* units are free, but not for it */
			continue;
		}
		if (quota_pool_swap(pool, &s, s + QUOTA_WAITER_ONE))
			return QUOTA_JOINED;
	}
	return QUOTA_UNDECIDED;
}

enum quota_join quota_queue_join(struct quota_core *core, uint32_t id, struct quota_waiter *waiter)
{
	struct quota_queue *queue = queue_of(core->map, id);
	enum quota_join join;

	must(!list_is_in(&waiter->link));
	if (queue == NULL || quota_is_patent(quota_pool_at(core->map, id)) || !reserve(queue))
		return QUOTA_CROWDED;
	join = count_in(core, id);
	if (join != QUOTA_JOINED) {
		unreserve(queue);
		return join;
	}
	waiter->pool = id;
	stand_in_line(core, queue, waiter);
	return QUOTA_JOINED;
}

static void leave_line(struct quota_line *line, struct quota_waiter *waiter)
{
	list_remove(&waiter->link);
	if (list_is_empty(&line->waiters))
		list_remove(&line->link);
}

bool quota_queue_leave(struct quota_core *core, struct quota_waiter *waiter)
{
	struct quota_queue *queue = queue_of(core->map, waiter->pool);
	_Atomic uint64_t *place = &queue->places[waiter->ticket % PLACES];
	uint64_t waits = place_of(waiter->ticket, core->index), seen = waits;

	must(list_is_in(&waiter->link));
	if (!quota_swap(place, &seen, (waits & ~PLACE_WAITS) | PLACE_CANCELLED))
		return false;
	unreserve(queue);
	leave_line(line_of(core, waiter->pool), waiter);
	serve(core->map, waiter->pool, queue);
	return true;
}

struct quota_waiter *quota_queue_next(struct quota_core *core)
{
	list_each(link, after, &core->queued)
	{
		struct quota_line *line = list_entry(link, struct quota_line, link);
		uint32_t id = (uint32_t)(line - core->lines);
		_Atomic uint32_t *served = &queue_of(core->map, id)->served[core->index];
		struct quota_waiter *first;

		if (atomic_load_explicit(served, memory_order_acquire) == 0 ||
		    UNLIKELY(is_frozen(core->map, id)))
			continue;
		quota_chaos(served, QUOTA_STEP_ADD);
		atomic_fetch_sub_explicit(served, 1, memory_order_relaxed);
		must(!list_is_empty(&line->waiters));
		first = list_entry(line->waiters.next, struct quota_waiter, link);
		leave_line(line, first);
		quota_core_note_use(core, id);
		return first;
	}
	return NULL;
}

/* --- control --- */

static struct quota_queue *make_queue(void)
{
	void *pages = mmap(NULL, sizeof(struct quota_queue), PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS | MAP_NORESERVE | MAP_PRIVATE, -1, 0);
	struct quota_queue *queue = pages;

	if (pages == MAP_FAILED)
		return NULL;
	queue->head = 1;
	atomic_store_explicit(&queue->tail, 1, memory_order_relaxed);
	return queue;
}

bool quota_queue_set(struct quota_map *map, uint32_t id, uint32_t depth)
{
	struct quota_queue *queue = queue_of(map, id);

	must(depth <= QUOTA_QUEUE_DEPTH_MAX);
	if (queue == NULL && depth > 0) {
		queue = make_queue();
		if (queue == NULL)
			return false;
		atomic_store_explicit(&map->queues[id], queue, memory_order_release);
	}
	if (queue == NULL)
		return true;
	/* Nothing may wait in a pocket from now on; see quota_take(). */
	quota_pool_settle_by(map, id, depth == 0);
	atomic_store_explicit(&queue->depth, depth, memory_order_relaxed);
	return true;
}

void quota_queue_set_bell(struct quota_map *map, void (*ring_bell)(void *context, unsigned core),
			  void *context)
{
	map->ring = ring_bell;
	map->ring_context = context;
}

uint32_t quota_queue_waiting(const struct quota_map *map, uint32_t id)
{
	const struct quota_queue *queue = queue_of(map, id);

	return queue != NULL ? atomic_load_explicit(&queue->waiting, memory_order_relaxed) : 0;
}

bool quota_queue_has_waiters(const struct quota_core *core, uint32_t id)
{
	return quota_queue_waiting(core->map, id) > 0;
}

bool quota_queue_is_idle(const struct quota_map *map, uint32_t id)
{
	const struct quota_queue *queue = queue_of(map, id);

	if (queue == NULL)
		return true;
	for (unsigned core = 0; core < map->cores; core++)
		if (atomic_load_explicit(&queue->served[core], memory_order_acquire) != 0)
			return false;
	return quota_waiters(quota_pool_load(quota_pool_at(map, id))) == 0;
}

int64_t quota_queue_served(const struct quota_map *map, uint32_t id)
{
	const struct quota_queue *queue = queue_of(map, id);
	int64_t units = 0;

	for (unsigned core = 0; queue != NULL && core < map->cores; core++)
		units += atomic_load_explicit(&queue->served[core], memory_order_acquire);
	return units;
}

void quota_queue_thaw(const struct quota_map *map, uint32_t id)
{
	const struct quota_queue *queue = queue_of(map, id);

	if (queue == NULL)
		return;
	quota_queue_serve(map, id);
	for (unsigned core = 0; core < map->cores; core++)
		if (atomic_load_explicit(&queue->served[core], memory_order_acquire) > 0)
			ring(map, core);
}

/* Only places that the engine published: it is gone, and publishes no more. */
void quota_queue_core_dead(const struct quota_map *map, uint32_t id, unsigned core)
{
	struct quota_queue *queue = queue_of(map, id);
	uint32_t served;

	if (queue == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++) {
		uint64_t value = quota_load(&queue->places[i]);

		if (value & PLACE_WAITS && core_of(value) == core &&
		    quota_swap(&queue->places[i], &value, (value & ~PLACE_WAITS) | PLACE_CANCELLED))
			unreserve(queue);
	}
	quota_chaos(&queue->served[core], QUOTA_STEP_ADD);
	served = atomic_exchange_explicit(&queue->served[core], 0, memory_order_acq_rel);
	if (served > 0)
		(void)quota_pool_add(quota_pool_at(map, id), served, 0);
	serve(map, id, queue);
}

void quota_queues_free(struct quota_map *map)
{
	if (map->queues == NULL)
		return;
	for (uint32_t id = 0; id < map->pools; id++)
		if (queue_of(map, id) != NULL)
			munmap(queue_of(map, id), sizeof(struct quota_queue));
	munmap(map->queues, map->pools * sizeof(*map->queues));
}
