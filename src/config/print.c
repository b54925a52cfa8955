/* SPDX-License-Identifier: Apache-2.0 */
#include "config/print.h"

#include "config/bind_metric.h"
#include "config/bind_policy.h"
#include "config/config_priv.h"
#include "config/lex.h"
#include "config/reference.h"

enum { ROWS_MAX = 256 }; /* of a kind's table */

static void print_value(const struct object *object, unsigned row, struct text *text)
{
	const struct option *option = &object->kind->options[row];
	struct text value = TEXT_EMPTY;

	object_print_option(object, row, &value);
	if (option->type == OPTION_TEXT || option->type == OPTION_ADDRESS)
		lex_quote(text, text_str(&value));
	else
		text_add(text, text_str(&value));
	text_free(&value);
}

/* As if nobody had set it: what would hold anyway is not printed. */
static bool is_default(const struct object *object, unsigned row)
{
	struct value *value = &object->values[row];
	struct value kept = *value;
	struct text with = TEXT_EMPTY, without = TEXT_EMPTY;
	bool is_same;

	if (!value->is_set)
		return true;
	object_print_option(object, row, &with);
	*value = (struct value){ 0 };
	object_print_option(object, row, &without);
	*value = kept;
	is_same = without.length > 0 && str_equal(text_str(&with), text_str(&without));
	text_free(&with);
	text_free(&without);
	return is_same;
}

static bool has_value(const struct object *object, unsigned row)
{
	const struct option *option = &object->kind->options[row];

	if (object->values[row].is_set)
		return true;
	return (option->standard_of != NULL ? option->standard_of(object) : option->standard) !=
	       NULL;
}

/* What stands behind another option, never by itself. */
static void mark_followers(const struct kind *kind, bool *is_follower)
{
	must(kind->option_count <= ROWS_MAX);
	for (unsigned i = 0; i < kind->option_count; i++)
		is_follower[kind->options[i].follower] = true; /* 0: the name, which is no option */
}

/* Looks for most rows of most objects: nobody has set it, so that nothing is to be printed. */
static bool is_untouched(const struct object *object, unsigned row)
{
	unsigned follower = object->kind->options[row].follower;

	return !object->values[row].is_set && (follower == 0 || !object->values[follower].is_set);
}

/* -cip ENABLED X-Client: a follower is printed behind its option, which then is printed too. */
static void print_option(const struct object *object, unsigned row, bool with_defaults,
			 struct text *text)
{
	const struct option *option = &object->kind->options[row];
	unsigned follower = option->follower;
	bool has_follower = follower != 0 && (!is_default(object, follower) ||
					      (with_defaults && has_value(object, follower)));

	if (is_default(object, row) && !has_follower && !with_defaults)
		return;
	if (!has_value(object, row))
		return;
	text_print(text, " -%s ", option->name);
	print_value(object, row, text);
	if (!has_follower)
		return;
	text_add(text, STR(" "));
	print_value(object, follower, text);
}

static void print_options(const struct object *object, bool with_defaults, struct text *text)
{
	const struct kind *kind = object->kind;
	bool is_follower[ROWS_MAX] = { 0 };

	mark_followers(kind, is_follower);
	for (unsigned i = 1; i < kind->option_count; i++)
		if (!kind->options[i].is_position && !is_follower[i] &&
		    (with_defaults || !is_untouched(object, i)))
			print_option(object, i, with_defaults, text);
	for (unsigned i = 0; i < object->extra_count; i++)
		text_print(text, " -%s%s", object->extras[i].name, object->extras[i].text);
}

static void print_places(const struct object *object, struct text *text)
{
	for (unsigned i = 0; i < object->kind->position_count && !object->kind->is_single; i++) {
		text_add(text, STR(" "));
		print_value(object, kind_place(object->kind, i), text);
	}
}

/* What came with Spillway is set, not added, and only when it was changed, if it can be. */
static void print_self(const struct object *object, bool with_defaults, struct text *text)
{
	struct text options = TEXT_EMPTY;

	if (object->is_builtin && reference_get(STR("set"), str_of(object->kind->object)) == NULL)
		return;
	print_options(object, with_defaults, &options);
	if (!object->is_builtin || options.length > 0) {
		text_print(text, "%s %s", object->is_builtin ? "set" : "add", object->kind->object);
		print_places(object, text);
		text_add(text, text_str(&options));
		text_add(text, STR("\n"));
	}
	text_free(&options);
}

static void print_name(const struct object *object, struct text *text)
{
	text_add(text, STR(" "));
	lex_quote(text, object_name(object));
}

static void print_weight(const struct binding *binding, bool with_defaults, struct text *text)
{
	if (binding->weight != 1 || with_defaults)
		text_print(text, " -weight %u", binding->weight);
}

static void print_monitor_options(const struct binding *binding, bool with_defaults,
				  struct text *text)
{
	if (binding->is_disabled || with_defaults)
		text_print(text, " -monState %s", binding->is_disabled ? "DISABLED" : "ENABLED");
	print_weight(binding, with_defaults, text);
	if (binding->is_passive)
		text_add(text, STR(" -passive"));
}

static void print_member_options(const struct binding *binding, bool with_defaults,
				 struct text *text)
{
	text_print(text, " %u", binding->port);
	print_weight(binding, with_defaults, text);
	if (binding->is_disabled || with_defaults)
		text_print(text, " -state %s", binding->is_disabled ? "DISABLED" : "ENABLED");
}

