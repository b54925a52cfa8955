/* SPDX-License-Identifier: Apache-2.0 */
#include "control/health.h"

#include "admit/quota_life.h"
#include "base/heap.h"
#include "base/text.h"
#include "config/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the verdict ------------------------------------------------------------------------------ */

static const char *reason_of(const struct health_probe *probe)
{
	return probe->state == MONITOR_UNKNOWN || probe->is_assumed ? "not probed yet"
								    : probe->reason;
}

static struct str probe_name(const struct health_probe *probe)
{
	struct monitor_view view;

	monitor_look(probe->monitor, &view);
	return view.name;
}

/* Of those that count: whether enough are up; the first that is not speaks for them, else the last
 * that is. While all that are not up have yet to speak, nothing is judged. */
struct verdict {
	bool is_well, is_judged;
	uint64_t weight;                    /* of those that are up */
	const struct health_probe *speaker; /* NULL: none counts */
};

static struct verdict judge(const struct health *health)
{
	struct verdict verdict = { 0 };
	const struct health_probe **speaker = &verdict.speaker;
	unsigned not_up = 0, down = 0;

	for (unsigned i = 0; i < health->count; i++) {
		const struct health_probe *probe = health->probes[i];

		if (probe->is_passive)
			continue;
		if (probe->state == MONITOR_UP)
			verdict.weight += probe->weight;
		not_up += probe->state != MONITOR_UP;
		down += probe->state == MONITOR_DOWN;
		if (*speaker == NULL ||
		    (probe->state != MONITOR_UP && (*speaker)->state == MONITOR_UP))
			*speaker = probe;
	}
	verdict.is_well = health->threshold > 0 ? verdict.weight >= health->threshold : not_up == 0;
	verdict.is_judged = verdict.is_well || down > 0 || not_up == 0;
	return verdict;
}

static void conclude(struct runtime_service *service)
{
	const struct verdict verdict = judge(service->health);
	char lack[64] = "";

	service->is_well = verdict.is_well;
	service->is_judged = verdict.is_judged;
	if (service->health->threshold > 0 && !verdict.is_well)
		snprintf(lack, sizeof(lack),
			 "good monitors weigh %" PRIu64 ", -monThreshold %" PRIu32, verdict.weight,
			 service->health->threshold);
	if (verdict.speaker == NULL)
		snprintf(service->verdict, sizeof(service->verdict), "no monitor is of account");
	else if (lack[0] != '\0' && verdict.speaker->state == MONITOR_UP)
		snprintf(service->verdict, sizeof(service->verdict), "%s", lack);
	else
		snprintf(service->verdict, sizeof(service->verdict), "%s%smonitor %.*s: %s", lack,
			 lack[0] != '\0' ? "; " : "", STR_ARG(probe_name(verdict.speaker)),
			 reason_of(verdict.speaker));
}

bool health_is_known(const struct runtime_service *service, uint64_t now_ms)
{
	const struct health *health = service->health;

	if (health == NULL || service->plan == NULL || !service->plan->is_enabled ||
	    now_ms - health->asked_ms >= HEALTH_PATIENCE_MS)
		return true;
	for (unsigned i = 0; i < health->count; i++) {
		const struct health_probe *probe = health->probes[i];
		bool is_silent = probe->state == MONITOR_UNKNOWN && !service->is_well;

		if (!probe->is_passive && (probe->is_assumed || is_silent))
			return false;
	}
	return true;
}

int64_t health_limit(const struct runtime_service *service, uint32_t configured)
{
	int64_t least = configured == 0 ? -1 : (int64_t)configured;

	for (unsigned i = 0; service->health != NULL && i < service->health->count; i++) {
		int64_t limit = capacity_limit(&service->health->probes[i]->capacity, configured);

		if (limit >= 0 && (least < 0 || limit < least))
			least = limit;
	}
	return least;
}

/* What engines see is the mean over the monitors of account that have learned something. */
static void measure(const struct runtime_service *service)
{
	uint64_t response_us = 0, average_us = 0, count = 0;
	struct monitor_view view;

	for (unsigned i = 0; service->health != NULL && i < service->health->count; i++) {
		const struct health_probe *probe = service->health->probes[i];

		monitor_look(probe->monitor, &view);
		if (probe->is_passive || view.learned == 0)
			continue;
		response_us += view.response_us;
		average_us += view.average_us;
		count++;
	}
	stat_set(&service->measured->response_us, count > 0 ? response_us / count : 0);
	stat_set(&service->measured->average_us, count > 0 ? average_us / count : 0);
}

