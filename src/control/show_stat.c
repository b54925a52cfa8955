/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"
#include "config/command.h"
#include "control/show.h"
#include "control/show_priv.h"
#include "control/spill.h"

#include <inttypes.h>
#include <stdlib.h>

void show_stat_rows(const struct stat_row *rows, const void *blocks, size_t size, unsigned count,
		    struct text *text)
{
	for (const struct stat_row *row = rows; row->name != NULL; row++)
		text_print(text, "\t%s: %" PRIu64 "\n", row->name,
			   stat_sum(blocks, size, count, row));
}

/* How it is to be shown. */
struct wish {
	bool is_detailed, clears;
};

static struct wish wish_of(const struct command *command)
{
	return (struct wish){ .is_detailed = command_option(command, "detail") != NULL,
			      .clears = command_option(command, "clearstats") != NULL };
}

/* The numbers of a service or virtual server. Their writers are the engines: -clearstats hides what
 * was counted so far from this view, and from no other. */
static void entry_rows(struct runtime_entry *entry, const struct stat_row *rows, const void *blocks,
		       size_t size, unsigned count, struct text *text)
{
	for (unsigned i = 0; rows[i].name != NULL; i++) {
		uint64_t value = stat_sum(blocks, size, count, &rows[i]);

		if (!rows[i].is_gauge)
			value -= entry->cleared[i];
		text_print(text, "\t%s: %" PRIu64 "\n", rows[i].name, value);
	}
}

static void clear_rows(struct runtime_entry *entry, const struct stat_row *rows, const void *blocks,
		       size_t size, unsigned count)
{
	for (unsigned i = 0; rows[i].name != NULL; i++)
		entry->cleared[i] = stat_sum(blocks, size, count, &rows[i]);
}

static void detail(const struct stat_row *rows, const void *blocks, size_t size, unsigned count,
		   struct text *text)
{
	for (unsigned i = 0; i < count; i++) {
		text_print(text, "\tengine %u\n", i);
		for (const struct stat_row *row = rows; row->name != NULL; row++)
			text_print(text, "\t\tengine %u %s: %" PRIu64 "\n", i, row->name,
				   stat_sum((const char *)blocks + i * size, size, 1, row));
	}
}

/* --- lb vserver ------------------------------------------------------------------------------- */

static void stat_spilling(const struct control *control, const struct runtime_vserver *vserver,
			  struct text *text)
{
	struct spill_phase phase = spill_phase(&control->runtime, vserver);

	text_print(text,
		   "\tSpillover: %s\n\tMilliseconds so: %" PRIu64 "\n\tSpillover episodes: %" PRIu64
		   "\n\tMilliseconds in spillover: %" PRIu64 "\n",
		   phase.name, phase.lasts_ms, vserver->spilling_so_far->episodes,
		   spill_time_ms(vserver));
}

static void stat_vserver(struct control *control, const struct object *object, struct wish wish,
			 struct text *text)
{
	struct runtime_vserver *vserver = runtime_vserver(&control->runtime, object->uid);
	unsigned count = control->setup.engine_count;

	text_print(text, "lb vserver %.*s\n", STR_ARG(object_name(object)));
	if (vserver == NULL || vserver->plan == NULL)
		return;
	text_print(text, "\tState: %s\n", show_vserver_state(vserver));
	entry_rows(&vserver->entry, stat_vserver_rows, vserver->stats, sizeof(*vserver->stats),
		   count, text);
	show_stat_destinations(control, vserver, text);
	show_pool_stat(control, vserver->entry.pool, "", text);
	stat_spilling(control, vserver, text);
	if (wish.is_detailed) {
		detail(stat_vserver_rows, vserver->stats, sizeof(*vserver->stats), count, text);
		show_pool_detail(control, vserver->entry.pool, "", text);
	}
	show_stat_reserve(control, &vserver->requests, "requests in flight", wish.is_detailed,
			  text);
	show_stat_reserve(control, &vserver->sessions, "TLS sessions", wish.is_detailed, text);
	if (!wish.clears)
		return;
	clear_rows(&vserver->entry, stat_vserver_rows, vserver->stats, sizeof(*vserver->stats),
		   count);
	show_clear_destinations(control, vserver);
}

/* --- service and group --------------------------------------------------------------------------
 */

