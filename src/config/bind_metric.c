/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind_metric.h"

#include "config/config_priv.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ARCS_MOST = 64, METRICS_MOST = 32 };

const struct binding *bind_metric_find(const struct object *object, struct str metric)
{
	for (unsigned i = 0; i < object->binding_count; i++)
		if (object->bindings[i].type == BINDING_METRIC &&
		    str_equal(str_of(object->bindings[i].name), metric))
			return &object->bindings[i];
	return NULL;
}

void bind_metric_print(const struct object *object, const struct binding *binding,
		       struct text *text)
{
	if (object->kind->id == KIND_METRIC_TABLE) {
		text_add(text, STR(" "));
		lex_quote(text, str_of(binding->name));
		return; /* the OID is its extra */
	}
	text_add(text, STR(" -metric "));
	lex_quote(text, str_of(binding->name));
	text_print(text, " -metricThreshold %" PRIu64, binding->threshold);
	if (binding->weight != 1)
		text_print(text, " -metricWeight %" PRIu32, binding->weight);
}

/* Copies are the object's own. */
static void add(struct config *config, struct object *object, struct str name, struct str extra,
		struct binding binding)
{
	char *own_name = str_dup(name), *own_extra = extra.length > 0 ? str_dup(extra) : NULL;

	binding.type = BINDING_METRIC;
	binding.uid = store_uid(&config->store);
	binding.name = own_name;
	binding.extra = own_extra;
	object_add_binding(object, &binding);
	free(own_name);
	free(own_extra);
}

/* --- of a table ------------------------------------------------------------------------------- */

/* 1.3.6.1.4.1: two numbers at least, dots between (X.660); one may stand before the first. */
static bool is_oid(struct str text)
{
	unsigned arcs = 0;
	uint64_t arc;

	if (text.length > 0 && text.at[0] == '.')
		text = (struct str){ text.at + 1, text.length - 1 };
	for (;;) {
		const char *dot = memchr(text.at, '.', text.length);
		size_t length = dot != NULL ? (size_t)(dot - text.at) : text.length;

		if (++arcs > ARCS_MOST ||
		    !str_to_number((struct str){ text.at, length }, UINT32_MAX, &arc))
			return false;
		if (dot == NULL)
			return arcs >= 2;
		text = (struct str){ dot + 1, text.length - length - 1 };
	}
}

static bool take_oid(const struct command *command, struct text *extra, struct report *report)
{
	const struct word *word = command->place_count > 2 ? &command->places[2] : NULL;

	if (word == NULL) {
		report_fault(report, 0,
			     "TABLE METRIC OID are needed: cpu 1.3.6.1.4.1.2021.10.1.5.1");
		return false;
	}
	if (!is_oid(word->text)) {
		report_fault(report, word->column,
			     "%.*s is no object identifier: numbers with dots between",
			     STR_ARG(word->text));
		return false;
	}
	text_print(extra, " %.*s", STR_ARG(word->text));
	return true;
}

bool bind_metric_add(struct config *config, struct object *table, const struct command *command,
		     struct report *report)
{
	struct text oid = TEXT_EMPTY;

	if (!take_oid(command, &oid, report))
		return false;
	if (memchr(command->places[1].text.at, '\n', command->places[1].text.length) != NULL) {
		report_fault(report, command->places[1].column, "a metric's name is one line");
		text_free(&oid);
		return false;
	}
	if (bind_metric_find(table, command->places[1].text) != NULL) {
		report_fault(report, command->places[1].column,
			     "Resource already exists: metric %.*s of %.*s: change it with set",
			     STR_ARG(command->places[1].text), STR_ARG(object_name(table)));
		text_free(&oid);
		return false;
	}
	add(config, table, command->places[1].text, text_str(&oid),
	    (struct binding){ .weight = 1 });
	text_free(&oid);
	return true;
}

static struct binding *writable(struct object *object, const struct command *command,
				struct report *report)
{
	const struct binding *binding = command->place_count > 1
						? bind_metric_find(object, command->places[1].text)
						: NULL;

	if (binding != NULL)
		return &object->bindings[binding - object->bindings];
	report_fault(report, command->place_count > 1 ? command->places[1].column : 0,
		     "No such resource: metric %.*s of %.*s",
		     STR_ARG(command->place_count > 1 ? command->places[1].text : STR("")),
		     STR_ARG(object_name(object)));
	return NULL;
}

bool bind_metric_set(struct object *table, const struct command *command, struct report *report)
{
	struct binding *binding = writable(table, command, report);
	struct text oid = TEXT_EMPTY;

	if (binding == NULL || !take_oid(command, &oid, report))
		return false;
	free(binding->extra);
	binding->extra = str_dup(text_str(&oid));
	text_free(&oid);
	return true;
}

