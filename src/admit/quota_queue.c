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
 *   Q7  While the pool is FROZEN (quota_audit.c) nobody joins, serves or picks up: what is on its
 *       way stays counted in `served`. Who cancels then leaves all counts to who passes his place.
 *       Control serves after it has taken FROZEN away, and by Q4 either it sees what they did, or
 *       they see the end of FROZEN.
 *   Q8  Who dies leaves at most one thing half done: a count in S without a ticket, a ticket that
 *       is nowhere published, a place given up that still counts, or, serving, a unit out of S, a
 *       place whose waiter did not hear, and `calls` that nobody ends. Each is told from the words
 *       once nothing moves: so the next audit mends the line (quota_queue_mend()). Until then it
 *       may stand still, and units in it may be missing; none is there twice, since what is served
 *       is noted before the place is emptied, and counted by him who serves only.
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
#define PLACE_COUNTS                                                                               \
	((uint64_t)4) /* cancelled while FROZEN: counts in `waiting` until it is passed */

/* Who serves: in the uppermost bits of `calls`, an engine + 1 or one of these. */
#define SERVER_ONE  ((uint64_t)1 << 56)
#define SERVER_DEAD ((uint64_t)254)

/* The line of one pool. Shared by all engines; made by control, freed with the map. */
struct quota_queue {
	alignas(64) _Atomic uint64_t calls; /* Q4: who serves:8 | calls:56 */
	/* Owner: who serves. The ticket to be served next; the place that is being emptied for who
	 * waits there, 0: none, and what his engine had been served before. */
	uint64_t head;
	_Atomic uint64_t handed;
	uint32_t handed_before;
	alignas(64) _Atomic uint64_t tail; /* the next ticket */
	_Atomic uint32_t waiting;          /* not served and not cancelled */
	_Atomic uint32_t depth;
	/* By engine, so far, and round: served, written by who serves; of these picked up, written
	 * by the engine. */
	alignas(64) _Atomic uint32_t served[QUOTA_CORES_MAX];
	alignas(64) _Atomic uint32_t picked[QUOTA_CORES_MAX];
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

/* Acquire pairs with the release of who served, or picked up, last. */
static uint32_t count_of(const _Atomic uint32_t *count)
{
	return atomic_load_explicit(count, memory_order_acquire);
}

static void count_one(_Atomic uint32_t *count, uint32_t before)
{
	quota_chaos(count, QUOTA_STEP_STORE);
	atomic_store_explicit(count, before + 1, memory_order_release);
}

/* Units on their way to an engine. */
static uint32_t on_their_way(const struct quota_queue *queue, unsigned core)
{
	uint32_t picked = count_of(&queue->picked[core]);

	return count_of(&queue->served[core]) - picked;
}

static void hand_over(const struct quota_map *map, struct quota_queue *queue, unsigned core)
{
	unreserve(queue);
	count_one(&queue->served[core], queue->handed_before);
	quota_store(&queue->handed, 0);
	ring(map, core);
}

/* The first in line gave up. */
static void pass_cancelled(struct quota_pool *pool, struct quota_queue *queue,
			   _Atomic uint64_t *place)
{
	uint64_t s = quota_pool_load(pool);

	if (quota_load(place) & PLACE_COUNTS)
		unreserve(queue);
	quota_store(place, 0);
	queue->head++;
	while (!quota_pool_swap(pool, &s, s - QUOTA_WAITER_ONE))
		continue;
}

static bool is_frozen(const struct quota_map *map, uint32_t id)
{
	return quota_load(&quota_pool_at(map, id)->mode) & QUOTA_FROZEN;
}

/* It was cancelled when its unit had left S: that is for the next. */
static void pass_served(struct quota_pool *pool, struct quota_queue *queue, _Atomic uint64_t *place,
			uint64_t value)
{
	if (value & PLACE_COUNTS)
		unreserve(queue);
	quota_store(place, 0);
	queue->head++;
	(void)quota_pool_add(pool, 1, 0);
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
	queue->handed_before = count_of(&queue->served[core_of(value)]);
	quota_store(&queue->handed, value);
	if (quota_swap(place, &value, 0)) {
		queue->head++;
		hand_over(map, queue, core_of(value));
		return true;
	}
	quota_store(&queue->handed, 0);
	pass_served(pool, queue, place, value);
	return true;
}

/* True: it is for us to serve, until `calls` is what *calls says. */
static bool begin_to_serve(struct quota_queue *queue, unsigned who, uint64_t *calls)
{
	uint64_t seen = quota_load(&queue->calls);

	do
		*calls = seen == 0 ? who * SERVER_ONE + 1 : seen + 1;
	while (!quota_swap(&queue->calls, &seen, *calls));
	return seen == 0;
}

static void serve(const struct quota_map *map, uint32_t id, struct quota_queue *queue, unsigned who)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	uint64_t calls;

	if (!begin_to_serve(queue, who, &calls))
		return;
	do
		while (!is_frozen(map, id) && serve_first(map, pool, queue))
			continue;
	while (!quota_swap(&queue->calls, &calls, 0));
}

void quota_queue_serve(const struct quota_map *map, uint32_t id, unsigned who)
{
	struct quota_queue *queue = queue_of(map, id);

	if (queue != NULL)
		serve(map, id, queue, who);
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
	serve(core->map, waiter->pool, queue, core->index + 1);
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
	if (queue == NULL || quota_is_patent(quota_pool_at(core->map, id)))
		return QUOTA_CROWDED;
	if (is_frozen(core->map, id))
		return QUOTA_UNDECIDED;
	if (!reserve(queue))
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
	/* `waiting` is being counted: see quota_queue_mend(). */
	uint64_t counts = is_frozen(core->map, waiter->pool) ? PLACE_COUNTS : 0;

	must(list_is_in(&waiter->link));
	if (!quota_swap(place, &seen, (waits & ~PLACE_WAITS) | PLACE_CANCELLED | counts))
		return false;
	if (counts == 0)
		unreserve(queue);
	leave_line(line_of(core, waiter->pool), waiter);
	serve(core->map, waiter->pool, queue, core->index + 1);
	return true;
}

