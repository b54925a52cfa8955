/* SPDX-License-Identifier: Apache-2.0 */
#include "config/change.h"

#include "base/address.h"
#include "config/bind.h"
#include "config/bind_metric.h"
#include "config/bind_monitor.h"
#include "config/config_priv.h"
#include "config/kind_spillover_policy.h"
#include "config/known_as.h"
#include "config/leave.h"
#include "config/reference.h"
#include "config/usage.h"

enum { NAME_MAX_BYTES = 127 };

struct object *change_find(const struct config *config, const struct command *command,
			   unsigned place, struct report *report)
{
	const struct kind *kind = command->kind;
	const struct word *word;
	struct object *object;

	if (kind->is_single)
		return config_find(config, kind->id, (struct str){ 0 });
	if (place >= command->place_count) {
		report_fault(report, 0, "the name of a %s is missing", kind->object);
		return NULL;
	}
	word = &command->places[place];
	object = config_find(config, kind->id, word->text);
	if (object == NULL)
		config_report_missing(config, kind->id, word->text, word->column, report);
	return object;
}

static bool check_name(const struct word *word, struct report *report)
{
	struct str name = word->text;
	bool is_good = name.length > 0 && name.length <= NAME_MAX_BYTES;

	for (size_t i = 0; i < name.length; i++)
		is_good &= (unsigned char)name.at[i] >= ' ' && name.at[i] != 0x7f;
	if (!is_good)
		report_fault(report, word->column,
			     "a name has 1 to %d bytes and no control characters", NAME_MAX_BYTES);
	return is_good;
}

/* Services and service groups share their names: bind lb vserver takes either. */
static bool is_taken(const struct config *config, const struct kind *kind, struct str name)
{
	if (kind->id == KIND_SERVICE || kind->id == KIND_GROUP)
		return config_find_target(config, name) != NULL;
	return config_find(config, kind->id, name) != NULL;
}

static bool check_free(const struct config *config, const struct kind *kind,
		       const struct word *word, struct report *report)
{
	if (!is_taken(config, kind, word->text))
		return check_name(word, report);
	report_fault(report, word->column, "Resource already exists: %s %.*s", kind->object,
		     STR_ARG(word->text));
	return false;
}

static void warn_not_yet(const struct object *object, unsigned row, const struct word *word,
			 struct report *report)
{
	const struct option *option = &object->kind->options[row];
	const struct value *value = &object->values[row];
	const char *not_yet = option->not_yet;
	struct value standard = { 0 };
	struct text why = TEXT_EMPTY;
	bool is_default = false;

	if (option->type == OPTION_CHOICE && option->choices[value->number].not_yet != NULL)
		not_yet = option->choices[value->number].not_yet;
	if (option->standard != NULL &&
	    option_parse(option, str_of(option->standard), (struct str){ 0 }, &standard, &why))
		is_default = option_same(option, value, &standard);
	if (not_yet != NULL && !is_default)
		report_warning(report, word->column, "%s%s %.*s is kept but not yet supported: %s",
			       option->is_position ? "" : "-", option->name, STR_ARG(word->text),
			       not_yet);
	option_value_free(&standard);
	text_free(&why);
}

static bool set_value(struct object *object, unsigned row, const struct word *word, struct str unit,
		      struct report *report)
{
	struct text why = TEXT_EMPTY;
	bool is_good = option_parse(&object->kind->options[row], word->text, unit,
				    &object->values[row], &why);

	if (is_good)
		warn_not_yet(object, row, word, report);
	else
		report_fault(report, word->column, "%s", why.at);
	text_free(&why);
	return is_good;
}

/* Words that were quoted together are words of their own, too: "10.0.0.1 10.0.0.2". */
static void add_words(struct str rest, struct text *list)
{
	while (rest.length > 0) {
		const char *blank = memchr(rest.at, ' ', rest.length);
		size_t length = blank != NULL ? (size_t)(blank - rest.at) : rest.length;
		size_t skip = length + (blank != NULL);

		if (length > 0)
			text_print(list, "%s%.*s", list->length > 0 ? " " : "", (int)length,
				   rest.at);
		rest = (struct str){ rest.at + skip, rest.length - skip };
	}
}

static bool set_list(struct object *object, unsigned row, const struct argument *argument,
		     struct report *report)
{
	struct text joined = TEXT_EMPTY;
	struct word word = argument->words[0];
	bool is_good = false;

	for (unsigned i = 0; i < argument->count; i++)
		add_words(argument->words[i].text, &joined);
	word.text = text_str(&joined);
	if (joined.length > 0)
		is_good = set_value(object, row, &word, (struct str){ 0 }, report);
	else
		report_fault(report, word.column, "-%.*s needs a value: unset takes it away",
			     STR_ARG(argument->name));
	text_free(&joined);
	return is_good;
}

