/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind.h"

#include "base/address.h"
#include "config/bind_metric.h"
#include "config/bind_monitor.h"
#include "config/bind_policy.h"
#include "config/change.h"
#include "config/config_priv.h"
#include "config/leave.h"

#include <stdlib.h>

static bool fault(struct report *report, unsigned column, const char *what)
{
	report_fault(report, column, "%s", what);
	return false;
}

/* Options of a binding that are only kept, as text with a blank before each; `but` names those
 * that are not among them. */
static void keep_options(const struct command *command, const char *const *but, struct text *text)
{
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct argument *argument = &command->options[i];
		bool is_known = false;

		for (const char *const *name = but; *name != NULL; name++)
			is_known |= str_equal_nocase(argument->name, str_of(*name));
		if (is_known)
			continue;
		text_print(text, " -%.*s", STR_ARG(argument->name));
		for (unsigned j = 0; j < argument->count; j++) {
			text_add(text, STR(" "));
			lex_quote(text, argument->words[j].text);
		}
	}
}

static bool read_weight(const struct command *command, uint32_t *weight, struct report *report)
{
	const struct argument *argument = command_option(command, "weight");
	uint64_t number;

	*weight = 1;
	if (argument == NULL || argument->count == 0)
		return true;
	if (!str_to_number(argument->words[0].text, 100, &number) || number == 0)
		return fault(report, argument->words[0].column,
			     "-weight is out of range: 1 to 100");
	*weight = (uint32_t)number;
	return true;
}

static bool read_port(const struct word *word, uint16_t *port, struct report *report)
{
	uint64_t number;

	if (str_equal(word->text, STR("*")))
		return fault(report, word->column, "the port * is not supported here");
	if (!str_to_number(word->text, 65535, &number) || number == 0) {
		report_fault(report, word->column, "%.*s is no port: 1 to 65535",
			     STR_ARG(word->text));
		return false;
	}
	*port = (uint16_t)number;
	return true;
}

/* -state DISABLED, -monState DISABLED */
static bool is_disabled(const struct command *command, const char *name)
{
	const struct argument *argument = command_option(command, name);

	return argument != NULL && argument->count > 0 &&
	       str_equal_nocase(argument->words[0].text, STR("DISABLED"));
}

static void add_binding(struct config *config, struct object *object, struct binding binding,
			const struct text *extra)
{
	binding.uid = store_uid(&config->store);
	binding.extra = extra->length > 0 ? extra->at : NULL;
	object_add_binding(object, &binding);
}

static bool refuse_bound(const struct object *object, const struct binding *binding,
			 unsigned column, struct report *report)
{
	if (binding == NULL)
		return false;
	report_fault(report, column, "Resource already exists: %.*s is bound to %.*s already",
		     STR_ARG(object_name(binding->target)), STR_ARG(object_name(object)));
	return true;
}

static struct object *find_monitor(const struct config *config, const struct argument *argument,
				   struct report *report)
{
	const struct word *word = &argument->words[0];
	struct object *monitor = config_find(config, KIND_MONITOR, word->text);

	if (monitor == NULL)
		config_report_missing(config, KIND_MONITOR, word->text, word->column, report);
	return monitor;
}

static bool bind_monitor(struct config *config, struct object *object,
			 const struct command *command, struct report *report)
{
	static const char *const known[] = { "monitorName", "monState", "weight",
					     "passive",     "state",    NULL };
	const struct argument *argument = command_option(command, "monitorName");
	struct object *monitor = find_monitor(config, argument, report);
	struct binding binding = { .type = BINDING_MONITOR, .target = monitor };
	struct text extra = TEXT_EMPTY;

	if (monitor == NULL || !read_weight(command, &binding.weight, report) ||
	    refuse_bound(object, object_binding(object, monitor, 0), argument->column, report))
		return false;
	binding.is_disabled = is_disabled(command, "monState");
	binding.is_passive = command_option(command, "passive") != NULL;
	keep_options(command, known, &extra);
	add_binding(config, object, binding, &extra);
	text_free(&extra);
	return true;
}

static bool bind_policy(struct config *config, struct object *object, const struct command *command,
			struct report *report)
{
	static const char *const known[] = { "policyName", NULL };
	const struct argument *argument = command_option(command, "policyName");
	struct binding binding = { .type = BINDING_POLICY, .weight = 1 };
	struct text extra = TEXT_EMPTY;
	bool is_there = false;

	keep_options(command, known, &extra);
	binding.name = str_dup(argument->words[0].text);
	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct binding *old = &object->bindings[i];

