/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show.h"

#include "config/lex.h"
#include "config/print.h"
#include "control/show_priv.h"
#include "control/show_spillover.h"
#include "os/clock.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

/* --- pieces ----------------------------------------------------------------------------------- */

void show_since(uint64_t wall_ms, struct text *text)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	uint64_t now = clock_wall_ms();
	struct tm parts;
	char day[32];

	gmtime_r(&seconds, &parts);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S UTC", &parts);
	text_print(text, "%s (%" PRIu64 " s ago)", day, now > wall_ms ? (now - wall_ms) / 1000 : 0);
}

void show_options(const struct object *object, struct text *text)
{
	for (unsigned i = 1; i < object->kind->option_count; i++) {
		const struct option *option = &object->kind->options[i];
		/* `state` is what has become of it, above; this is what was asked for. */
		bool is_state = object->kind->has_state && i == object->kind->state;
		const char *prefix = is_state ? "configured " : "";
		struct text value = TEXT_EMPTY;

		object_print_option(object, i, &value);
		if (value.length > 0)
			text_print(text, "\t%s%s: %s%s\n", prefix, option->name,
				   option->is_secret ? "(set)" : value.at,
				   option->not_yet != NULL ? " (kept, without effect so far)" : "");
		text_free(&value);
	}
	for (unsigned i = 0; i < object->extra_count; i++)
		text_print(text, "\t%s:%s (kept, without effect so far)\n", object->extras[i].name,
			   object->extras[i].text);
}

static void head(const struct object *object, struct text *text)
{
	text_print(text, "%s %.*s\n", object->kind->object, STR_ARG(object_name(object)));
}

/* --- kinds ------------------------------------------------------------------------------------ */

static void show_plain(struct control *control, const struct object *object, struct text *text)
{
	(void)control;
	head(object, text);
	show_options(object, text);
}

static void line_plain(struct control *control, const struct object *object, struct text *text)
{
	/* Behind the name: type, address, action, rule. */
	unsigned option = 1;

	(void)control;
	text_print(text, "%.*s  ", STR_ARG(object_name(object)));
	object_print_option(object, option, text);
	if (object->kind->has_state)
		text_print(text, "  %s", object_is_enabled(object) ? "ENABLED" : "DISABLED");
	text_add(text, STR("\n"));
}

static void line_table(struct control *control, const struct object *object, struct text *text)
{
	(void)control;
	text_print(text, "%.*s  metrics %u\n", STR_ARG(object_name(object)), object->binding_count);
}

static void show_table(struct control *control, const struct object *object, struct text *text)
{
	(void)control;
	head(object, text);
	for (unsigned i = 0; i < object->binding_count; i++)
		text_print(text, "\t%s: %.*s\n", object->bindings[i].name,
			   STR_ARG(str_trim(str_of(object->bindings[i].extra))));
}

static void line_service(struct control *control, const struct object *object, struct text *text)
{
	const struct runtime_service *service = runtime_service(&control->runtime, object->uid);

	if (service != NULL)
		show_service_line(service, text);
	else
		text_print(text, "%.*s  not served: its protocol is not supported yet\n",
			   STR_ARG(object_name(object)));
}

static void line_group(struct control *control, const struct object *object, struct text *text)
{
	unsigned members = 0, up = 0;

	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct runtime_service *service = runtime_service(&control->runtime,
									object->bindings[i].uid);

		members += object->bindings[i].type == BINDING_MEMBER;
		up += service != NULL && service->state == STATE_UP;
	}
	text_print(text, "%.*s  ", STR_ARG(object_name(object)));
	object_print_option(object, TARGET_PROTOCOL, text);
	text_print(text, "  members %u, of them up %u\n", members, up);
}

static void show_ns_param(struct control *control, const struct object *object, struct text *text)
{
	(void)control;
	text_print(text, "ns param\n");
	show_options(object, text);
}

static void show_lb_parameter(struct control *control, const struct object *object,
			      struct text *text)
{
	(void)control;
	text_print(text, "lb parameter\n");
	show_options(object, text);
}