/* Microseconds; what LRTM compares is the learned one. */
static void stat_health(const struct runtime_service *service, struct text *text)
{
	uint64_t sent = 0, failed = 0;
	struct monitor_view view;

	for (unsigned i = 0; service->health != NULL && i < service->health->count; i++) {
		monitor_look(service->health->probes[i]->monitor, &view);
		sent += view.sent;
		failed += view.failed;
	}
	text_print(text,
		   "\tProbes: %" PRIu64 "\n\tProbes failed: %" PRIu64
		   "\n\tResponse time us: %" PRIu64 "\n\tLearned response time us: %" PRIu64 "\n",
		   sent, failed, stat_read(&service->measured->response_us),
		   stat_read(&service->measured->average_us));
}

static void stat_entry(struct control *control, struct runtime_service *service, struct wish wish,
		       struct text *text)
{
	unsigned count = control->setup.engine_count;
	struct quota_view view;

	text_print(text, "\tState: %s\n", show_service_state(service));
	entry_rows(&service->entry, stat_service_rows, service->stats, sizeof(*service->stats),
		   count, text);
	quota_read(control->setup.map, service->entry.pool, &view);
	text_print(text, "\tUses held: %" PRId64 "\n", view.used);
	stat_health(service, text);
	if (wish.is_detailed)
		detail(stat_service_rows, service->stats, sizeof(*service->stats), count, text);
	if (wish.clears)
		clear_rows(&service->entry, stat_service_rows, service->stats,
			   sizeof(*service->stats), count);
}

static void stat_service(struct control *control, const struct object *object, struct wish wish,
			 struct text *text)
{
	struct runtime_service *service = runtime_service(&control->runtime, object->uid);

	text_print(text, "service %.*s\n", STR_ARG(object_name(object)));
	if (service != NULL && service->plan != NULL)
		stat_entry(control, service, wish, text);
}

static void stat_group(struct control *control, const struct object *object, struct wish wish,
		       struct text *text)
{
	text_print(text, "serviceGroup %.*s\n", STR_ARG(object_name(object)));
	for (unsigned i = 0; i < object->binding_count; i++) {
		struct runtime_service *service = runtime_service(&control->runtime,
								  object->bindings[i].uid);

		if (service == NULL || service->plan == NULL)
			continue;
		text_print(text, "member %s\n", service->entry.name);
		stat_entry(control, service, wish, text);
	}
}

/* --- engines ---------------------------------------------------------------------------------- */

void show_stat_engines(struct control *control, struct text *text)
{
	const struct control_setup *setup = &control->setup;
	size_t size = sizeof(*setup->engine_stats);

	text_print(text, "engines: %u\n", setup->engine_count);
	show_stat_rows(stat_engine_rows, setup->engine_stats, size, setup->engine_count, text);
	for (unsigned i = 0; i < setup->engine_count; i++) {
		text_print(text, "engine %u\n\tcpu: %d\n\taccepting: %s\n\tstalls: %" PRIu64 "\n",
			   i, setup->engines[i]->cpu,
			   shortage_has(&control->shortage, i) ? "paused" : "yes",
			   control->watchdog.known[i].stalls);
		show_stat_rows(stat_engine_rows, &setup->engine_stats[i], size, 1, text);
	}
}

/* --- the command ------------------------------------------------------------------------------ */

/* stat serviceGroupMember GROUP SERVER PORT */
static bool stat_member(struct control *control, const struct command *command, struct text *text)
{
	const struct object *group = config_find(control->config, KIND_GROUP,
						 command->places[0].text);
	struct runtime_service *service = NULL;
	struct text name = TEXT_EMPTY;

	text_print(&name, "%.*s?%.*s?%.*s", STR_ARG(command->places[0].text),
		   STR_ARG(command->places[1].text), STR_ARG(command->places[2].text));
	for (unsigned i = 0; group != NULL && i < group->binding_count && service == NULL; i++) {
		service = runtime_service(&control->runtime, group->bindings[i].uid);
		if (service != NULL && (service->plan == NULL ||
					!str_equal(str_of(service->entry.name), text_str(&name))))
			service = NULL;
	}
	if (service == NULL)
		text_print(text, "ERROR: there is no member %s\n", name.at);
	else
		text_print(text, "member %s\n", name.at);
	text_free(&name);
	if (service != NULL)
		stat_entry(control, service, wish_of(command), text);
	return service != NULL;
}

typedef void stat_fn(struct control *control, const struct object *object, struct wish wish,
		     struct text *text);

static void stat_policy(struct control *control, const struct object *object, struct wish wish,
			struct text *text)
{
	show_policy_stat(control, object, wish.clears, text);
}

