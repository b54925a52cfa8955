/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"
#include "control/explain_priv.h"
#include "lb/lb.h"
#include "lb/lb_key.h"
#include "os/clock.h"

#include <stdlib.h>

/* --- members ---------------------------------------------------------------------------------- */

static const struct plan_service *planned(const struct explain *in,
					  const struct plan_member *member)
{
	return &in->control->plan->services[member->service];
}

static const struct runtime_service *service_of(const struct explain *in,
						const struct plan_member *member)
{
	return runtime_service(&in->control->runtime, planned(in, member)->uid);
}

/* --- the method ------------------------------------------------------------------------------- */

static bool has_room(const struct explain *in, const struct runtime_service *service)
{
	struct quota_view view;

	quota_read(in->control->setup.map, service->entry.pool, &view);
	return view.used < view.limit;
}

static uint64_t uses_of(const struct explain *in, const struct runtime_service *service)
{
	int64_t uses = 0;

	for (unsigned i = 0; i < in->control->setup.engine_count; i++) {
		const struct stat_service *stats = &service->stats[i];

		uses += (int64_t)(stat_read(&stats->connections) - stat_read(&stats->idle) +
				  stat_read(&stats->waiting));
	}
	return uses > 0 ? (uint64_t)uses : 0;
}

/* Up, and with a connection left. */
static bool can_serve(const struct explain *in, const struct runtime_service *service)
{
	return service->is_up && service->plan->is_enabled && has_room(in, service);
}

/* Those that can be chosen, and what the method compares; how many there are. One at the limit of
 * its bandwidth is chosen when no other can be. */
static uint32_t make_candidates(struct explain *in, const struct plan_vserver *vserver,
				struct lb_candidate *candidates)
{
	uint32_t eligible = 0, paced = 0;

	for (uint32_t i = 0; i < vserver->member_count; i++) {
		const struct runtime_service *service = service_of(in, &vserver->members[i]);
		bool can = can_serve(in, service);
		bool is_paced = explain_rate_of_service(in, service);

		candidates[i] = (struct lb_candidate){
			.is_eligible = can && !is_paced,
			.weight = vserver->members[i].weight,
			.id = service->plan->hash_id,
			.load = uses_of(in, service),
		};
		eligible += candidates[i].is_eligible;
		paced += can && is_paced;
	}
	for (uint32_t i = 0; eligible == 0 && i < vserver->member_count; i++)
		candidates[i].is_eligible = can_serve(in, service_of(in, &vserver->members[i]));
	return eligible > 0 ? eligible : paced;
}

/* --- slow start ------------------------------------------------------------------------------- */

/* By slow start, on all engines; *ago_ms: the last time, UINT64_MAX: never. */
static uint64_t held_back(const struct explain *in, const struct runtime_service *service,
			  uint64_t *ago_ms)
{
	uint64_t times = 0, now_ms = clock_ms();

	*ago_ms = UINT64_MAX;
	for (unsigned i = 0; i < in->control->setup.engine_count; i++) {
		uint64_t last_ms = stat_read(&service->stats[i].slow_held_ms);
		uint64_t ago = now_ms > last_ms ? now_ms - last_ms : 0;

		times += stat_read(&service->stats[i].slow_held);
		if (last_ms != 0 && ago < *ago_ms)
			*ago_ms = ago;
	}
	return times;
}

/* Each engine begins with a choice of its own, and ends after an interval in which it held nothing
 * back: told are those that are in their first interval, or were held back within the last one. */
static void explain_start(struct explain *in, const struct model_slow_start *start,
			  const struct runtime_service *service)
{
	uint64_t up_ms = clock_wall_ms() - service->since_ms, interval_ms, ago_ms, interval;
	uint64_t times = held_back(in, service, &ago_ms);

	interval_ms = start->interval_s > 0 ? start->interval_s * UINT64_C(1000) : UINT64_MAX;
	if (!service->is_up || (up_ms >= interval_ms && (ago_ms > interval_ms || ago_ms > up_ms)))
		return;
	interval = up_ms / interval_ms;
	text_print(in->text,
		   "\tslow start: %s is up for %" PRIu64 " s: not more than %" PRIu64
		   " %s on an engine that came to it slowly",
		   service->entry.name, up_ms / 1000, start->step * (interval + 1),
		   start->is_percent ? "percent of what each of the others gets"
				     : "clients or requests a second, each engine its part,");
	if (ago_ms <= up_ms)
		text_print(in->text,
			   "; held back %" PRIu64 " times so far, last %" PRIu64 " ms ago", times,
			   ago_ms);
	text_add(in->text, STR("\n"));
}

static void explain_starts(struct explain *in, const struct plan_vserver *vserver)
{
	for (uint32_t i = 0; vserver->slow_start.step > 0 && i < vserver->member_count; i++)
		explain_start(in, &vserver->slow_start, service_of(in, &vserver->members[i]));
}

/* --- the method, told ------------------------------------------------------------------------- */

static void list(struct explain *in, const struct plan_vserver *vserver,
		 const struct lb_candidate *candidates, bool with_loads)
{
	const char *comma = "";

	for (uint32_t i = 0; i < vserver->member_count; i++) {
		if (!candidates[i].is_eligible)
			continue;
		text_print(in->text, "%s%s", comma,
			   service_of(in, &vserver->members[i])->entry.name);
		if (with_loads)
			text_print(in->text, " %" PRIu64, candidates[i].load);
		comma = ", ";
	}
	text_add(in->text, STR("\n"));
}