		is_there |= old->type == BINDING_POLICY && strcmp(old->name, binding.name) == 0 &&
			    str_equal(str_of(old->extra), text_str(&extra));
	}
	if (is_there) {
		report_fault(report, argument->column, "Resource already exists: policy %s",
			     binding.name);
	} else {
		add_binding(config, object, binding, &extra);
		report_warning(report, argument->column,
			       "policies are kept but not yet supported: %s has no effect",
			       binding.name);
	}
	free(binding.name);
	text_free(&extra);
	return !is_there;
}

static void warn_no_ceiling(const struct object *vserver, const struct object *target,
			    unsigned column, struct report *report)
{
	if (object_number(vserver, VSERVER_SO_METHOD) != SO_METHOD_DYNAMICCONNECTION ||
	    object_number(target, TARGET_MAX_CLIENT) != 0)
		return;
	report_warning(report, column,
		       "%.*s has no -maxClient, so lb vserver %.*s has no limit while it is up",
		       STR_ARG(object_name(target)), STR_ARG(object_name(vserver)));
}

static struct str protocol_of(const struct object *object)
{
	if (object->kind->id == KIND_VSERVER)
		return object_text(object, VSERVER_PROTOCOL);
	return object_text(object, TARGET_PROTOCOL);
}

static bool bind_target(struct config *config, struct object *vserver,
			const struct command *command, struct report *report)
{
	static const char *const known[] = { "weight", NULL };
	const struct word *word = &command->places[1];
	struct object *target = config_find_target(config, word->text);
	struct binding binding = { .type = BINDING_SERVICE, .target = target };
	struct text extra = TEXT_EMPTY;

	if (target == NULL) {
		config_report_missing(config, KIND_SERVICE, word->text, word->column, report);
		return false;
	}
	if (!kind_same_family(protocol_of(vserver), protocol_of(target))) {
		report_fault(report, word->column,
			     "%.*s is %.*s, lb vserver %.*s is %.*s: they do not fit",
			     STR_ARG(word->text), STR_ARG(protocol_of(target)),
			     STR_ARG(object_name(vserver)), STR_ARG(protocol_of(vserver)));
		return false;
	}
	if (!read_weight(command, &binding.weight, report) ||
	    refuse_bound(vserver, object_binding(vserver, target, 0), word->column, report))
		return false;
	if (target->kind->id == KIND_GROUP)
		binding.type = BINDING_GROUP;
	keep_options(command, known, &extra);
	add_binding(config, vserver, binding, &extra);
	text_free(&extra);
	warn_no_ceiling(vserver, target, word->column, report);
	return true;
}

static bool read_hash_id(const struct command *command, uint32_t *hash_id, struct report *report)
{
	const struct argument *argument = command_option(command, "hashId");
	uint64_t number;

	if (argument == NULL || argument->count == 0)
		return true;
	if (!str_to_number(argument->words[0].text, UINT32_MAX, &number) || number == 0)
		return fault(report, argument->words[0].column,
			     "-hashId is out of range: 1 to 4294967295");
	*hash_id = (uint32_t)number;
	return true;
}

static bool bind_member(struct config *config, struct object *group, const struct command *command,
			struct report *report)
{
	static const char *const known[] = { "weight", "state", NULL };
	static const char *const working[] = { "weight", "state", "hashId", "CustomServerID",
					       NULL };
	const struct argument *custom_id = command_option(command, "CustomServerID");
	const struct word *word = &command->places[1];
	struct binding binding = { .type = BINDING_MEMBER };
	struct text extra = TEXT_EMPTY, without_effect = TEXT_EMPTY;

	if (command->place_count < 3)
		return fault(report, word->column, "the port of the server is missing");
	if (!read_port(&command->places[2], &binding.port, report) ||
	    !read_weight(command, &binding.weight, report) ||
	    !read_hash_id(command, &binding.hash_id, report))
		return false;
	binding.target = change_server(config, word, report);
	if (binding.target == NULL ||
	    refuse_bound(group, object_binding(group, binding.target, binding.port), word->column,
			 report))
		return false;
	binding.is_disabled = is_disabled(command, "state");
	keep_options(command, known, &extra);
	keep_options(command, working, &without_effect);
	if (custom_id != NULL && custom_id->count > 0)
		binding.name = str_dup(custom_id->words[0].text);
	add_binding(config, group, binding, &extra);
	if (without_effect.length > 0)
		report_warning(report, 0, "kept but not yet supported:%s", without_effect.at);
	free(binding.name);
	text_free(&extra);
	text_free(&without_effect);
	return true;
}

