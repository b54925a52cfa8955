/* SPDX-License-Identifier: Apache-2.0 */
#include "control/muster.h"

#include "control/health.h"
#include "control/runtime.h"

static struct muster_share share_of(const struct runtime_service *service)
{
	bool is_up = service->state == STATE_UP;

	return (struct muster_share){
		.is_up = is_up,
		.is_serving = service->is_up,
		.is_in_service = service->state != STATE_OUT,
		.capacity = is_up ? health_limit(service, service->plan->max_client) : 0,
	};
}

static void add(struct muster *muster, const struct muster_share *share)
{
	muster->up += share->is_up;
	muster->serving += share->is_serving;
	muster->in_service += share->is_in_service;
	muster->unlimited += share->capacity < 0;
	muster->capacity += share->capacity > 0 ? share->capacity : 0;
}

static void subtract(struct muster *muster, const struct muster_share *share)
{
	muster->up -= share->is_up;
	muster->serving -= share->is_serving;
	muster->in_service -= share->is_in_service;
	muster->unlimited -= share->capacity < 0;
	muster->capacity -= share->capacity > 0 ? share->capacity : 0;
}

static struct muster *muster_of(const struct runtime *runtime, const struct plan *plan,
				uint32_t vserver)
{
	return &runtime_vserver(runtime, plan->vservers[vserver].uid)->muster;
}

void muster_take(struct runtime *runtime, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		*muster_of(runtime, plan, i) = (struct muster){ 0 };
	for (uint32_t i = 0; i < plan->service_count; i++) {
		const struct plan_service *planned = &plan->services[i];
		struct runtime_service *service = runtime_service(runtime, planned->uid);

		service->share = share_of(service);
		for (uint32_t j = 0; j < planned->user_count; j++)
			add(muster_of(runtime, plan, planned->users[j]), &service->share);
	}
}

void muster_change(struct runtime *runtime, const struct plan *plan,
		   struct runtime_service *service)
{
	struct muster_share before = service->share;

	service->share = share_of(service);
	for (uint32_t i = 0; i < service->plan->user_count; i++) {
		struct muster *muster = muster_of(runtime, plan, service->plan->users[i]);

		subtract(muster, &before);
		add(muster, &service->share);
	}
}

int64_t muster_capacity(const struct muster *muster)
{
	return muster->unlimited > 0 ? PLAN_UNLIMITED : muster->capacity;
}
