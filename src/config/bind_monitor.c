/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind_monitor.h"

#include "config/bind.h"
#include "config/bind_metric.h"
#include "config/change.h"
#include "config/config_priv.h"
#include "config/reference.h"
#include "config/usage.h"

#include <string.h>

enum { OPTIONS_MOST = 8 };

/* The same said at the service: bind service S -monitorName M -monState ... -weight ... */
struct turned {
	struct command command;
	struct argument options[OPTIONS_MOST + 1];
};

/* -metricWeight and its like mean nothing there, and a file that has them would not load. */
static bool takes(const struct kind *kind, const struct argument *argument, struct report *report)
{
	const struct reference *bind = reference_get(STR("bind"), str_of(kind->object));

	if (str_equal_nocase(argument->name, STR("state")) ||
	    usage_option(reference_usage(bind), argument->name) != NULL)
		return true;
	report_fault(report, argument->column, "-%.*s means nothing to a %s: it goes with -metric",
		     STR_ARG(argument->name), kind->object);
	return false;
}

static bool turn(const struct config *config, const struct command *command, struct turned *out,
		 struct report *report)
{
	const struct object *target;
	const struct argument *key = command_option(command, "certkeyName");

	if (key != NULL) {
		report_fault(
			report, key->column,
			"-certkeyName is not done: probes over TLS show no certificate of ours "
			"and do not verify the server's");
		return false;
	}
	if (command->place_count != 2 || command->option_count > OPTIONS_MOST) {
		report_fault(report, 0,
			     "the name of a service or service group is missing: %.*s lb monitor "
			     "MONITOR SERVICE, or %.*s service SERVICE -monitorName MONITOR",
			     STR_ARG(command->verb_name), STR_ARG(command->verb_name));
		return false;
	}
	target = config_find_target(config, command->places[1].text);
	if (target == NULL) {
		config_report_missing(config, KIND_SERVICE, command->places[1].text,
				      command->places[1].column, report);
		return false;
	}
	out->command = *command;
	out->command.kind = target->kind;
	out->command.places = &command->places[1];
	out->command.place_count = 1;
	out->command.options = out->options;
	out->command.option_count = command->option_count + 1;
	out->options[0] = (struct argument){ .name = STR("monitorName"),
					     .option = -1,
					     .column = command->places[0].column,
					     .words = &command->places[0],
					     .count = 1 };
	for (unsigned i = 0; i < command->option_count; i++) {
		if (!takes(target->kind, &command->options[i], report))
			return false;
		out->options[i + 1] = command->options[i];
		if (str_equal_nocase(command->options[i].name, STR("state")))
			out->options[i + 1].name = STR("monState");
	}
	return true;
}

/* The monitor, when -metric says that it is about one of its own. */
static struct object *metric_owner(struct config *config, const struct command *command,
				   struct report *report)
{
	struct object *monitor = change_find(config, command, 0, report);

	if (monitor != NULL)
		store_edit(&config->store, monitor);
	return monitor;
}

bool bind_monitor_apply(struct config *config, const struct command *command, struct report *report)
{
	struct object *monitor;
	struct turned turned;

	if (command_option(command, "metric") != NULL) {
		monitor = metric_owner(config, command, report);
		return monitor != NULL && bind_metric_use(config, monitor, command, report);
	}

	return turn(config, command, &turned, report) &&
	       bind_apply(config, &turned.command, report);
}

bool bind_monitor_undo(struct config *config, const struct command *command, struct report *report)
{
	struct object *monitor;
	struct turned turned;

	if (command_option(command, "metric") != NULL) {
		monitor = metric_owner(config, command, report);
		return monitor != NULL && bind_metric_drop(monitor, command, report);
	}

	return turn(config, command, &turned, report) && bind_undo(config, &turned.command, report);
}

/* --- status codes ----------------------------------------------------------------------------- */

/* Takes `word` out of words with blanks between; false: it is not among them. */
static bool take_out(char *list, struct str word)
{
	size_t length = strlen(list);

	for (char *at = list; *at != '\0';) {
		size_t size = strcspn(at, " ");
		size_t skip = size + (at[size] == ' ');

		if (str_equal((struct str){ at, size }, word)) {
			memmove(at, at + skip, length + 1 - (size_t)(at + skip - list));
			length = strlen(list);
			if (length > 0 && list[length - 1] == ' ')
				list[length - 1] = '\0';
			return true;
		}
		at += skip;
	}
	return false;
}

bool bind_monitor_remove_codes(struct object *monitor, const struct command *command,
			       struct report *report)
{
	const struct argument *codes = command_option(command, "respCode");
	struct value *value = &monitor->values[MONITOR_RESP_CODE];

	if (codes == NULL || command->option_count != 1) {
		report_fault(report, 0, "only -respCode can be taken from a monitor by rm");
		return false;
	}
	for (unsigned i = 0; i < codes->count; i++) {
		if (value->is_set && take_out(value->text, codes->words[i].text))
			continue;
		report_fault(report, codes->words[i].column,
			     "-respCode of lb monitor %.*s does not hold %.*s",
			     STR_ARG(object_name(monitor)), STR_ARG(codes->words[i].text));
		return false;
	}
	if (value->is_set && value->text[0] == '\0')
		option_value_free(value);
	return true;
}
