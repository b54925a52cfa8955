/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan_monitor.h"
#include "control/show_priv.h"

#include <inttypes.h>

static void show_ms(const char *what, uint64_t ms, struct text *text)
{
	if (ms % 1000 == 0)
		text_print(text, "%s %" PRIu64 " s", what, ms / 1000);
	else
		text_print(text, "%s %" PRIu64 " ms", what, ms);
}

/* What follows from the options together, which no single one says. */
static void show_effect(const struct object *monitor, struct text *text)
{
	uint64_t retries = object_number(monitor, MONITOR_RETRIES);
	uint64_t failures = object_number(monitor, MONITOR_FAILURE_RETRIES);

	show_ms("\tin effect: a probe every", object_number(monitor, MONITOR_INTERVAL), text);
	show_ms(", an answer within", plan_monitor_timeout(monitor), text);
	if (failures == 0 || failures == retries)
		text_print(text, ", down after %" PRIu64 " failures in a row", retries);
	else
		text_print(text, ", down after %" PRIu64 " failures of %" PRIu64, failures,
			   retries);
	text_print(text, ", up after %" PRIu64 " good in a row",
		   object_number(monitor, MONITOR_SUCCESS_RETRIES));
	show_ms(", while down every", object_number(monitor, MONITOR_DOWN_TIME), text);
	text_print(text, "%s\n", monitor->is_builtin ? "; built in" : "");
}

/* --- what it is bound to ---------------------------------------------------------------------- */

/* How many probes of that binding there are, how many say good. */
struct tally {
	unsigned all, good;
	struct monitor_view last;
};

static void count_probes(const struct runtime_service *service, uint64_t uid, struct tally *tally)
{
	const struct health *health = service != NULL ? service->health : NULL;

	for (unsigned i = 0; health != NULL && i < health->count; i++) {
		if (health->probes[i]->uid != uid)
			continue;
		monitor_look(health->probes[i]->monitor, &tally->last);
		tally->all++;
		tally->good += health->probes[i]->state == MONITOR_UP;
	}
}

static struct tally tally_of(const struct control *control, const struct object *object,
			     uint64_t uid)
{
	struct tally tally = { 0 };

	if (object->kind->id == KIND_SERVICE)
		count_probes(runtime_service(&control->runtime, object->uid), uid, &tally);
	for (unsigned i = 0; i < object->binding_count; i++)
		if (object->bindings[i].type == BINDING_MEMBER)
			count_probes(runtime_service(&control->runtime, object->bindings[i].uid),
				     uid, &tally);
	return tally;
}

static void show_binding(const struct control *control, const struct object *object,
			 const struct binding *binding, struct text *text)
{
	struct tally tally = tally_of(control, object, binding->uid);

	text_print(text, "\t\t%s %.*s  %s  weight %" PRIu32, object->kind->object,
		   STR_ARG(object_name(object)), binding->is_disabled ? "DISABLED" : "ENABLED",
		   binding->weight);
	if (object->kind->id == KIND_GROUP)
		text_print(text, "  good at %u of %u", tally.good, tally.all);
	else if (tally.all > 0)
		text_print(text, "  %s: %s", tally.good > 0 ? "good" : "not good",
			   tally.last.last[0] != '\0' ? tally.last.last : "not probed yet");
	text_add(text, STR("\n"));
}

static unsigned show_bindings(const struct control *control, const struct object *monitor,
			      enum kind_id kind, struct text *text)
{
	const struct object *object = NULL;
	unsigned count = 0;

	while ((object = config_next(control->config, kind, object)) != NULL)
		for (unsigned i = 0; i < object->binding_count; i++)
			if (object->bindings[i].type == BINDING_MONITOR &&
			    object->bindings[i].target == monitor) {
				show_binding(control, object, &object->bindings[i], text);
				count++;
			}
	return count;
}

/* Of services without one of their own: what stands in is known by the monitor's own uid. */
static void show_standard(const struct control *control, const struct object *monitor,
			  struct text *text)
{
	struct tally tally = { 0 };

	for (uint32_t i = 0; i < control->runtime.service_room; i++)
		count_probes(runtime_service_id(&control->runtime, i), monitor->uid, &tally);
	if (tally.all > 0)
		text_print(text,
			   "\t\t%u services and members without a monitor of their own, good at "
			   "%u\n",
			   tally.all, tally.good);
	else
		text_add(text, STR("\t\tnothing\n"));
}

/* Of LOAD. */
static void show_metrics(const struct object *monitor, struct text *text)
{
	for (unsigned i = 0; i < monitor->binding_count; i++) {
		const struct binding *metric = &monitor->bindings[i];

		if (metric->type == BINDING_METRIC)
			text_print(text, "\tmetric %s: at most %" PRIu64 ", weight %" PRIu32 "\n",
				   metric->name, (uint64_t)metric->threshold, metric->weight);
	}
}

void show_monitor(struct control *control, const struct object *object, struct text *text)
{
	text_print(text, "lb monitor %.*s\n", STR_ARG(object_name(object)));
	show_effect(object, text);
	show_options(object, text);
	show_metrics(object, text);
	show_monitor_bindings(control, object, text);
}

void show_monitor_bindings(struct control *control, const struct object *object, struct text *text)
{
	unsigned count;

	text_add(text, STR("\tbound to\n"));
	count = show_bindings(control, object, KIND_SERVICE, text);
	count += show_bindings(control, object, KIND_GROUP, text);
	if (count == 0)
		show_standard(control, object, text);
}