bool bind_apply(struct config *config, const struct command *command, struct report *report)
{
	enum kind_id kind = command->kind->id;
	struct object *object;

	if (kind == KIND_MONITOR)
		return bind_monitor_apply(config, command, report);
	object = change_find(config, command, 0, report);
	if (object == NULL)
		return false;
	store_edit(&config->store, object);
	if (kind == KIND_VSERVER && bind_policy_find(config, command) != NULL)
		return bind_policy_add(config, object, command, report);
	if (command_option(command, "policyName") != NULL)
		return bind_policy(config, object, command, report);
	if (command_option(command, "monitorName") != NULL && kind != KIND_VSERVER)
		return bind_monitor(config, object, command, report);
	if (command->place_count < 2)
		return fault(report, 0, "what is to be bound is missing");
	if (kind == KIND_METRIC_TABLE)
		return bind_metric_add(config, object, command, report);
	return kind == KIND_VSERVER ? bind_target(config, object, command, report)
				    : bind_member(config, object, command, report);
}

static bool take_out(struct object *object, const struct binding *binding, const struct word *word,
		     struct report *report)
{
	if (binding != NULL) {
		object_remove_binding(object, binding);
		return true;
	}
	report_fault(report, word->column, "%.*s is not bound to %.*s", STR_ARG(word->text),
		     STR_ARG(object_name(object)));
	return false;
}

/* Every binding of the policy, or with -type only those of that type. */
static bool unbind_policy(struct object *object, const struct command *command,
			  struct report *report)
{
	const struct argument *argument = command_option(command, "policyName");
	const struct argument *type = command_option(command, "type");
	struct text wanted = TEXT_EMPTY;
	bool is_found = false;

	if (type != NULL && type->count > 0)
		text_print(&wanted, " -type %.*s", STR_ARG(type->words[0].text));
	for (unsigned i = object->binding_count; i > 0; i--) {
		const struct binding *binding = &object->bindings[i - 1];

		if (binding->type != BINDING_POLICY ||
		    !str_equal(str_of(binding->name), argument->words[0].text))
			continue;
		if (wanted.length > 0 &&
		    (binding->extra == NULL || strcasestr(binding->extra, wanted.at) == NULL))
			continue;
		object_remove_binding(object, binding);
		is_found = true;
	}
	text_free(&wanted);
	return is_found || take_out(object, NULL, &argument->words[0], report);
}

static bool unbind_monitor(struct config *config, struct object *object,
			   const struct command *command, struct report *report)
{
	const struct argument *argument = command_option(command, "monitorName");
	struct object *monitor = find_monitor(config, argument, report);

	return monitor != NULL &&
	       take_out(object, object_binding(object, monitor, 0), &argument->words[0], report);
}

/* By name, or by the address of a server. */
static struct object *find_server(struct config *config, const struct word *word)
{
	struct object *server = config_find(config, KIND_SERVER, word->text);
	struct address address, other;

	if (server != NULL || !address_parse(word->text, 0, &address))
		return server;
	for (server = config_next(config, KIND_SERVER, NULL); server != NULL;
	     server = config_next(config, KIND_SERVER, server))
		if (address_parse(object_text(server, SERVER_ADDRESS), 0, &other) &&
		    address_equal(&address, &other))
			return server;
	return NULL;
}

static const struct binding *find_member(struct config *config, const struct object *group,
					 const struct command *command, struct report *report)
{
	const struct word *word = &command->places[1];
	const struct object *server = find_server(config, word);
	const struct binding *binding;
	uint16_t port;

	if (command->place_count < 3) {
		fault(report, word->column, "the port of the server is missing");
		return NULL;
	}
	if (!read_port(&command->places[2], &port, report))
		return NULL;
	binding = server != NULL ? object_binding(group, server, port) : NULL;
	if (binding == NULL)
		report_fault(report, word->column, "%.*s port %u is no member of %.*s",
			     STR_ARG(word->text), port, STR_ARG(object_name(group)));
	return binding;
}

static bool unbind_member(struct config *config, struct object *group,
			  const struct command *command, struct report *report)
{
	const struct binding *binding = find_member(config, group, command, report);
	struct object *server;

	if (binding == NULL)
		return false;
	server = binding->target;
	object_remove_binding(group, binding);
	change_drop_server(config, server);
	return true;
}

bool bind_undo(struct config *config, const struct command *command, struct report *report)
{
	enum kind_id kind = command->kind->id;
	struct object *object = change_find(config, command, 0, report);
	const struct object *target;

	if (object == NULL)
		return false;
	if (kind == KIND_MONITOR)
		return bind_monitor_undo(config, command, report);
	store_edit(&config->store, object);
	if (object_binding(object, bind_policy_find(config, command), 0) != NULL)
		return bind_policy_remove(config, object, command, report);
	if (command_option(command, "policyName") != NULL)
		return unbind_policy(object, command, report);
	if (command_option(command, "monitorName") != NULL && kind != KIND_VSERVER)
		return unbind_monitor(config, object, command, report);
	if (command->place_count < 2)
		return fault(report, 0, "what is to be unbound is missing");
	if (kind == KIND_METRIC_TABLE)
		return bind_metric_remove(config, object, command, report);
	if (kind == KIND_GROUP)
		return unbind_member(config, object, command, report);
	target = config_find_target(config, command->places[1].text);
	return take_out(object, target != NULL ? object_binding(object, target, 0) : NULL,
			&command->places[1], report);
}

