/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan_user.h"

static uint32_t count_all(struct plan *plan)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		const struct plan_vserver *vserver = &plan->vservers[i];

		for (uint32_t j = 0; j < vserver->member_count; j++)
			plan->services[vserver->members[j].service].user_count++;
		all += vserver->member_count;
	}
	return all;
}

/* One array for all; each service has its piece of it. */
static void cut(struct plan *plan, uint32_t *users)
{
	for (uint32_t i = 0; i < plan->service_count; i++) {
		plan->services[i].users = users;
		users += plan->services[i].user_count;
		plan->services[i].user_count = 0;
	}
}

void plan_user_take(struct plan *plan)
{
	cut(plan, arena_many(plan->arena, uint32_t, count_all(plan) + 1));
	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		const struct plan_vserver *vserver = &plan->vservers[i];

		for (uint32_t j = 0; j < vserver->member_count; j++) {
			struct plan_service *service = &plan->services[vserver->members[j].service];

			service->users[service->user_count++] = i;
		}
	}
}
