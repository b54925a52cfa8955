/* SPDX-License-Identifier: Apache-2.0 */
#include "control/runtime.h"

#include "admit/quota_life.h"
#include "base/heap.h"
#include "control/spill.h"
#include "os/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES, VSERVERS };

/* Of the keys of their pools. */
static const char service_kind[] = "service", vserver_kind[] = "vserver";

static struct str key_of(const uint64_t *uid)
{
	return (struct str){ (const char *)uid, sizeof(*uid) };
}

void runtime_init(struct runtime *runtime, struct quota_map *map, struct vault *vault,
		  struct gates *gates, unsigned engine_count)
{
	*runtime = (struct runtime){
		.map = map, .vault = vault, .gates = gates, .engine_count = engine_count
	};
	reserve_init(&runtime->clients);
	reserve_init(&runtime->requests);
	hash_init(&runtime->by_uid[SERVICES], false);
	hash_init(&runtime->by_uid[VSERVERS], false);
	policies_init(&runtime->policies, vault, engine_count);
}

struct runtime_service *runtime_service(const struct runtime *runtime, uint64_t uid)
{
	return hash_get(&runtime->by_uid[SERVICES], key_of(&uid));
}

struct runtime_vserver *runtime_vserver(const struct runtime *runtime, uint64_t uid)
{
	return hash_get(&runtime->by_uid[VSERVERS], key_of(&uid));
}

struct runtime_service *runtime_service_id(const struct runtime *runtime, uint32_t id)
{
	return id < runtime->service_room ? runtime->services[id] : NULL;
}

struct runtime_vserver *runtime_vserver_id(const struct runtime *runtime, uint32_t id)
{
	return id < runtime->vserver_room ? runtime->vservers[id] : NULL;
}

/* --- memory ---------------------------------------------------------------------------------- */

/* Zeroed numbers on lines of their own. */
static void *new_line(size_t bytes)
{
	void *line = aligned_alloc(64, (bytes + 63) / 64 * 64);

	must(line != NULL);
	memset(line, 0, bytes);
	return line;
}

static unsigned row_count(const struct stat_row *rows)
{
	unsigned count = 0;

	while (rows[count].name != NULL)
		count++;
	return count;
}

/* Counters and what stands behind them; those of an earlier process go on. */
static void *open_numbers(struct runtime *runtime, uint64_t key, size_t size, size_t behind,
			  const struct stat_row *rows)
{
	size_t bytes = size * runtime->engine_count + behind;
	void *numbers = vault_claim(runtime->vault, key, bytes);

	if (numbers != NULL)
		stat_end_gauges(numbers, size, runtime->engine_count, rows);
	return numbers != NULL ? numbers : vault_open(runtime->vault, key, bytes);
}

static void open_service_numbers(struct runtime *runtime, struct runtime_service *service,
				 struct str name)
{
	size_t cleared = row_count(stat_service_rows) * sizeof(uint64_t);

	service->stats = open_numbers(runtime, quota_key(service_kind, name.at, name.length),
				      sizeof(*service->stats), cleared, stat_service_rows);
	service->entry.numbers = service->stats;
	service->entry.cleared = (uint64_t *)(service->stats + runtime->engine_count);
}

static void open_vserver_numbers(struct runtime *runtime, struct runtime_vserver *vserver,
				 struct str name)
{
	unsigned rows = row_count(stat_vserver_rows);
	size_t behind = rows * sizeof(uint64_t) + sizeof(*vserver->spilling_so_far);

	vserver->stats = open_numbers(runtime, quota_key(vserver_kind, name.at, name.length),
				      sizeof(*vserver->stats), behind, stat_vserver_rows);
	vserver->entry.numbers = vserver->stats;
	vserver->entry.cleared = (uint64_t *)(vserver->stats + runtime->engine_count);
	vserver->spilling_so_far = (void *)(vserver->entry.cleared + rows);
	spill_revive(vserver);
}

/* The lowest free place of a table of pointers, which grows when it is full. */
static uint32_t find_place(void ***table, uint32_t *room)
{
	uint32_t id = 0, before = *room;

	while (id < before && (*table)[id] != NULL)
		id++;
	if (id < before)
		return id;
	*room = before == 0 ? 64 : before * 2;
	*table = heap_resized(*table, *room * sizeof(**table));
	must(*table != NULL);
	memset(*table + before, 0, (*room - before) * sizeof(**table));
	return id;
}