static bool set_row(struct object *object, const struct argument *argument, struct report *report)
{
	unsigned row = (unsigned)argument->option;
	const struct option *option = &object->kind->options[row];
	bool has_more = argument->count > 1;
	struct str unit = has_more && option->type == OPTION_TIME ? argument->words[1].text
								  : (struct str){ 0 };

	if (option->type == OPTION_LIST)
		return set_list(object, row, argument, report);
	if (!set_value(object, row, &argument->words[0], unit, report))
		return false;
	if (has_more && option->follower != 0)
		return set_value(object, option->follower, &argument->words[1], (struct str){ 0 },
				 report);
	return true;
}

/* set knows options of what is bound to an object (-hashId of a member) that add does not: kept
 * beside the object's own, a saved configuration would not load. */
static bool is_of_a_part(const struct object *object, struct str name)
{
	struct str kind = str_of(object->kind->object);
	const struct reference *set = reference_get(STR("set"), kind);
	const struct reference *add = reference_get(STR("add"), kind);

	return set != NULL && add != NULL && usage_option(reference_usage(set), name) != NULL &&
	       usage_option(reference_usage(add), name) == NULL;
}

static bool set_extra(struct object *object, const struct argument *argument, struct report *report)
{
	struct text text = TEXT_EMPTY;

	if (is_of_a_part(object, argument->name)) {
		report_fault(report, argument->column,
			     "-%.*s is not of %s %.*s itself: name what it belongs to",
			     STR_ARG(argument->name), object->kind->object,
			     STR_ARG(object_name(object)));
		return false;
	}

	for (unsigned i = 0; i < argument->count; i++) {
		text_add(&text, STR(" "));
		lex_quote(&text, argument->words[i].text);
	}
	object_set_extra(object, argument->name, text_str(&text));
	report_warning(report, argument->column, "-%.*s is kept but not yet supported: no effect",
		       STR_ARG(argument->name));
	text_free(&text);
	return true;
}

static bool refuse_fixed(const struct option *option, const struct argument *argument,
			 struct report *report)
{
	bool is_state = strcmp(option->name, "state") == 0;

	report_fault(report, argument->column, "-%s can be given by add only%s", option->name,
		     is_state ? ": use enable or disable" : "");
	return false;
}

static bool set_options(struct object *object, const struct command *command, struct report *report)
{
	bool is_good = true;

	for (unsigned i = 0; i < command->option_count; i++) {
		const struct argument *argument = &command->options[i];
		const struct option *option = argument->option >= 0
						      ? &object->kind->options[argument->option]
						      : NULL;

		if (option == NULL)
			is_good &= set_extra(object, argument, report);
		else if (option->is_once && command->verb == VERB_SET)
			is_good = refuse_fixed(option, argument, report);
		else
			is_good &= set_row(object, argument, report);
	}
	return is_good;
}

static bool check(struct config *config, struct object *object, const struct command *command,
		  struct report *report)
{
	if (object->kind->check != NULL && !object->kind->check(config, object, command, report))
		return false;
	return known_as_settle(config, object, command, report);
}

static struct object *make_server(struct config *config, struct str name)
{
	struct object *server = store_add(&config->store, &kind_server, name);

	option_value_free(&server->values[SERVER_ADDRESS]);
	server->values[SERVER_ADDRESS] = (struct value){ .is_set = true, .text = str_dup(name) };
	server->is_implicit = true;
	known_as_added(config, server);
	return server;
}

struct object *change_server(struct config *config, const struct word *word, struct report *report)
{
	struct object *server = config_find(config, KIND_SERVER, word->text);
	char text[ADDRESS_TEXT_MAX];
	struct address address;

	if (server != NULL)
		return server;
	if (!address_parse(word->text, 0, &address)) {
		config_report_missing(config, KIND_SERVER, word->text, word->column, report);
		return NULL;
	}
	address_print_host(&address, text);
	server = config_find(config, KIND_SERVER, str_of(text));
	if (server == NULL)
		return make_server(config, str_of(text));
	report_fault(report, word->column, "a server called %s has another address", text);
	return NULL;
}