struct quota_waiter *quota_queue_next(struct quota_core *core)
{
	list_each(link, after, &core->queued)
	{
		struct quota_line *line = list_entry(link, struct quota_line, link);
		uint32_t id = (uint32_t)(line - core->lines);
		struct quota_queue *queue = queue_of(core->map, id);
		_Atomic uint32_t *picked = &queue->picked[core->index];
		struct quota_waiter *first;

		if (on_their_way(queue, core->index) == 0 || UNLIKELY(is_frozen(core->map, id)))
			continue;
		count_one(picked, count_of(picked));
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
		if (on_their_way(queue, core) != 0)
			return false;
	return quota_waiters(quota_pool_load(quota_pool_at(map, id))) == 0;
}

int64_t quota_queue_served(const struct quota_map *map, uint32_t id)
{
	const struct quota_queue *queue = queue_of(map, id);
	int64_t units = 0;

	for (unsigned core = 0; queue != NULL && core < map->cores; core++)
		units += on_their_way(queue, core);
	return units;
}

void quota_queue_thaw(const struct quota_map *map, uint32_t id)
{
	const struct quota_queue *queue = queue_of(map, id);

	if (queue == NULL)
		return;
	quota_queue_serve(map, id, QUOTA_SERVER_CONTROL);
	for (unsigned core = 0; core < map->cores; core++)
		if (on_their_way(queue, core) > 0)
			ring(map, core);
}

/* Only places that the engine published: it is gone, and publishes no more. */
static void cancel_all(struct quota_queue *queue, unsigned core)
{
	for (size_t i = 0; i < PLACES; i++) {
		uint64_t value = quota_load(&queue->places[i]);

		if (value & PLACE_WAITS && core_of(value) == core &&
		    quota_swap(&queue->places[i], &value, (value & ~PLACE_WAITS) | PLACE_CANCELLED))
			unreserve(queue);
	}
}

/* What is on its way to the dead; how much. */
static uint32_t pick_up_for(struct quota_queue *queue, unsigned core)
{
	uint32_t units = on_their_way(queue, core);

	quota_chaos(&queue->picked[core], QUOTA_STEP_STORE);
	atomic_store_explicit(&queue->picked[core], count_of(&queue->picked[core]) + units,
			      memory_order_release);
	return units;
}

/* It ends `calls` no more, and its index may be another's before the line is mended. */
static void note_dead_server(struct quota_queue *queue, unsigned core)
{
	uint64_t calls = quota_load(&queue->calls);

	while (calls / SERVER_ONE == core + 1)
		if (quota_swap(&queue->calls, &calls,
			       SERVER_DEAD * SERVER_ONE + calls % SERVER_ONE))
			break;
}

void quota_queue_core_dead(const struct quota_map *map, uint32_t id, unsigned core)
{
	struct quota_queue *queue = queue_of(map, id);
	uint32_t units;

	if (queue == NULL)
		return;
	note_dead_server(queue, core);
	cancel_all(queue, core);
	units = pick_up_for(queue, core);
	if (units > 0)
		(void)quota_pool_add(quota_pool_at(map, id), units, 0);
	serve(map, id, queue, QUOTA_SERVER_CONTROL);
}

/* He who served died with a unit in his hands: who waited for it hears of it after all, if his
 * place was emptied. Else he still waits, and the unit is what the audit will find missing. */
static void mend_handed(struct quota_queue *queue)
{
	uint64_t handed = quota_load(&queue->handed);
	_Atomic uint32_t *served = &queue->served[core_of(handed)];

	if (handed != 0 && quota_load(&queue->places[(handed >> 16) % PLACES]) == 0 &&
	    count_of(served) == queue->handed_before)
		count_one(served, queue->handed_before);
	quota_store(&queue->handed, 0);
}

/* Every ticket that was not passed gets a place: nobody waits at those that have none. */
static uint32_t mend_places(struct quota_queue *queue)
{
	uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
	uint32_t waiting = 0;

	for (uint64_t ticket = queue->head; ticket < tail; ticket++) {
		_Atomic uint64_t *place = &queue->places[ticket % PLACES];
		uint64_t value = quota_load(place);

		if (value == 0)
			quota_store(place, ticket << 16 | PLACE_CANCELLED);
		waiting += (value & (PLACE_WAITS | PLACE_COUNTS)) != 0;
	}
	return waiting;
}

/* Engines that live give up (PLACE_COUNTS) and call meanwhile, and that is all. */
uint64_t quota_queue_mend(const struct quota_map *map, uint32_t id)
{
	struct quota_queue *queue = queue_of(map, id);
	uint64_t calls;

	if (queue == NULL)
		return 0;
	mend_handed(queue);
	atomic_store_explicit(&queue->waiting, mend_places(queue), memory_order_relaxed);
	for (unsigned core = 0; core < map->cores; core++)
		if (!quota_is_live(map, core))
			(void)pick_up_for(queue, core);
	calls = quota_load(&queue->calls);
	while (calls / SERVER_ONE == SERVER_DEAD && !quota_swap(&queue->calls, &calls, 0))
		continue;
	return atomic_load_explicit(&queue->tail, memory_order_relaxed) - queue->head;
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
