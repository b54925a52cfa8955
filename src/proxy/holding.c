/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/holding.h"

void holding_init(struct holding *holding)
{
	*holding = (struct holding){ .pool = QUOTA_NONE };
}

static enum quota_result take_as(struct holding *holding, struct quota_core *core,
				 enum quota_class class)
{
	enum quota_result result = QUOTA_OK;

	if (holding->pool != QUOTA_NONE)
		result = quota_take_as(core, holding->pool, class);
	if (result == QUOTA_OK)
		holding->count++;
	return result;
}

enum quota_result holding_take(struct holding *holding, struct quota_core *core)
{
	return take_as(holding, core, QUOTA_CLASS_PLAIN);
}

enum quota_result holding_take_known(struct holding *holding, struct quota_core *core)
{
	return take_as(holding, core, QUOTA_CLASS_KEPT);
}

void holding_adopt(struct holding *holding)
{
	holding->count++;
}

void holding_force(struct holding *holding)
{
	holding->count++;
	if (holding->pool != QUOTA_NONE)
		holding->excess++;
}

/* One use is as good as another: while there are more than the pool knows, the first that ends
 * takes one of the surplus with it. */
void holding_give(struct holding *holding, struct quota_core *core)
{
	must(holding->count > 0);
	holding->count--;
	if (holding->excess > 0)
		holding->excess--;
	else if (holding->pool != QUOTA_NONE)
		quota_give(core, holding->pool);
}

static void leave_pool(struct holding *holding, struct quota_core *core)
{
	for (uint32_t i = holding->excess; i < holding->count && holding->pool != QUOTA_NONE; i++)
		quota_give(core, holding->pool);
	*holding = (struct holding){ .pool = QUOTA_NONE, .count = holding->count };
}

void holding_move(struct holding *holding, struct quota_core *core, uint32_t pool)
{
	if (holding->pool == pool)
		return;
	leave_pool(holding, core);
	holding->pool = pool;
	for (uint32_t i = 0; i < holding->count && pool != QUOTA_NONE; i++)
		if (quota_take(core, pool) != QUOTA_OK)
			holding->excess++;
}

bool holding_is_full(const struct holding *holding, const struct quota_map *map)
{
	return holding->pool != QUOTA_NONE && quota_is_full(map, holding->pool);
}