/* The first object that a server is in use by, or a monitor, a backup, a policy or an action. */
static const struct object *user_of(const struct config *config, const struct object *object)
{
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		const struct object *at = config_next(config, (enum kind_id)kind, NULL);

		for (; at != NULL; at = config_next(config, (enum kind_id)kind, at)) {
			bool is_used = false;

			for (unsigned i = 0; i < at->binding_count; i++)
				is_used |= at->bindings[i].target == object;
			if (kind == KIND_SERVICE && object->kind->id == KIND_SERVER)
				is_used |= str_equal(object_text(at, SERVICE_SERVER),
						     object_name(object));
			if (kind == KIND_VSERVER && object->kind->id == KIND_VSERVER)
				is_used |= at != object &&
					   str_equal(object_text(at, VSERVER_BACKUP),
						     object_name(object));
			if (kind == KIND_MONITOR && object->kind->id == KIND_METRIC_TABLE)
				is_used |= str_equal(object_text(at, MONITOR_METRIC_TABLE),
						     object_name(object));
			if (kind == KIND_SPILLOVER_POLICY &&
			    object->kind->id == KIND_SPILLOVER_ACTION)
				is_used |= str_equal(object_text(at, SPILLOVER_POLICY_ACTION),
						     object_name(object));
			if (is_used)
				return at;
		}
	}
	return NULL;
}

void change_drop_server(struct config *config, struct object *server)
{
	if (server != NULL && server->is_implicit && user_of(config, server) == NULL)
		store_remove(&config->store, server);
}

static bool put_server(struct config *config, struct object *service, const struct word *word,
		       struct report *report)
{
	struct object *server = change_server(config, word, report);
	struct str old = object_text(service, SERVICE_SERVER);
	struct object *before = old.length > 0 ? config_find(config, KIND_SERVER, old) : NULL;
	struct value *value = &service->values[SERVICE_SERVER];

	if (server == NULL)
		return false;
	option_value_free(value);
	*value = (struct value){ .is_set = true, .text = str_dup(object_name(server)) };
	change_drop_server(config, before);
	return true;
}

static bool set_places(struct config *config, struct object *object, const struct command *command,
		       struct report *report)
{
	const struct kind *kind = object->kind;

	for (unsigned i = 1; i < command->place_count && i < kind->position_count; i++) {
		const struct word *word = &command->places[i];
		unsigned row = kind_place(kind, i);
		bool is_server = kind->id == KIND_SERVICE && row == SERVICE_SERVER;

		if (is_server ? !put_server(config, object, word, report)
			      : !set_value(object, row, word, (struct str){ 0 }, report))
			return false;
	}
	return true;
}

static bool add(struct config *config, const struct command *command, struct report *report)
{
	const struct word *name = &command->places[0];
	struct object *object;

	if (command->kind->is_single || command->place_count == 0) {
		report_fault(report, 0, "%s cannot be added", command->kind->object);
		return false;
	}
	if (!check_free(config, command->kind, name, report))
		return false;
	object = store_add(&config->store, command->kind, name->text);
	return set_places(config, object, command, report) &&
	       set_options(object, command, report) && check(config, object, command, report);
}

/* "set service s -IPAddress 10.0.0.9" */
static bool set_service_address(struct config *config, struct object *service,
				const struct argument *argument, struct report *report)
{
	return put_server(config, service, &argument->words[0], report);
}

/* The command without one option. */
static struct command without(const struct command *command, const struct argument *argument,
			      struct argument *room)
{
	struct command less = *command;
	unsigned index = (unsigned)(argument - command->options);

	memcpy(room, command->options, command->option_count * sizeof(*room));
	memmove(room + index, room + index + 1,
		(command->option_count - index - 1) * sizeof(*room));
	less.options = room;
	less.option_count--;
	return less;
}

static bool type_fits(const struct object *object, const struct command *command,
		      struct report *report)
{
	const struct word *word;

	if (object->kind->id != KIND_MONITOR || command->place_count < 2)
		return true;
	word = &command->places[1];
	if (str_equal_nocase(object_text(object, MONITOR_TYPE), word->text))
		return true;
	report_fault(report, word->column, "lb monitor %.*s is of type %.*s, not %.*s",
		     STR_ARG(object_name(object)), STR_ARG(object_text(object, MONITOR_TYPE)),
		     STR_ARG(word->text));
	return false;
}

/* The synopses of set allow more places than mean anything here. */
static bool places_fit(const struct object *object, const struct command *command,
		       struct report *report)
{
	unsigned most = object->kind->id == KIND_MONITOR        ? 2
			: object->kind->id == KIND_METRIC_TABLE ? 3
			: object->kind->id == KIND_GROUP        ? 3
			: object->kind->is_single               ? 0
								: 1;

	if (command->place_count <= most)
		return type_fits(object, command, report);
	report_fault(report, command->places[most].column, "too many arguments: %.*s",
		     STR_ARG(command->places[most].text));
	return false;
}

