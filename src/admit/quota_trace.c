/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_trace.h"

#include "admit/quota_core_priv.h"
#include "os/clock.h"

#include <stdlib.h>

enum {
	MERGE_BACK = 4,        /* entries that are looked at for the same event */
	MERGE_NS = 1000000000, /* no older ones */
};

static uint64_t peek(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

static void put(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

static struct quota_trace_ring *ring_of(const struct quota_map *map, unsigned writer)
{
	must(writer <= map->cores);
	return &map->traces[writer];
}

/* --- writing ---------------------------------------------------------------------------------- */

/* `number` is 0 while the rest is not whole. */
static void write_entry(struct quota_trace_slot *slot, uint64_t number, uint64_t time_ns,
			uint64_t what, int64_t units, uint64_t times)
{
	put(&slot->number, 0);
	put(&slot->time_ns, time_ns);
	put(&slot->what, what);
	put(&slot->units, (uint64_t)units);
	put(&slot->times, times);
	put(&slot->number, number);
}

static struct quota_trace_slot *find_same(struct quota_trace_ring *ring, uint64_t count,
					  uint64_t what, uint64_t time_ns)
{
	for (uint64_t back = 1; back <= MERGE_BACK && back <= count; back++) {
		struct quota_trace_slot *slot = &ring->slots[(count - back) % QUOTA_TRACE_ROOM];

		if (peek(&slot->what) == what && time_ns - peek(&slot->time_ns) < MERGE_NS)
			return slot;
	}
	return NULL;
}

static void note(const struct quota_map *map, unsigned writer, uint64_t time_ns, uint32_t id,
		 enum quota_event event, int64_t units, unsigned other)
{
	struct quota_trace_ring *ring = ring_of(map, writer);
	uint64_t count = peek(&ring->count);
	uint64_t what = (uint64_t)id << 32 | (uint64_t)event << 16 | (other & 0xFFFF);
	struct quota_trace_slot *slot = find_same(ring, count, what, time_ns);

	if (slot != NULL && event < QUOTA_EVENT_OPENED) {
		write_entry(slot, peek(&slot->number), time_ns, what,
			    (int64_t)peek(&slot->units) + units, peek(&slot->times) + 1);
		return;
	}
	write_entry(&ring->slots[count % QUOTA_TRACE_ROOM], count + 1, time_ns, what, units, 1);
	put(&ring->count, count + 1);
}

void quota_trace_core(struct quota_core *core, uint32_t id, enum quota_event event, int64_t units,
		      unsigned other)
{
	if (core->traced_turn != core->turn || core->trace_ns == 0) {
		core->traced_turn = core->turn;
		core->trace_ns = clock_ns();
	}
	note(core->map, core->index, core->trace_ns, id, event, units, other);
}

void quota_trace_control(const struct quota_map *map, uint32_t id, enum quota_event event,
			 int64_t units, unsigned other)
{
	note(map, map->cores, clock_ns(), id, event, units, other);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* False: it is empty, or was written meanwhile. */
static bool read_slot(const struct quota_trace_slot *slot, struct quota_trace_entry *entry)
{
	uint64_t number = peek(&slot->number), what = peek(&slot->what);

	entry->time_ns = peek(&slot->time_ns);
	entry->units = (int64_t)peek(&slot->units);
	entry->times = peek(&slot->times);
	entry->pool = (uint32_t)(what >> 32);
	entry->event = (enum quota_event)(what >> 16 & 0xFFFF);
	entry->other = (unsigned)(what & 0xFFFF);
	return number != 0 && peek(&slot->number) == number && entry->event < QUOTA_EVENTS;
}

static bool is_wanted(const struct quota_map *map, uint32_t wanted,
		      const struct quota_trace_entry *entry)
{
	const struct quota_pool *pool;

	if (entry->pool >= map->pools || (wanted != QUOTA_NONE && wanted != entry->pool))
		return false;
	pool = quota_pool_at(map, entry->pool);
	return atomic_load_explicit(&pool->is_open, memory_order_acquire) &&
	       entry->time_ns >= pool->opened_ns;
}

/* Later ones behind; of one time as they were found. */
static int compare(const void *one, const void *two)
{
	const struct quota_trace_entry *a = one, *b = two;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->writer < b->writer ? -1 : a->writer > b->writer;
}

static size_t read_ring(const struct quota_map *map, uint32_t pool, unsigned writer,
			struct quota_trace_entry *all)
{
	const struct quota_trace_ring *ring = ring_of(map, writer);
	uint64_t count = peek(&ring->count);
	uint64_t at = count > QUOTA_TRACE_ROOM ? count - QUOTA_TRACE_ROOM : 0;
	size_t found = 0;

	for (; at < count; at++) {
		all[found].writer = writer;
		if (read_slot(&ring->slots[at % QUOTA_TRACE_ROOM], &all[found]) &&
		    is_wanted(map, pool, &all[found]))
			found++;
	}
	return found;
}

size_t quota_trace_most(const struct quota_map *map)
{
	return ((size_t)map->cores + 1) * QUOTA_TRACE_ROOM;
}

size_t quota_trace_read(const struct quota_map *map, uint32_t pool,
			struct quota_trace_entry *entries)
{
	size_t count = 0;

	for (unsigned writer = 0; writer <= map->cores; writer++)
		count += read_ring(map, pool, writer, &entries[count]);
	qsort(entries, count, sizeof(*entries), compare);
	return count;
}
