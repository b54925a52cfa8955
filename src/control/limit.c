/* SPDX-License-Identifier: Apache-2.0 */
#include "control/limit.h"

bool limit_is_up(void *context, uint64_t uid)
{
	const struct runtime_service *service = runtime_service(context, uid);

	return service != NULL && service->is_up;
}

static void set(struct runtime *runtime, struct runtime_entry *entry, int64_t limit)
{
	if (entry->limit == limit)
		return;
	entry->limit = limit;
	quota_set_limit(runtime->map, entry->pool, limit < 0 ? QUOTA_UNLIMITED : limit);
}

void limit_apply(struct runtime *runtime, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->service_count; i++) {
		const struct plan_service *planned = &plan->services[i];
		int64_t limit = planned->max_client == 0 ? -1 : (int64_t)planned->max_client;

		set(runtime, &runtime_service(runtime, planned->uid)->entry, limit);
	}
	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		const struct plan_vserver *planned = &plan->vservers[i];

		set(runtime, &runtime_vserver(runtime, planned->uid)->entry,
		    plan_limit(plan, planned, limit_is_up, runtime));
	}
}