static void show_rate(const struct rate *rate, const char *what, struct text *text)
{
	struct quota_rate_view view;

	if (rate_shared(rate) == NULL)
		return;
	quota_rate_read(rate->shared, &view);
	text_print(text, "\t%s: at once %" PRIu64 ", passed %" PRIu64 ", refusals %" PRIu64 "\n",
		   what, view.burst, view.granted, view.refused);
}

static void show_spillover_param(struct control *control, const struct object *object,
				 struct text *text)
{
	const struct runtime *runtime = &control->runtime;

	text_print(text, "spillover param\n");
	show_options(object, text);
	show_reserve(control, &runtime->clients, "client connections", text);
	show_reserve(control, &runtime->requests, "requests in flight", text);
	show_rate(&runtime->request_rate, "requests a second", text);
	show_rate(&runtime->bandwidth, "bytes both ways", text);
}

typedef void show_fn(struct control *control, const struct object *object, struct text *text);

static const struct show_kind {
	show_fn *line, *whole;
} show_kinds[KIND_COUNT] = {
	[KIND_SERVER] = { show_server_line, show_server },
	[KIND_NAME_SERVER] = { line_plain, show_plain },
	[KIND_SERVICE] = { line_service, show_service },
	[KIND_GROUP] = { line_group, show_service_group },
	[KIND_VSERVER] = { show_vserver_line, show_vserver },
	[KIND_MONITOR] = { line_plain, show_monitor },
	[KIND_METRIC_TABLE] = { line_table, show_table },
	[KIND_NS_PARAM] = { show_ns_param, show_ns_param },
	[KIND_LB_PARAMETER] = { show_lb_parameter, show_lb_parameter },
	[KIND_SPILLOVER_ACTION] = { line_plain, show_plain },
	[KIND_SPILLOVER_POLICY] = { line_plain, show_policy },
	[KIND_SPILLOVER_PARAM] = { show_spillover_param, show_spillover_param },
};

/* show lb monitor NAME TYPE */
static bool type_fits(const struct object *object, const struct command *command,
		      struct text *answer)
{
	struct str type;

	if (object->kind->id != KIND_MONITOR || command->place_count < 2)
		return true;
	type = object_text(object, MONITOR_TYPE);
	if (str_equal_nocase(type, command->places[1].text))
		return true;
	text_print(answer, "ERROR: lb monitor %.*s is of type %.*s, not %.*s\n",
		   STR_ARG(object_name(object)), STR_ARG(type), STR_ARG(command->places[1].text));
	return false;
}

/* Those that are named, or all, a line each. */
static bool show_objects(struct control *control, const struct command *command,
			 struct text *answer)
{
	const struct show_kind *row = &show_kinds[command->kind->id];
	struct command all_of_kind = *command;
	const struct object *object = NULL;
	unsigned number = 0;

	all_of_kind.place_count = 0; /* "show lb vserver stats" is "stat lb vserver" */
	if (command->place_count > 0 && !command->kind->is_single) {
		struct str name = command->places[0].text;

		object = config_find(control->config, command->kind->id, name);
		if (object == NULL && str_equal_nocase(name, STR("stats")))
			return show_stat(control, &all_of_kind, answer);
		if (object == NULL) {
			text_print(answer, "ERROR: there is no %s %.*s\n", command->kind->object,
				   STR_ARG(name));
			return false;
		}
		if (!type_fits(object, command, answer))
			return false;
		row->whole(control, object, answer);
		return true;
	}
	while ((object = config_next(control->config, command->kind->id, object)) != NULL) {
		if (!command->kind->is_single)
			text_print(answer, "%u) ", ++number);
		row->line(control, object, answer);
		if (command_option(command, "includeMembers") != NULL)
			show_service_members(control, object, answer);
	}
	if (number == 0 && !command->kind->is_single)
		text_print(answer, "there is no %s\n", command->kind->object);
	return true;
}

/* --- the rest --------------------------------------------------------------------------------- */

static bool show_running_config(struct control *control, const struct command *command,
				struct text *answer)
{
	print_config(control->config, command_option(command, "withDefaults") != NULL, answer);
	return true;
}