static void hear_answer(struct monitor *monitor)
{
	const struct health_probe *probe = monitor_owner(monitor);

	measure(probe->health->service);
}

/* What clients have seen of it, over all engines. */
static void look_live(const struct monitor *monitor, struct monitor_live *live)
{
	const struct health *health = ((struct health_probe *)monitor_owner(monitor))->health;
	uint64_t answers = 0, broken = 0, failed = 0;

	for (unsigned i = 0; i < health->room->engine_count; i++) {
		const struct stat_service *stats = &health->service->stats[i];

		answers += stat_read(&stats->first_bytes);
		broken += stat_read(&stats->unexpected) + stat_read(&stats->bad_answers);
		failed += stat_read(&stats->connect_failures) + stat_read(&stats->resets) +
			  stat_read(&stats->timeouts);
	}
	*live = (struct monitor_live){ answers > broken ? answers - broken : 0, broken + failed };
}

void health_forget(struct runtime_service *service)
{
	for (unsigned i = 0; service->health != NULL && i < service->health->count; i++)
		monitor_forget(service->health->probes[i]->monitor);
	measure(service);
}

/* Before the state: the limit must be right when the service comes up. */
static void hear_capacity(struct health_probe *probe)
{
	struct health_room *room = probe->health->room;
	struct monitor_view view;

	monitor_look(probe->monitor, &view);
	if (capacity_equal(&view.capacity, &probe->capacity))
		return;
	probe->capacity = view.capacity;
	room->told(room->context, probe->health->service);
}

static void hear(struct monitor *monitor, bool is_up, const char *reason)
{
	struct health_probe *probe = monitor_owner(monitor);
	struct runtime_service *service = probe->health->service;
	bool is_news;

	probe->state = is_up ? MONITOR_UP : MONITOR_DOWN;
	probe->is_assumed = false;
	snprintf(probe->reason, sizeof(probe->reason), "%s", reason);
	conclude(service);
	is_news = state_settle(service);
	hear_capacity(probe);
	probe->health->room->heard(probe->health->room->context, service, is_news);
}

/* --- keeping up with the plan ----------------------------------------------------------------- */

static void free_probe(struct health_probe *probe)
{
	if (probe == NULL)
		return;
	monitor_free(probe->monitor);
	vault_close(probe->health->room->vault, probe->record);
	free(probe->settings);
	free(probe);
}

void health_end(struct runtime_service *service)
{
	struct health *health = service->health;

	if (health == NULL)
		return;
	for (unsigned i = 0; i < health->count; i++)
		free_probe(health->probes[i]);
	free(health->probes);
	free(health);
	service->health = NULL;
	measure(service);
}

static char *settings_of(const struct plan_service *service, const struct plan_monitor *plan)
{
	char address[ADDRESS_TEXT_MAX];
	struct text text = TEXT_EMPTY;

	text_print(&text, "%s ", address_print(&service->address, address));
	print_object(plan->object, true, &text);
	text_add(&text, plan->conf.texts[MONITOR_TEXT_METRICS]); /* of another object, too */
	return text.at;
}

static struct health_probe *find_probe(struct health *health, uint64_t uid, const char *settings)
{
	for (unsigned i = 0; i < health->count; i++) {
		struct health_probe *probe = health->probes[i];

		if (probe != NULL && probe->uid == uid && strcmp(probe->settings, settings) == 0) {
			health->probes[i] = NULL;
			return probe;
		}
	}
	return NULL;
}

/* By the names of the service and of its monitor. */
static uint64_t record_key(const struct plan_service *service, const struct plan_monitor *plan)
{
	char name[512];
	int length = snprintf(name, sizeof(name), "%.*s\n%.*s", STR_ARG(service->name),
			      STR_ARG(plan->name));

	must(length > 0);
	return quota_key("monitor", name, strlen(name));
}

/* What an earlier process has counted, or nothing yet. */
static struct monitor_record *open_record(struct vault *vault, uint64_t key)
{
	void *record = vault_claim(vault, key, sizeof(struct monitor_record));

	return record != NULL ? record : vault_open(vault, key, sizeof(struct monitor_record));
}

/* The same binding counts on, whatever of its monitor was set; response times of another question
 * or another server are not of account. */
