/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/fact.h"

#include "policy/datum.h"
#include "proxy/proxy.h"

static uint64_t count_elsewhere(const struct vserver *vserver)
{
	unsigned own = vserver->proxy->engine->index;
	const struct stat_vserver *first = vserver->stats - own;
	uint64_t clients = 0;

	for (unsigned engine = 0; engine < vserver->balance.engines; engine++)
		if (engine != own)
			clients += stat_read(&first[engine].clients);
	return clients;
}

static void look(struct vserver *vserver)
{
	struct fact_look *fact = &vserver->fact;
	const struct balance *balance = &vserver->balance;
	uint64_t now_ms = vserver->proxy->engine->loop.now_ms;

	if (fact->looked_ms == now_ms)
		return;
	fact->looked_ms = now_ms;
	fact->clients_elsewhere = count_elsewhere(vserver);
	fact->services = balance->member_count;
	fact->services_up = 0;
	for (uint32_t i = 0; i < balance->member_count; i++)
		fact->services_up += service_is_usable(balance->members[i].service);
}

static int64_t state_of(const struct vserver *vserver)
{
	if (!vserver->is_enabled)
		return DATUM_OUT_OF_SERVICE;
	return vserver->fact.services_up > 0 ? DATUM_UP : DATUM_DOWN;
}

static int64_t read(const struct vserver *vserver, enum situation_fact fact)
{
	const struct fact_look *look = &vserver->fact;

	switch (fact) {
	case SITUATION_CONNECTIONS:
		return (int64_t)(look->clients_elsewhere + stat_read(&vserver->stats->clients));
	case SITUATION_THROUGHPUT:
		return (int64_t)stat_read(&look->live->throughput);
	case SITUATION_RESPONSE_TIME:
		return (int64_t)stat_read(&look->live->response_us);
	case SITUATION_SURGE:
		return (int64_t)stat_read(&look->live->surge);
	case SITUATION_STATE:
		return state_of(vserver);
	case SITUATION_HEALTH:
		return look->services == 0 ? 0 : look->services_up * 100 / look->services;
	case SITUATION_ACTIVE_SERVICES:
		return look->services_up;
	case SITUATION_FACTS:
		break;
	}
	must_not_reach();
}

bool fact_read(void *context, uint32_t id, enum situation_fact fact, int64_t *number)
{
	struct vserver *vserver = proxy_vserver(context, id);

	if (vserver == NULL || !vserver->is_configured)
		return false;
	look(vserver);
	*number = read(vserver, fact);
	return true;
}
