/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tube.h"

void tube_pool_init(struct tube_pool *pool)
{
	slab_init(&pool->slab, sizeof(struct tube), TUBES_MAX);
	list_init(&pool->idle);
	pool->idle_count = 0;
}

static void discard(struct tube_pool *pool, struct tube *tube)
{
	pipe_close(&tube->pipe);
	slab_give(&pool->slab, tube);
}

static struct tube *take_idle(struct tube_pool *pool)
{
	struct tube *tube = list_entry(pool->idle.next, struct tube, link);

	list_remove(&tube->link);
	pool->idle_count--;
	return tube;
}

void tube_pool_fini(struct tube_pool *pool)
{
	while (!list_is_empty(&pool->idle))
		discard(pool, take_idle(pool));
	slab_fini(&pool->slab);
}

struct tube *tube_take(struct tube_pool *pool)
{
	struct tube *tube;

	if (!list_is_empty(&pool->idle))
		return take_idle(pool);
	tube = slab_take(&pool->slab);
	if (tube == NULL)
		return NULL;
	list_init(&tube->link);
	tube->bytes = 0;
	if (pipe_open(&tube->pipe, TUBE_BYTES) == 0)
		return tube;
	slab_give(&pool->slab, tube);
	return NULL;
}

void tube_give(struct tube_pool *pool, struct tube *tube)
{
	if (tube == NULL)
		return;
	if (tube->bytes > 0 || pool->idle_count == TUBES_IDLE_MAX) {
		discard(pool, tube);
		return;
	}
	list_add_first(&pool->idle, &tube->link);
	pool->idle_count++;
}