/* Loads by weight; only who is alone with the least is certain. */
static int find_least(const struct plan_vserver *vserver, const struct lb_candidate *candidates)
{
	int best = LB_NONE;
	bool is_alone = false;

	for (uint32_t i = 0; i < vserver->member_count; i++) {
		const struct lb_candidate *one = &candidates[i];
		uint64_t mine, least;

		if (!one->is_eligible)
			continue;
		mine = best == LB_NONE ? 0 : one->load * candidates[best].weight;
		least = best == LB_NONE ? 1 : candidates[best].load * one->weight;
		if (mine < least)
			best = (int)i;
		is_alone = mine != least;
	}
	return is_alone ? best : LB_NONE;
}

static void explain_least(struct explain *in, const struct plan_vserver *vserver,
			  const struct lb_candidate *candidates)
{
	int index = find_least(vserver, candidates);

	if (index != LB_NONE)
		text_print(in->text, "\tservice: %s, by %s; uses: ",
			   service_of(in, &vserver->members[index])->entry.name,
			   vserver->method->name);
	else
		text_print(in->text, "\tservice: one of those with the least uses, by %s: ",
			   vserver->method->name);
	list(in, vserver, candidates, true);
}

/* What the key is made of, as far as it was given; NULL, or what is missing. */
static const char *find_key(const struct explain *in, const struct plan_vserver *vserver,
			    uint64_t *key)
{
	const struct lb_key_masks masks = { vserver->hash_length, vserver->netmask,
					    vserver->v6_netmask_length };
	struct lb_key_client client = { .peer = in->client, .url = in->url, .host = in->host };
	enum lb_key kind = vserver->method->key;
	bool is_request = kind == LB_KEY_URL || kind == LB_KEY_DOMAIN;

	if (is_request && vserver->protocol != PROTOCOL_HTTP)
		kind = LB_KEY_SOURCE;
	else if (is_request && (kind == LB_KEY_URL ? in->url.length : in->host.length) == 0)
		return "give -url to see which";
	if (kind == LB_KEY_TOKEN)
		return vserver->data_length > 0
			       ? "which depends on what the client says first"
			       : "which depends on what -rule finds in the request";
	if (kind == LB_KEY_SOURCE_PORT)
		return "which depends on the client's port";
	if ((kind == LB_KEY_SOURCE || kind == LB_KEY_SOURCE_DESTINATION) && in->client == NULL)
		return "give -clientIP to see which";
	if (!address_is_any(&in->reached->address))
		client.reached = &in->reached->address;
	else if (kind == LB_KEY_DESTINATION || kind == LB_KEY_SOURCE_DESTINATION)
		return "which depends on the address that the client reaches";
	*key = lb_key_make(kind, &masks, &client);
	return NULL;
}

static void explain_hash(struct explain *in, const struct plan_vserver *vserver,
			 const struct lb_candidate *candidates)
{
	_Alignas(16) char state[LB_STATE_MAX] = { 0 };
	uint64_t key = 0;
	const char *missing = find_key(in, vserver, &key);
	int index = LB_NONE;

	if (missing == NULL)
		index = vserver->method->choose(state, candidates, vserver->member_count, key);
	if (index != LB_NONE)
		text_print(in->text, "\tservice: %s, by %s, of ",
			   service_of(in, &vserver->members[index])->entry.name,
			   vserver->method->name);
	else
		text_print(in->text, "\tservice: by %s, %s, of ", vserver->method->name,
			   missing != NULL ? missing : "none now");
	list(in, vserver, candidates, false);
}

static void explain_method(struct explain *in, const struct plan_vserver *vserver,
			   const struct lb_candidate *candidates)
{
	const struct lb_method *method = vserver->method;

	if (method->load == LB_LOAD_USES) {
		explain_least(in, vserver, candidates);
		return;
	}
	if (method->key != LB_KEY_NONE) {
		explain_hash(in, vserver, candidates);
		return;
	}
	text_print(in->text, "\tservice: by %s, ", method->name);
	if (method->load == LB_LOAD_NONE)
		text_add(in->text, STR("next in turn of each engine, of "));
	else
		text_add(in->text, STR("as each engine has measured it, of "));
	list(in, vserver, candidates, false);
}

void explain_service(struct explain *in, const struct plan_vserver *vserver)
{
	struct lb_candidate *candidates;
	uint32_t eligible;

	if (explain_persistence(in, vserver))
		return;
	candidates = heap_zeroed(vserver->member_count + 1, sizeof(*candidates));
	must(candidates != NULL);
	eligible = make_candidates(in, vserver, candidates);
	explain_starts(in, vserver);
	if (eligible == 0)
		text_add(in->text,
			 STR("\tservice: none has a connection left, it waits for one\n"));
	else if (eligible == 1)
		text_add(in->text, STR("\tservice: the only one that has room: "));
	if (eligible == 1)
		list(in, vserver, candidates, false);
	else if (eligible > 1)
		explain_method(in, vserver, candidates);
	free(candidates);
}