static bool set_rest(struct config *config, struct object *object, const struct command *command,
		     struct report *report)
{
	if (!set_options(object, command, report))
		return false;
	if (object->is_implicit)
		object->is_implicit = false;
	return check(config, object, command, report);
}

/* What else was typed beside an option that is no row of the table. */
static bool set_without(struct config *config, struct object *object, const struct command *command,
			const struct argument *special, struct report *report)
{
	struct arena *arena = arena_new();
	struct argument *room = arena_many(arena, struct argument, command->option_count);
	struct command less = without(command, special, room);
	bool is_good = less.option_count == 0 || set_rest(config, object, &less, report);

	arena_free(arena);
	return is_good;
}

static bool set(struct config *config, const struct command *command, struct report *report)
{
	struct object *object = change_find(config, command, 0, report);
	const struct argument *special;

	if (object == NULL || !places_fit(object, command, report))
		return false;
	if (object->kind->id == KIND_METRIC_TABLE) {
		store_edit(&config->store, object);
		return bind_metric_set(object, command, report);
	}
	if (command->option_count == 0) {
		report_fault(report, 0, "nothing to set is given");
		return false;
	}
	store_edit(&config->store, object);
	if (object->kind->id == KIND_GROUP && command->place_count > 1)
		return bind_set_member(config, object, command, report);
	if (object->kind->id == KIND_MONITOR && command_option(command, "metric") != NULL)
		return bind_metric_change(object, command, report);
	special = command_option(command, "weight");
	if (special != NULL && object->kind->id != KIND_NS_PARAM)
		return bind_set_weight(config, object, command, report);
	special = command_option(command, "domainResolveNow");
	if (special != NULL) {
		object->learned.asked_now++;
		return set_without(config, object, command, special, report);
	}
	special = command_option(command, "IPAddress");
	if (special == NULL || object->kind->id != KIND_SERVICE)
		return set_rest(config, object, command, report);
	return set_service_address(config, object, special, report) &&
	       set_without(config, object, command, special, report);
}

static bool unset_option(struct object *object, const struct argument *argument,
			 struct report *report)
{
	const struct option *option;

	if (argument->option < 0) {
		object_remove_extra(object, argument->name);
		return true;
	}
	option = &object->kind->options[argument->option];
	if (option->is_once || (option->is_position && !option->is_optional)) {
		report_fault(report, argument->column, "-%s cannot be unset", option->name);
		return false;
	}
	option_value_free(&object->values[argument->option]);
	return true;
}

static bool unset(struct config *config, const struct command *command, struct report *report)
{
	struct object *object = change_find(config, command, 0, report);

	if (object == NULL || !places_fit(object, command, report))
		return false;
	if (command->option_count == 0) {
		report_fault(report, 0, "nothing to unset is given");
		return false;
	}
	store_edit(&config->store, object);
	if (object->kind->id == KIND_GROUP && command->place_count > 1)
		return bind_set_member(config, object, command, report);
	for (unsigned i = 0; i < command->option_count; i++)
		if (!unset_option(object, &command->options[i], report))
			return false;
	return check(config, object, command, report);
}

static bool refuse_used(const struct config *config, const struct object *object,
			const struct word *word, struct report *report)
{
	enum kind_id kind = object->kind->id;
	const struct object *user;

	if (object->is_builtin) {
		report_fault(report, word->column, "%s %.*s is built in and cannot be removed",
			     object->kind->object, STR_ARG(word->text));
		return true;
	}
	/* A service that is removed is silently unbound, as operators know it. */
	if (kind == KIND_SERVICE || kind == KIND_GROUP)
		return false;
	user = user_of(config, object);
	if (user == NULL)
		return false;
	report_fault(report, word->column, "%s %.*s is in use by %s %.*s", object->kind->object,
		     STR_ARG(word->text), user->kind->object, STR_ARG(object_name(user)));
	return true;
}

static void remove_members(struct config *config, struct object *group)
{
	while (group->binding_count > 0) {
		struct object *target = group->bindings[0].target;

		object_remove_binding(group, &group->bindings[0]);
		if (target != NULL && target->kind->id == KIND_SERVER)
			change_drop_server(config, target);
	}
}

static void remove_object(struct config *config, struct object *object)
{
	struct object *server = NULL;

	bind_forget(config, object);
	if (object->kind->id == KIND_SERVICE)
		server = config_find(config, KIND_SERVER, object_text(object, SERVICE_SERVER));
	if (object->kind->id == KIND_GROUP) {
		store_edit(&config->store, object);
		remove_members(config, object);
	}
	store_remove(&config->store, object);
	change_drop_server(config, server);
}