static bool show_version(struct control *control, const struct command *command,
			 struct text *answer)
{
	(void)command;
	text_print(answer,
		   "Spillway %s\n\tengines: %u\n\tprocess: %d\n\tstarted: ", SPILLWAY_VERSION,
		   control->setup.engine_count, (int)getpid());
	show_since(control->started_wall_ms, answer);
	text_print(answer, "\n");
	return true;
}

static bool show_config(struct control *control, const struct command *command, struct text *answer)
{
	(void)show_version(control, command, answer);
	text_print(answer, "\tfile: %s\n\tsaved: %s\n", control->setup.config_path,
		   control->saved_generation == config_generation(control->config)
			   ? "yes"
			   : "no, there are changes since");
	return true;
}

/* Of the first place, of that kind. */
static bool show_bindings_of(struct control *control, const struct command *command,
			     enum kind_id kind, show_fn *show, struct text *answer)
{
	struct str name = command->places[0].text;
	const struct object *object = config_find(control->config, kind, name);

	if (object == NULL) {
		text_print(answer, "ERROR: there is no %s %.*s\n", kinds[kind]->object,
			   STR_ARG(name));
		return false;
	}
	show(control, object, answer);
	return true;
}

static bool show_monbindings(struct control *control, const struct command *command,
			     struct text *answer)
{
	return show_bindings_of(control, command, KIND_MONITOR, show_monitor_bindings, answer);
}

static bool show_svcbindings(struct control *control, const struct command *command,
			     struct text *answer)
{
	return show_bindings_of(control, command, KIND_SERVICE, show_service_bindings, answer);
}

static const struct show_thing {
	const char *object;
	bool (*show)(struct control *control, const struct command *command, struct text *answer);
} show_things[] = {
	{ "ns runningConfig", show_running_config },
	{ "runningConfig", show_running_config },
	{ "ns version", show_version },
	{ "version", show_version },
	{ "ns config", show_config },
	{ "lb persistentSessions", show_persistence },
	{ "lb monbindings", show_monbindings },
	{ "svcbindings", show_svcbindings },
};

bool show_run(struct control *control, const struct command *command, struct text *answer)
{
	control_publish(control); /* states and numbers are those of what is configured */
	if (command->kind != NULL)
		return show_objects(control, command, answer);
	for (size_t i = 0; i < sizeof(show_things) / sizeof(show_things[0]); i++)
		if (str_equal_nocase(command->object, str_of(show_things[i].object)))
			return show_things[i].show(control, command, answer);
	text_print(answer, "ERROR: 'show %.*s' is known but not supported yet\n",
		   STR_ARG(command->object));
	return false;
}

/* A name on a line, as it is typed: for completion at a prompt. */
static bool show_names(struct control *control, struct str object, struct text *answer)
{
	const struct kind *kind = kind_find(object);
	const struct object *one = NULL;

	if (kind == NULL)
		return false;
	while ((one = config_next(control->config, kind->id, one)) != NULL) {
		if (kind->is_single)
			continue;
		lex_quote(answer, object_name(one));
		text_add(answer, STR("\n"));
	}
	return true;
}

bool show_own(struct control *control, struct str line, bool *is_right, struct text *answer)
{
	const struct str names = STR("show names ");
	struct str trimmed = str_trim(line);

	if (str_starts_nocase(trimmed, names))
		return show_names(
			control,
			(struct str){ trimmed.at + names.length, trimmed.length - names.length },
			answer);
	if (str_equal_nocase(trimmed, STR("show policy functions"))) {
		show_policy_functions(answer);
		return true;
	}
	if (str_equal_nocase(trimmed, STR("show engines")) ||
	    str_equal_nocase(trimmed, STR("show engine")) ||
	    str_equal_nocase(trimmed, STR("stat engines")) ||
	    str_equal_nocase(trimmed, STR("stat engine"))) {
		show_stat_engines(control, answer);
		return true;
	}
	return str_starts_nocase(trimmed, STR("show")) &&
	       show_spillover(control, trimmed, is_right, answer);
}