static void free_service(struct runtime *runtime, struct runtime_service *service)
{
	must(service->health == NULL);
	rate_fini(&service->bandwidth, runtime->vault);
	vault_close(runtime->vault, service->stats);
	free(service->measured);
	free(service->entry.name);
	free(service);
}

static void free_vserver(struct runtime *runtime, struct runtime_vserver *vserver)
{
	rate_fini(&vserver->bandwidth, runtime->vault);
	rate_fini(&vserver->request_rate, runtime->vault);
	vault_close(runtime->vault, vserver->stats);
	destinations_fini(&vserver->destinations, runtime->vault);
	free(vserver->live);
	free(vserver->survey);
	free(vserver->entry.name);
	free(vserver);
}

void runtime_fini(struct runtime *runtime)
{
	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL)
			free_service(runtime, runtime->services[id]);
	for (uint32_t id = 0; id < runtime->vserver_room; id++)
		if (runtime->vservers[id] != NULL)
			free_vserver(runtime, runtime->vservers[id]);
	rate_fini(&runtime->request_rate, runtime->vault);
	rate_fini(&runtime->bandwidth, runtime->vault);
	reserve_exit_fini(&runtime->exit);
	free(runtime->services);
	free(runtime->vservers);
	hash_fini(&runtime->by_uid[SERVICES]);
	hash_fini(&runtime->by_uid[VSERVERS]);
	policies_fini(&runtime->policies);
}

static void rename_entry(struct runtime *runtime, struct runtime_entry *entry, const char *kind,
			 struct str name)
{
	uint64_t key = quota_key(kind, name.at, name.length);

	if (entry->name != NULL && str_equal(str_of(entry->name), name))
		return;
	free(entry->name);
	entry->name = str_dup(name);
	quota_set_key(runtime->map, entry->pool, key);
	vault_set_key(entry->numbers, key);
}

/* The one that it had before a crash, with its limit and its counts, or a new one. */
static bool open_pool(struct runtime *runtime, struct runtime_entry *entry, const char *kind,
		      struct str name, const struct quota_rule *rule)
{
	uint64_t key = quota_key(kind, name.at, name.length);
	struct quota_view view;

	entry->pool = quota_claim(runtime->map, key);
	if (entry->pool == QUOTA_NONE)
		entry->pool = quota_open(runtime->map, QUOTA_UNLIMITED, rule->share.number,
					 rule->batch);
	if (entry->pool == QUOTA_NONE)
		return false;
	quota_set_key(runtime->map, entry->pool, key);
	quota_read(runtime->map, entry->pool, &view);
	entry->limit = view.limit == QUOTA_UNLIMITED ? -1 : view.limit;
	entry->rule = quota_rule_of(runtime->map, entry->pool);
	return true;
}

/* --- making ---------------------------------------------------------------------------------- */

static struct runtime_service *add_service(struct runtime *runtime, const struct plan *plan,
					   struct str name, uint64_t uid)
{
	struct runtime_service *service = heap_zeroed(1, sizeof(*service));

	must(service != NULL);
	service->entry.uid = uid;
	if (!open_pool(runtime, &service->entry, service_kind, name, &plan->max_client)) {
		free(service);
		return NULL;
	}
	service->entry.id = find_place((void ***)&runtime->services, &runtime->service_room);
	open_service_numbers(runtime, service, name);
	service->measured = new_line(sizeof(*service->measured));
	service->since_ms = clock_wall_ms();
	snprintf(service->verdict, sizeof(service->verdict), "not probed yet");
	snprintf(service->why, sizeof(service->why), "not probed yet");
	runtime->services[service->entry.id] = service;
	hash_put(&runtime->by_uid[SERVICES], key_of(&uid), service);
	return service;
}

static struct runtime_vserver *add_vserver(struct runtime *runtime, const struct plan *plan,
					   struct str name, uint64_t uid)
{
	struct runtime_vserver *vserver = heap_zeroed(1, sizeof(*vserver));

	must(vserver != NULL);
	vserver->entry.uid = uid;
	if (!open_pool(runtime, &vserver->entry, vserver_kind, name, &plan->spillover)) {
		free(vserver);
		return NULL;
	}
	reserve_init(&vserver->requests);
	reserve_init(&vserver->sessions);
	vserver->entry.id = find_place((void ***)&runtime->vservers, &runtime->vserver_room);
	open_vserver_numbers(runtime, vserver, name);
	vserver->live = new_line(sizeof(*vserver->live));
	runtime->vservers[vserver->entry.id] = vserver;
	hash_put(&runtime->by_uid[VSERVERS], key_of(&uid), vserver);
	return vserver;
}