static bool remove_codes(struct config *config, const struct command *command,
			 struct report *report)
{
	struct object *monitor = change_find(config, command, 0, report);

	if (monitor == NULL || !type_fits(monitor, command, report))
		return false;
	store_edit(&config->store, monitor);
	return bind_monitor_remove_codes(monitor, command, report);
}

static bool rm(struct config *config, const struct command *command, struct report *report)
{
	unsigned count = command->kind->id == KIND_MONITOR ? 1 : command->place_count;

	if (command->kind->id == KIND_MONITOR && command->option_count > 0)
		return remove_codes(config, command, report);
	if (command->kind->is_single || command->option_count > 0) {
		report_fault(report, 0, "this form of rm is not supported");
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		struct object *object = change_find(config, command, i, report);

		if (object == NULL || !type_fits(object, command, report) ||
		    refuse_used(config, object, &command->places[i], report))
			return false;
		remove_object(config, object);
		if (command->kind->id == KIND_VSERVER)
			kind_spillover_policy_lose(config, command->places[i].text, report);
	}
	return true;
}

/* Options that hold a name follow it. */
static void follow_name(struct config *config, enum kind_id kind, unsigned option, struct str old,
			struct str name)
{
	struct object *at = config_next(config, kind, NULL);

	for (; at != NULL; at = config_next(config, kind, at)) {
		if (!str_equal(object_text(at, option), old))
			continue;
		store_edit(&config->store, at);
		option_value_free(&at->values[option]);
		at->values[option] = (struct value){ .is_set = true, .text = str_dup(name) };
	}
}

static bool rename_object(struct config *config, const struct command *command,
			  struct report *report)
{
	struct object *object = change_find(config, command, 0, report);
	const struct word *name = &command->places[1];

	if (object != NULL && object->is_builtin) {
		report_fault(report, command->places[0].column,
			     "%s %.*s is built in and keeps its name", object->kind->object,
			     STR_ARG(object_name(object)));
		return false;
	}
	if (object == NULL || !check_free(config, command->kind, name, report))
		return false;
	store_rename(&config->store, object, name->text);
	known_as_renamed(config, object, command->places[0].text);
	object->is_implicit = false;
	if (object->kind->id == KIND_SERVER)
		follow_name(config, KIND_SERVICE, SERVICE_SERVER, command->places[0].text,
			    name->text);
	if (object->kind->id == KIND_SPILLOVER_ACTION)
		follow_name(config, KIND_SPILLOVER_POLICY, SPILLOVER_POLICY_ACTION,
			    command->places[0].text, name->text);
	if (object->kind->id != KIND_VSERVER)
		return true;
	follow_name(config, KIND_VSERVER, VSERVER_BACKUP, command->places[0].text, name->text);
	kind_spillover_policy_lose(config, command->places[0].text, report);
	return true;
}

static bool set_state(struct config *config, const struct command *command, struct report *report)
{
	struct object *object;
	struct leave leave;

	if (!command->kind->has_state || command->kind->id == KIND_MONITOR ||
	    (command->kind->id == KIND_GROUP && command->place_count > 1))
		return bind_set_state(config, command, report);
	object = change_find(config, command, 0, report);
	if (object == NULL)
		return false;
	if (!leave_read(config, command, 1, &leave, report))
		return false;
	store_edit(&config->store, object);
	object->leave = leave;
	object->values[object->kind->state] = (struct value){
		.is_set = true,
		.number = command->verb == VERB_ENABLE ? OPTION_FIRST : OPTION_SECOND,
	};
	object->is_implicit = false;
	return true;
}

bool change_apply(struct config *config, const struct command *command, struct report *report)
{
	switch (command->verb) {
	case VERB_ADD:
		return add(config, command, report);
	case VERB_SET:
		return set(config, command, report);
	case VERB_UNSET:
		return unset(config, command, report);
	case VERB_RM:
		return rm(config, command, report);
	case VERB_BIND:
		return bind_apply(config, command, report);
	case VERB_UNBIND:
		return bind_undo(config, command, report);
	case VERB_ENABLE:
	case VERB_DISABLE:
		return set_state(config, command, report);
	case VERB_RENAME:
		return rename_object(config, command, report);
	case VERB_CLEAR:
	case VERB_LINK:
	case VERB_UNLINK:
	case VERB_SHOW:
	case VERB_STAT:
	case VERB_SAVE:
	case VERB_EXIT:
	case VERB_OTHER:
		report_fault(report, 0, "%.*s %s is not supported", STR_ARG(command->verb_name),
			     command->kind->object);
		return false;
	}
	must_not_reach();
}