bool bind_metric_remove(const struct config *config, struct object *table,
			const struct command *command, struct report *report)
{
	const struct binding *binding = writable(table, command, report);
	const struct object *at = NULL;

	if (binding == NULL)
		return false;
	while ((at = config_next(config, KIND_MONITOR, at)) != NULL) {
		if (!str_equal(object_text(at, MONITOR_METRIC_TABLE), object_name(table)) ||
		    bind_metric_find(at, str_of(binding->name)) == NULL)
			continue;
		report_fault(report, command->places[1].column,
			     "metric %s of %.*s is in use by lb monitor %.*s", binding->name,
			     STR_ARG(object_name(table)), STR_ARG(object_name(at)));
		return false;
	}
	object_remove_binding(table, binding);
	return true;
}

/* --- of a monitor ----------------------------------------------------------------------------- */

static bool take_number(const struct command *command, const char *name, uint64_t least,
			uint64_t most, uint64_t *number, struct report *report)
{
	const struct argument *argument = command_option(command, name);

	if (argument == NULL || argument->count == 0)
		return true;
	if (str_to_number(argument->words[0].text, most, number) && *number >= least)
		return true;
	report_fault(report, argument->words[0].column,
		     "-%s is out of range: %" PRIu64 " to %" PRIu64, name, least, most);
	return false;
}

/* The metric that -metric names, which the monitor's table must have. */
static const struct word *known_metric(const struct config *config, const struct object *monitor,
				       const struct command *command, struct report *report)
{
	const struct word *word = &command_option(command, "metric")->words[0];
	struct str name = object_text(monitor, MONITOR_METRIC_TABLE);
	const struct object *table = config_find(config, KIND_METRIC_TABLE, name);

	if (table == NULL) {
		report_fault(report, word->column,
			     "lb monitor %.*s has no metrics: it must be of type LOAD and have a "
			     "-metricTable",
			     STR_ARG(object_name(monitor)));
		return NULL;
	}
	if (bind_metric_find(table, word->text) == NULL) {
		report_fault(report, word->column,
			     "No such resource: metric %.*s of lb metricTable %.*s",
			     STR_ARG(word->text), STR_ARG(name));
		return NULL;
	}
	return word;
}

bool bind_metric_use(struct config *config, struct object *monitor, const struct command *command,
		     struct report *report)
{
	const struct word *word = known_metric(config, monitor, command, report);
	uint64_t threshold = 0, weight = 1;
	unsigned count = 0;

	if (word == NULL)
		return false;
	if (command_option(command, "metricThreshold") == NULL) {
		report_fault(report, word->column,
			     "-metricThreshold is missing: a value above it is a "
			     "failure");
		return false;
	}
	if (!take_number(command, "metricThreshold", 0, INT64_MAX, &threshold, report) ||
	    !take_number(command, "metricWeight", 1, 100, &weight, report))
		return false;
	for (unsigned i = 0; i < monitor->binding_count; i++)
		count += monitor->bindings[i].type == BINDING_METRIC;
	if (bind_metric_find(monitor, word->text) != NULL || count >= METRICS_MOST) {
		report_fault(report, word->column,
			     count >= METRICS_MOST ? "a monitor has 32 metrics at most: %.*s"
						   : "Resource already exists: metric %.*s",
			     STR_ARG(word->text));
		return false;
	}
	add(config, monitor, word->text, STR(""),
	    (struct binding){ .threshold = threshold, .weight = (uint32_t)weight });
	return true;
}

/* What else was typed would be forgotten. */
static bool only_metric(const struct command *command, struct report *report)
{
	static const char *const known[] = { "metric", "metricThreshold", "metricWeight" };

	for (unsigned i = 0; i < command->option_count; i++) {
		bool is_known = false;

		for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			is_known |= str_equal_nocase(command->options[i].name, str_of(known[j]));
		if (is_known)
			continue;
		report_fault(report, command->options[i].column,
			     "-%.*s does not go with -metric: set it in a command of its own",
			     STR_ARG(command->options[i].name));
		return false;
	}
	return true;
}

bool bind_metric_change(struct object *monitor, const struct command *command,
			struct report *report)
{
	const struct word *word = &command_option(command, "metric")->words[0];
	const struct binding *binding = bind_metric_find(monitor, word->text);
	struct binding *own;
	uint64_t weight;

	if (!only_metric(command, report))
		return false;
	if (binding == NULL) {
		report_fault(report, word->column, "%.*s is not bound to %.*s", STR_ARG(word->text),
			     STR_ARG(object_name(monitor)));
		return false;
	}
	own = &monitor->bindings[binding - monitor->bindings];
	weight = own->weight;
	if (!take_number(command, "metricThreshold", 0, INT64_MAX, &own->threshold, report) ||
	    !take_number(command, "metricWeight", 1, 100, &weight, report))
		return false;
	own->weight = (uint32_t)weight;
	return true;
}

bool bind_metric_drop(struct object *monitor, const struct command *command, struct report *report)
{
	const struct word *word = &command_option(command, "metric")->words[0];
	const struct binding *binding = bind_metric_find(monitor, word->text);

	if (binding == NULL) {
		report_fault(report, word->column, "%.*s is not bound to %.*s", STR_ARG(word->text),
			     STR_ARG(object_name(monitor)));
		return false;
	}
	object_remove_binding(monitor, binding);
	return true;
}