static void keep_record(struct health *health, struct health_probe *probe, uint64_t key)
{
	for (unsigned i = 0; i < health->count && probe->record == NULL; i++) {
		struct health_probe *old = health->probes[i];

		if (old == NULL || old->uid != probe->uid)
			continue;
		probe->record = old->record;
		old->record = NULL;
		monitor_keep(probe->monitor, probe->record);
		if (!monitor_asks_same(old->monitor, probe->monitor))
			monitor_forget(probe->monitor);
	}
	if (probe->record == NULL)
		probe->record = open_record(health->room->vault, key);
	monitor_keep(probe->monitor, probe->record);
}

/* A monitor that was changed goes on from what the service is known to be. */
static struct health_probe *new_probe(struct health *health, const struct plan_service *service,
				      const struct plan_monitor *plan, char *settings)
{
	struct health_probe *probe = heap_zeroed(1, sizeof(*probe));

	must(probe != NULL);
	probe->health = health;
	health->asked_ms = health->room->loop->now_ms;
	probe->uid = plan->uid;
	probe->settings = settings;
	probe->state = MONITOR_UNKNOWN;
	probe->monitor = monitor_new(health->room->loop, &plan->conf, &service->address,
				     MONITOR_UNKNOWN, hear, probe);
	monitor_on_answer(probe->monitor, hear_answer);
	monitor_on_live(probe->monitor, look_live);
	return probe;
}

/* What the old monitor of the same binding had found out is what the new one begins with. */
static void inherit(struct health *health, struct health_probe *probe)
{
	for (unsigned i = 0; i < health->count; i++) {
		const struct health_probe *old = health->probes[i];

		if (old == NULL || old->uid != probe->uid)
			continue;
		probe->state = old->state;
		probe->capacity = old->capacity;
		memcpy(probe->reason, old->reason, sizeof(probe->reason));
	}
}

/* Of another server nothing is known. */
static void begin_with(struct health *health, struct health_probe *probe,
		       const struct plan_service *service)
{
	if (health->count > 0 && !address_equal(&health->address, &service->address))
		return;
	inherit(health, probe);
	if (probe->state != MONITOR_UNKNOWN || !health->service->is_well)
		return;
	probe->state = MONITOR_UP;
	probe->is_assumed = true;
}

static bool is_of_account(const struct plan_monitor *plan)
{
	return object_number(plan->object, MONITOR_STATE) == OPTION_FIRST;
}

static struct health_probe *take_probe(struct health *health, const struct plan_service *service,
				       const struct plan_monitor *plan)
{
	uint64_t key = record_key(service, plan);
	char *settings = settings_of(service, plan);
	struct health_probe *probe = find_probe(health, plan->uid, settings);

	if (probe != NULL) {
		free(settings);
	} else {
		probe = new_probe(health, service, plan, settings);
		begin_with(health, probe, service);
		keep_record(health, probe, key);
	}
	vault_set_key(probe->record, key);
	probe->weight = plan->weight;
	probe->is_passive = plan->is_passive || !is_of_account(plan);
	return probe;
}

static void take_probes(struct health *health, const struct plan_service *plan)
{
	struct health_probe **probes = heap_zeroed(plan->monitor_count + 1, sizeof(*probes));

	must(probes != NULL);
	for (unsigned i = 0; i < plan->monitor_count; i++)
		probes[i] = take_probe(health, plan, &plan->monitors[i]);
	for (unsigned i = 0; i < health->count; i++)
		free_probe(health->probes[i]);
	free(health->probes);
	health->probes = probes;
	health->count = plan->monitor_count;
	health->address = plan->address;
}

static struct health *new_health(struct health_room *room, struct runtime_service *service)
{
	struct health *health = heap_zeroed(1, sizeof(*health));

	must(health != NULL);
	health->room = room;
	health->service = service;
	return health;
}

void health_take(struct health_room *room, struct runtime_service *service,
		 const struct plan_service *plan)
{
	if (plan->unresolved.length > 0) {
		health_end(service);
		service->is_judged = service->is_well = false;
		snprintf(service->verdict, sizeof(service->verdict), "%.*s",
			 STR_ARG(plan->unresolved));
		return;
	}
	if (!plan->is_monitored) {
		health_end(service);
		service->is_judged = service->is_well = true;
		snprintf(service->verdict, sizeof(service->verdict), "not monitored");
		return;
	}
	if (service->health == NULL)
		service->health = new_health(room, service);
	service->health->threshold = plan->monitor_threshold;
	take_probes(service->health, plan);
	measure(service);
	conclude(service);
}