static void mark(struct runtime *runtime, struct runtime_entry *entry, const char *kind,
		 struct str name)
{
	entry->is_configured = true;
	entry->seen = runtime->plans;
	rename_entry(runtime, entry, kind, name);
}

static bool take_services(struct runtime *runtime, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->service_count; i++) {
		const struct plan_service *planned = &plan->services[i];
		struct runtime_service *service = runtime_service(runtime, planned->uid);

		if (service == NULL)
			service = add_service(runtime, plan, planned->name, planned->uid);
		if (service == NULL)
			return false;
		service->plan = planned;
		mark(runtime, &service->entry, service_kind, planned->name);
	}
	return true;
}

static bool take_reserve(struct runtime *runtime, struct reserve *reserve, const char *kind,
			 struct str name, int64_t limit, const struct quota_rule *rule)
{
	return reserve_want(reserve, runtime->map, quota_key(kind, name.at, name.length), limit,
			    rule, runtime->newest, &runtime->exit);
}

static bool take_reserves(struct runtime *runtime, struct runtime_vserver *vserver)
{
	const struct plan_vserver *plan = vserver->plan;

	return take_reserve(runtime, &vserver->requests, "requests", plan->name,
			    plan->request_limit, &plan->rule) &&
	       take_reserve(runtime, &vserver->sessions, "sessions", plan->name,
			    plan->session_limit, &plan->rule);
}

/* Of the whole appliance. */
static bool take_all_reserves(struct runtime *runtime, const struct plan *plan)
{
	return take_reserve(runtime, &runtime->clients, "all clients", STR(""), plan->client_limit,
			    &plan->spillover) &&
	       take_reserve(runtime, &runtime->requests, "all requests", STR(""),
			    plan->request_limit, &plan->spillover);
}

static bool take_vservers(struct runtime *runtime, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->vserver_count; i++) {
		const struct plan_vserver *planned = &plan->vservers[i];
		struct runtime_vserver *vserver = runtime_vserver(runtime, planned->uid);

		if (vserver == NULL)
			vserver = add_vserver(runtime, plan, planned->name, planned->uid);
		if (vserver == NULL)
			return false;
		vserver->plan = planned;
		mark(runtime, &vserver->entry, vserver_kind, planned->name);
		if (!take_reserves(runtime, vserver))
			return false;
	}
	return true;
}

/* --- retiring -------------------------------------------------------------------------------- */

static void end_service(struct runtime *runtime, struct runtime_service *service)
{
	hash_remove(&runtime->by_uid[SERVICES], key_of(&service->entry.uid));
	runtime->services[service->entry.id] = NULL;
	quota_close(runtime->map, service->entry.pool);
	free_service(runtime, service);
}

static void end_vserver(struct runtime *runtime, struct runtime_vserver *vserver)
{
	hash_remove(&runtime->by_uid[VSERVERS], key_of(&vserver->entry.uid));
	runtime->vservers[vserver->entry.id] = NULL;
	quota_close(runtime->map, vserver->entry.pool);
	reserve_end(&vserver->requests, runtime->map);
	reserve_end(&vserver->sessions, runtime->map);
	free_vserver(runtime, vserver);
}

static void retire_services(struct runtime *runtime)
{
	for (uint32_t id = 0; id < runtime->service_room; id++) {
		struct runtime_service *service = runtime->services[id];

		if (service == NULL || service->entry.seen == runtime->plans)
			continue;
		service->entry.is_configured = false;
		service->plan = NULL;
	}
}

static void retire_vservers(struct runtime *runtime, uint64_t newest)
{
	for (uint32_t id = 0; id < runtime->vserver_room; id++) {
		struct runtime_vserver *vserver = runtime->vservers[id];

		if (vserver == NULL || vserver->entry.seen == runtime->plans)
			continue;
		vserver->entry.is_configured = false;
		vserver->plan = NULL;
		if (vserver->gate != NULL)
			gate_close(runtime->gates, vserver->gate, newest);
		vserver->gate = NULL;
	}
}

/* Behind what is retired nobody counts any more. */
static void take_destinations(struct runtime *runtime, struct runtime_vserver *vserver,
			      const struct plan *plan)
{
	struct destination *old = vserver->destinations.first;

	for (; old != NULL; old = old->next) {
		const struct runtime_vserver *to = runtime_vserver(runtime, old->uid);

		if (old->retired == UINT64_MAX && (to == NULL || !to->entry.is_configured))
			old->retired = runtime->newest;
	}
	destinations_take(&vserver->destinations, runtime->vault, plan, vserver->plan,
			  runtime->engine_count);
}