static void stat_action(struct control *control, const struct object *object, struct wish wish,
			struct text *text)
{
	show_action_stat(control, object, wish.clears, text);
}

static stat_fn *const stat_kinds[KIND_COUNT] = {
	[KIND_SERVICE] = stat_service,         [KIND_GROUP] = stat_group,
	[KIND_VSERVER] = stat_vserver,         [KIND_SPILLOVER_ACTION] = stat_action,
	[KIND_SPILLOVER_POLICY] = stat_policy,
};

static bool refuse(const struct command *command, struct text *answer)
{
	text_print(answer, "ERROR: 'stat %.*s' is known but not supported yet\n",
		   STR_ARG(command->object));
	return false;
}

/* -fullValues is how numbers are always shown, and -ntimes is the business of who asks: spillway
 * cli asks again and again. */
static bool check_options(const struct command *command, struct text *answer)
{
	const struct argument *log = command_option(command, "logFile");

	if (log == NULL)
		return true;
	text_print(
		answer,
		"ERROR: column %u: -logFile reads a log of NetScaler's nslog, which Spillway does "
		"not write: stat without it shows the numbers of now\n",
		log->column);
	return false;
}

/* --- all of a kind ---------------------------------------------------------------------------- */

struct ranked {
	const struct object *object;
	uint64_t hits;
};

static uint64_t hits_of(struct control *control, const struct object *object)
{
	const struct runtime_vserver *vserver = runtime_vserver(&control->runtime, object->uid);
	uint64_t requests = 0, clients = 0;

	for (unsigned i = 0;
	     vserver != NULL && vserver->plan != NULL && i < control->setup.engine_count; i++) {
		requests += stat_read(&vserver->stats[i].requests_total);
		clients += stat_read(&vserver->stats[i].clients_total);
	}
	return requests > 0 ? requests : clients;
}

static int compare_hits(const void *left, const void *right)
{
	uint64_t a = ((const struct ranked *)left)->hits, b = ((const struct ranked *)right)->hits;

	return a < b ? 1 : a > b ? -1 : 0;
}

/* -sortBy Hits, the most first unless "ascending" stands behind it. */
static void sort(const struct command *command, struct ranked *ranked, unsigned count)
{
	const struct argument *by = command_option(command, "sortBy");

	if (by == NULL)
		return;
	qsort(ranked, count, sizeof(*ranked), compare_hits);
	if (by->count < 2 || !str_starts_nocase(by->words[1].text, STR("a")))
		return;
	for (unsigned i = 0; i < count / 2; i++) {
		struct ranked other = ranked[i];

		ranked[i] = ranked[count - 1 - i];
		ranked[count - 1 - i] = other;
	}
}

static void stat_all(struct control *control, const struct command *command, stat_fn *stat,
		     struct text *answer)
{
	unsigned count = config_count(control->config, command->kind->id), at = 0;
	struct ranked *ranked = heap_zeroed(count + 1, sizeof(*ranked));
	const struct object *object = NULL;

	must(ranked != NULL);
	while ((object = config_next(control->config, command->kind->id, object)) != NULL)
		ranked[at++] = (struct ranked){ object, hits_of(control, object) };
	sort(command, ranked, count);
	for (unsigned i = 0; i < count; i++)
		stat(control, ranked[i].object, wish_of(command), answer);
	if (count == 0)
		text_print(answer, "there is no %s\n", command->kind->object);
	free(ranked);
}

bool show_stat(struct control *control, const struct command *command, struct text *answer)
{
	struct wish wish = wish_of(command);
	const struct object *object = NULL;
	stat_fn *stat = command->kind != NULL ? stat_kinds[command->kind->id] : NULL;

	control_publish(control);
	if (str_equal(command->object, STR("serviceGroupMember")) && command->place_count == 3)
		return check_options(command, answer) && stat_member(control, command, answer);
	if (stat == NULL)
		return refuse(command, answer);
	if (!check_options(command, answer))
		return false;
	if (command->place_count > 0) {
		struct str name = command->places[0].text;

		object = config_find(control->config, command->kind->id, name);
		if (object != NULL)
			stat(control, object, wish, answer);
		else
			text_print(answer, "ERROR: there is no %s %.*s\n", command->kind->object,
				   STR_ARG(name));
		return object != NULL;
	}
	stat_all(control, command, stat, answer);
	return true;
}