static struct binding *writable(struct object *object, const struct binding *binding)
{
	return &object->bindings[binding - object->bindings];
}

/* What "-weight 5 name" names: a service of a vserver, a monitor of a service. A service group has
 * "-monitorName name -weight 5". */
static const struct word *weighed(const struct command *command, const struct object *object)
{
	const struct argument *argument = command_option(
		command, object->kind->id == KIND_GROUP ? "monitorName" : "weight");
	unsigned index = object->kind->id == KIND_GROUP ? 0 : 1;

	return argument != NULL && argument->count > index ? &argument->words[index] : NULL;
}

bool bind_set_weight(struct config *config, struct object *object, const struct command *command,
		     struct report *report)
{
	const struct word *word = weighed(command, object);
	const struct object *target = NULL;
	const struct binding *binding;
	uint32_t weight;

	if (word == NULL)
		return fault(report, 0, "-weight needs the name of what is bound");
	if (command->option_count > 1 + (unsigned)(object->kind->id == KIND_GROUP))
		return fault(report, 0, "set the -weight of what is bound in a command of its own");
	if (!read_weight(command, &weight, report))
		return false;
	target = object->kind->id == KIND_VSERVER ? config_find_target(config, word->text)
						  : config_find(config, KIND_MONITOR, word->text);
	binding = target != NULL ? object_binding(object, target, 0) : NULL;
	if (binding == NULL)
		return take_out(object, NULL, word, report);
	writable(object, binding)->weight = weight;
	return true;
}

bool bind_set_member(struct config *config, struct object *group, const struct command *command,
		     struct report *report)
{
	const struct binding *binding = find_member(config, group, command, report);
	uint32_t weight;

	if (binding == NULL || !read_weight(command, &weight, report))
		return false;
	for (unsigned i = 0; i < command->option_count; i++) {
		const struct argument *argument = &command->options[i];

		if (str_equal_nocase(argument->name, STR("weight")))
			continue;
		report_fault(report, argument->column, "-%.*s of a member cannot be changed yet",
			     STR_ARG(argument->name));
		return false;
	}
	writable(group, binding)->weight = weight;
	return true;
}

static bool set_member_state(struct config *config, const struct command *command,
			     struct report *report)
{
	struct object *group = change_find(config, command, 0, report);
	const struct binding *binding = group != NULL ? find_member(config, group, command, report)
						      : NULL;

	struct leave leave;

	if (binding == NULL || !leave_read(config, command, 3, &leave, report))
		return false;
	store_edit(&config->store, group);
	writable(group, binding)->is_disabled = command->verb == VERB_DISABLE;
	writable(group, binding)->leave = leave;
	return true;
}

/* Of all monitors of a service or group, or of one. */
static bool set_monitor_state(struct config *config, const struct command *command,
			      struct report *report)
{
	const struct word *word = &command->places[0];
	struct object *object = config_find_target(config, word->text);
	bool is_found = command->place_count < 2;

	if (object == NULL) {
		config_report_missing(config, KIND_SERVICE, word->text, word->column, report);
		return false;
	}
	store_edit(&config->store, object);
	for (unsigned i = 0; i < object->binding_count; i++) {
		struct binding *binding = &object->bindings[i];

		if (binding->type != BINDING_MONITOR ||
		    (command->place_count > 1 &&
		     !str_equal(object_name(binding->target), command->places[1].text)))
			continue;
		binding->is_disabled = command->verb == VERB_DISABLE;
		is_found = true;
	}
	return is_found || take_out(object, NULL, &command->places[1], report);
}

bool bind_set_state(struct config *config, const struct command *command, struct report *report)
{
	if (command->kind->id == KIND_MONITOR)
		return set_monitor_state(config, command, report);
	if (command->kind->id == KIND_GROUP)
		return set_member_state(config, command, report);
	return fault(report, 0, "it has no state");
}

static bool leads_to(const struct object *at, const struct object *object)
{
	for (unsigned i = 0; i < at->binding_count; i++)
		if (at->bindings[i].target == object)
			return true;
	return false;
}

void bind_forget(struct config *config, struct object *object)
{
	struct object *at = config_next(config, KIND_VSERVER, NULL);

	for (; at != NULL; at = config_next(config, KIND_VSERVER, at)) {
		if (!leads_to(at, object))
			continue;
		store_edit(&config->store, at);
		object_remove_binding(at, object_binding(at, object, 0));
	}
}