static void print_binding(const struct object *object, const struct binding *binding,
			  bool with_defaults, struct text *text)
{
	text_print(text, "bind %s", object->kind->object);
	print_name(object, text);
	switch (binding->type) {
	case BINDING_SERVICE:
		print_name(binding->target, text);
		print_weight(binding, with_defaults, text);
		break;
	case BINDING_GROUP:
		print_name(binding->target, text);
		if (binding->weight != 1)
			print_weight(binding, with_defaults, text);
		break;
	case BINDING_SPILLOVER:
		bind_policy_print(binding, text);
		break;
	case BINDING_POLICY:
		text_add(text, STR(" -policyName "));
		lex_quote(text, str_of(binding->name));
		break;
	case BINDING_MEMBER:
		print_name(binding->target, text);
		print_member_options(binding, with_defaults, text);
		break;
	case BINDING_METRIC:
		bind_metric_print(object, binding, text);
		break;
	case BINDING_MONITOR:
		text_add(text, STR(" -monitorName"));
		print_name(binding->target, text);
		print_monitor_options(binding, with_defaults, text);
		break;
	}
	text_print(text, "%s\n", binding->extra != NULL ? binding->extra : "");
}

void print_object(const struct object *object, bool with_defaults, struct text *text)
{
	print_self(object, with_defaults, text);
	for (unsigned i = 0; i < object->binding_count; i++)
		if (object->bindings[i].type != BINDING_SPILLOVER)
			print_binding(object, &object->bindings[i], with_defaults, text);
}

/* Bytes that the texts take at most when they are quoted: every object is asked at every change. */
static size_t most_bytes(const struct object *object)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < object->kind->option_count; i++)
		bytes += object->values[i].text != NULL ? strlen(object->values[i].text) : 0;
	for (unsigned i = 0; i < object->extra_count; i++)
		bytes += strlen(object->extras[i].text);
	for (unsigned i = 0; i < object->binding_count; i++) {
		bytes += object->bindings[i].extra != NULL ? strlen(object->bindings[i].extra) : 0;
		bytes += object->bindings[i].name != NULL ? strlen(object->bindings[i].name) : 0;
	}
	return bytes * 4;
}

bool print_fits(const struct object *object)
{
	enum { LITTLE = 2048 };
	struct text text = TEXT_EMPTY;
	struct str rest;
	bool is_good = true;

	if (most_bytes(object) < LITTLE)
		return true; /* a kind has fewer options than a line words */
	print_object(object, false, &text);
	rest = text_str(&text);
	while (rest.length > 0 && is_good) {
		const char *end = memchr(rest.at, '\n', rest.length);
		size_t length = (size_t)(end - rest.at); /* each line has an end */

		is_good = lex_fits((struct str){ rest.at, length });
		rest = (struct str){ end + 1, rest.length - length - 1 };
	}
	text_free(&text);
	return is_good;
}

static void print_kind(const struct config *config, enum kind_id kind, bool with_defaults,
		       struct text *text)
{
	const struct object *at = config_next(config, kind, NULL);

	for (; at != NULL; at = config_next(config, kind, at))
		if (!at->is_implicit)
			print_object(at, with_defaults, text);
}

/* A backup must exist before who names it: first the backup of the backup, and so on. */
static void print_vserver(const struct config *config, const struct object *object,
			  struct hash *done, bool with_defaults, struct text *text)
{
	struct str backup = object_text(object, VSERVER_BACKUP);
	const struct object *chain[64];
	unsigned depth = 0;

	for (;;) {
		if (hash_get(done, object_name(object)) != NULL)
			break;
		if (depth == sizeof(chain) / sizeof(chain[0])) {
			print_vserver(config, object, done, with_defaults, text);
			break;
		}
		chain[depth++] = object;
		backup = object_text(object, VSERVER_BACKUP);
		if (backup.length == 0)
			break;
		object = config_find(config, KIND_VSERVER, backup);
		must(object != NULL);
	}
	while (depth > 0) {
		object = chain[--depth];
		hash_put(done, object_name(object), done);
		print_object(object, with_defaults, text);
	}
}

static void print_vservers(const struct config *config, bool with_defaults, struct text *text)
{
	const struct object *at = config_next(config, KIND_VSERVER, NULL);
	struct hash done;

	hash_init(&done, false);
	for (; at != NULL; at = config_next(config, KIND_VSERVER, at))
		print_vserver(config, at, &done, with_defaults, text);
	hash_fini(&done);
}

/* They name virtual servers, and virtual servers are bound to them: they come between both. */
static void print_policies(const struct config *config, bool with_defaults, struct text *text)
{
	const struct object *at = config_next(config, KIND_VSERVER, NULL);

	print_kind(config, KIND_SPILLOVER_ACTION, with_defaults, text);
	print_kind(config, KIND_SPILLOVER_POLICY, with_defaults, text);
	for (; at != NULL; at = config_next(config, KIND_VSERVER, at))
		for (unsigned i = 0; i < at->binding_count; i++)
			if (at->bindings[i].type == BINDING_SPILLOVER)
				print_binding(at, &at->bindings[i], with_defaults, text);
}

void print_config(const struct config *config, bool with_defaults, struct text *text)
{
	print_kind(config, KIND_NS_PARAM, with_defaults, text);
	print_kind(config, KIND_LB_PARAMETER, with_defaults, text);
	print_kind(config, KIND_SPILLOVER_PARAM, with_defaults, text);
	kept_print(&config->kept, true, text);
	print_kind(config, KIND_NAME_SERVER, with_defaults, text);
	print_kind(config, KIND_SERVER, with_defaults, text);
	print_kind(config, KIND_METRIC_TABLE, with_defaults, text);
	print_kind(config, KIND_MONITOR, with_defaults, text);
	print_kind(config, KIND_SERVICE, with_defaults, text);
	print_kind(config, KIND_GROUP, with_defaults, text);
	print_vservers(config, with_defaults, text);
	print_policies(config, with_defaults, text);
	kept_print(&config->kept, false, text);
}
