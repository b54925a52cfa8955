/* SPDX-License-Identifier: Apache-2.0 */
#include "control/inquiry.h"

#include "control/control_priv.h"
#include "policy/datum.h"

#include <inttypes.h>

static const char *const names[SITUATION_FACTS] = {
	[SITUATION_CONNECTIONS] = "CONNECTIONS",
	[SITUATION_THROUGHPUT] = "THROUGHPUT",
	[SITUATION_RESPONSE_TIME] = "RESPTIME",
	[SITUATION_SURGE] = "SURGECOUNT",
	[SITUATION_STATE] = "STATE",
	[SITUATION_HEALTH] = "HEALTH",
	[SITUATION_ACTIVE_SERVICES] = "ACTIVESERVICES",
};

static int64_t count_clients(const struct control *control, const struct runtime_vserver *vserver)
{
	uint64_t clients = 0;

	for (unsigned i = 0; i < control->setup.engine_count; i++)
		clients += stat_read(&vserver->stats[i].clients);
	return (int64_t)clients;
}

static int64_t count_up(const struct control *control, const struct plan_vserver *plan)
{
	int64_t up = 0;

	for (uint32_t i = 0; i < plan->member_count; i++) {
		uint64_t uid = control->plan->services[plan->members[i].service].uid;

		up += runtime_service(&control->runtime, uid)->is_up;
	}
	return up;
}

static int64_t state_of(const struct control *control, const struct plan_vserver *plan)
{
	if (!plan->is_enabled)
		return DATUM_OUT_OF_SERVICE;
	return count_up(control, plan) > 0 ? DATUM_UP : DATUM_DOWN;
}

static int64_t read(const struct control *control, const struct plan_vserver *plan,
		    enum situation_fact fact)
{
	const struct runtime_vserver *vserver = runtime_vserver(&control->runtime, plan->uid);
	int64_t all = plan->member_count;

	switch (fact) {
	case SITUATION_CONNECTIONS:
		return count_clients(control, vserver);
	case SITUATION_THROUGHPUT:
		return (int64_t)stat_read(&vserver->live->throughput);
	case SITUATION_RESPONSE_TIME:
		return (int64_t)stat_read(&vserver->live->response_us);
	case SITUATION_SURGE:
		return (int64_t)stat_read(&vserver->live->surge);
	case SITUATION_STATE:
		return state_of(control, plan);
	case SITUATION_HEALTH:
		return all == 0 ? 0 : count_up(control, plan) * 100 / all;
	case SITUATION_ACTIVE_SERVICES:
		return count_up(control, plan);
	case SITUATION_FACTS:
		break;
	}
	must_not_reach();
}

bool inquiry_read(void *context, uint32_t index, enum situation_fact fact, int64_t *number)
{
	struct inquiry *inquiry = context;
	const struct plan *plan = inquiry->control->plan;
	const char *comma = inquiry->count++ > 0 ? ", " : "";

	if (index >= plan->vserver_count) {
		text_print(inquiry->said, "%sits virtual server does not exist", comma);
		return false;
	}
	*number = read(inquiry->control, &plan->vservers[index], fact);
	text_print(inquiry->said, "%sSYS.VSERVER(\"%.*s\").%s is ", comma,
		   STR_ARG(plan->vservers[index].name), names[fact]);
	if (fact == SITUATION_STATE)
		text_print(inquiry->said, "%s", datum_state_name(*number));
	else
		text_print(inquiry->said, "%" PRId64, *number);
	return true;
}