int runtime_listen(struct runtime *runtime, struct runtime_vserver *vserver, uint64_t newest)
{
	const struct plan_vserver *plan = vserver->plan;
	bool wanted = plan->is_enabled && address_port(&plan->address) != 0;
	struct gate *old = vserver->gate;

	vserver->listen_error = 0;
	if (old != NULL && wanted && address_equal(&old->address, &plan->address))
		return 0;
	vserver->gate = NULL;
	if (wanted)
		vserver->gate = gate_open(runtime->gates, &plan->address, &vserver->listen_error);
	if (vserver->gate != NULL)
		vserver->address = plan->address;
	if (old != NULL)
		gate_close(runtime->gates, old, newest);
	return vserver->listen_error;
}

bool runtime_take(struct runtime *runtime, const struct plan *plan, uint64_t newest)
{
	runtime->plans++;
	runtime->newest = newest;
	if (!take_services(runtime, plan) || !take_vservers(runtime, plan) ||
	    !take_all_reserves(runtime, plan))
		return false;
	/* What does not listen is tried again with every change, and `show` says why. New sockets
	 * come before old ones go: an address may move from one virtual server to another. */
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		(void)!runtime_listen(runtime, runtime_vserver(runtime, plan->vservers[i].uid),
				      newest);
	retire_vservers(runtime, newest);
	retire_services(runtime);
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		take_destinations(runtime, runtime_vserver(runtime, plan->vservers[i].uid), plan);
	policies_take(&runtime->policies, plan, newest);
	return true;
}

void runtime_forget(struct runtime *runtime)
{
	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL)
			runtime->services[id]->plan = NULL;
	for (uint32_t id = 0; id < runtime->vserver_room; id++)
		if (runtime->vservers[id] != NULL)
			runtime->vservers[id]->plan = NULL;
}

void runtime_sweep(struct runtime *runtime)
{
	for (uint32_t id = 0; id < runtime->service_room; id++) {
		struct runtime_service *service = runtime->services[id];

		if (service != NULL && !service->entry.is_configured &&
		    !service->entry.is_published)
			end_service(runtime, service);
	}
	for (uint32_t id = 0; id < runtime->vserver_room; id++) {
		struct runtime_vserver *vserver = runtime->vservers[id];

		if (vserver != NULL && !vserver->entry.is_configured &&
		    !vserver->entry.is_published)
			end_vserver(runtime, vserver);
	}
}

void runtime_everywhere(struct runtime *runtime, uint64_t number)
{
	runtime->everywhere = number;
	reserve_sweep(&runtime->exit, runtime->map, number);
	for (uint32_t id = 0; id < runtime->vserver_room; id++)
		if (runtime->vservers[id] != NULL)
			destinations_everywhere(&runtime->vservers[id]->destinations,
						runtime->vault, number);
}

void runtime_published(struct runtime *runtime)
{
	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL && runtime->services[id]->entry.is_configured)
			runtime->services[id]->entry.is_published = true;
	for (uint32_t id = 0; id < runtime->vserver_room; id++)
		if (runtime->vservers[id] != NULL && runtime->vservers[id]->entry.is_configured)
			runtime->vservers[id]->entry.is_published = true;
}

void runtime_close_gates(struct runtime *runtime, uint64_t newest)
{
	for (uint32_t id = 0; id < runtime->vserver_room; id++) {
		struct runtime_vserver *vserver = runtime->vservers[id];

		if (vserver == NULL || vserver->gate == NULL)
			continue;
		gate_close(runtime->gates, vserver->gate, newest);
		vserver->gate = NULL;
	}
}

void runtime_service_gone(struct runtime *runtime, uint32_t id)
{
	struct runtime_service *service = runtime_service_id(runtime, id);

	must(service != NULL && !service->entry.is_configured);
	if (++service->entry.gone_count == runtime->engine_count)
		end_service(runtime, service);
}

void runtime_vserver_gone(struct runtime *runtime, uint32_t id)
{
	struct runtime_vserver *vserver = runtime_vserver_id(runtime, id);

	must(vserver != NULL && !vserver->entry.is_configured);
	if (++vserver->entry.gone_count == runtime->engine_count)
		end_vserver(runtime, vserver);
}
