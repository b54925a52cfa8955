/* SPDX-License-Identifier: Apache-2.0 */
#include "config/object.h"

#include "base/heap.h"

#include <stdlib.h>

struct object *object_new(const struct kind *kind, struct str name)
{
	struct object *object = heap_zeroed(1, sizeof(*object));

	must(object != NULL);
	object->kind = kind;
	object->values = heap_zeroed(kind->option_count, sizeof(*object->values));
	must(object->values != NULL);
	object->values[0] = (struct value){ .is_set = true, .text = str_dup(name) };
	list_init(&object->by_kind);
	return object;
}

static void free_binding(struct binding *binding)
{
	free(binding->name);
	free(binding->extra);
}

static void free_content(struct object *object)
{
	for (unsigned i = 0; i < object->kind->option_count; i++)
		option_value_free(&object->values[i]);
	for (unsigned i = 0; i < object->binding_count; i++)
		free_binding(&object->bindings[i]);
	for (unsigned i = 0; i < object->extra_count; i++) {
		free(object->extras[i].name);
		free(object->extras[i].text);
	}
	free(object->values);
	free(object->bindings);
	free(object->extras);
}

void object_free(struct object *object)
{
	if (object == NULL)
		return;
	free_content(object);
	free(object);
}

struct object *object_copy(const struct object *object)
{
	struct object *copy = object_new(object->kind, object_name(object));

	option_value_free(&copy->values[0]);
	for (unsigned i = 0; i < object->kind->option_count; i++)
		option_value_copy(&copy->values[i], &object->values[i]);
	for (unsigned i = 0; i < object->binding_count; i++)
		object_add_binding(copy, &object->bindings[i]);
	for (unsigned i = 0; i < object->extra_count; i++)
		object_set_extra(copy, str_of(object->extras[i].name),
				 str_of(object->extras[i].text));
	copy->leave = object->leave;
	copy->learned = object->learned;
	copy->is_implicit = object->is_implicit;
	copy->is_builtin = object->is_builtin;
	return copy;
}

void object_take(struct object *object, struct object *from)
{
	free_content(object);
	object->values = from->values;
	object->bindings = from->bindings;
	object->binding_count = from->binding_count;
	object->extras = from->extras;
	object->extra_count = from->extra_count;
	object->leave = from->leave;
	object->learned = from->learned;
	object->is_implicit = from->is_implicit;
	object->is_builtin = from->is_builtin;
	free(from);
}

struct binding *object_add_binding(struct object *object, const struct binding *binding)
{
	struct binding *added;

	object->bindings = heap_resized(object->bindings,
					(object->binding_count + 1) * sizeof(*object->bindings));
	must(object->bindings != NULL);
	added = &object->bindings[object->binding_count++];
	*added = *binding;
	if (binding->name != NULL)
		added->name = str_dup(str_of(binding->name));
	if (binding->extra != NULL)
		added->extra = str_dup(str_of(binding->extra));
	return added;
}

void object_remove_binding(struct object *object, const struct binding *binding)
{
	size_t index = (size_t)(binding - object->bindings);

	must(index < object->binding_count);
	free_binding(&object->bindings[index]);
	object->binding_count--;
	memmove(object->bindings + index, object->bindings + index + 1,
		(object->binding_count - index) * sizeof(*object->bindings));
}

static struct extra *find_extra(struct object *object, struct str name)
{
	for (unsigned i = 0; i < object->extra_count; i++)
		if (str_equal_nocase(str_of(object->extras[i].name), name))
			return &object->extras[i];
	return NULL;
}

void object_set_extra(struct object *object, struct str name, struct str text)
{
	struct extra *extra = find_extra(object, name);

	if (extra == NULL) {
		object->extras = heap_resized(object->extras,
					      (object->extra_count + 1) * sizeof(*object->extras));
		must(object->extras != NULL);
		extra = &object->extras[object->extra_count++];
		*extra = (struct extra){ .name = str_dup(name) };
	}
	free(extra->text);
	extra->text = str_dup(text);
}

bool object_remove_extra(struct object *object, struct str name)
{
	struct extra *extra = find_extra(object, name);

	if (extra == NULL)
		return false;
	free(extra->name);
	free(extra->text);
	object->extra_count--;
	memmove(extra, extra + 1,
		(size_t)(object->extras + object->extra_count - extra) * sizeof(*extra));
	return true;
}

static const char *standard_text(const struct object *object, unsigned option)
{
	const struct option *row = &object->kind->options[option];

	return row->standard_of != NULL ? row->standard_of(object) : row->standard;
}

/* The value that holds; the default is parsed anew each time, which is rare and cheap. */
static void effective(const struct object *object, unsigned option, struct value *value)
{
	const char *standard = standard_text(object, option);
	struct text why = TEXT_EMPTY;

	bool is_good = true;

	must(option < object->kind->option_count);
	*value = (struct value){ 0 };
	if (object->values[option].is_set)
		option_value_copy(value, &object->values[option]);
	else if (standard != NULL)
		is_good = option_parse(&object->kind->options[option], str_of(standard),
				       (struct str){ 0 }, value, &why);
	must(is_good);
	text_free(&why);
}

uint64_t object_number(const struct object *object, unsigned option)
{
	struct value value;
	uint64_t number;

	if (object->values[option].is_set)
		return object->values[option].number;
	effective(object, option, &value);
	number = value.number;
	option_value_free(&value);
	return number;
}

struct str object_text(const struct object *object, unsigned option)
{
	const struct option *row = &object->kind->options[option];
	const struct value *value = &object->values[option];

	if (row->type == OPTION_CHOICE && (value->is_set || row->standard != NULL))
		return str_of(row->choices[object_number(object, option)].name);
	if (value->text != NULL)
		return str_of(value->text);
	return str_of(row->type == OPTION_CHOICE ? NULL : standard_text(object, option));
}

bool object_is_set(const struct object *object, unsigned option)
{
	must(option < object->kind->option_count);
	return object->values[option].is_set;
}

bool object_is_enabled(const struct object *object)
{
	return !object->kind->has_state ||
	       object_number(object, object->kind->state) == OPTION_FIRST;
}

void object_print_option(const struct object *object, unsigned option, struct text *text)
{
	struct value value;

	effective(object, option, &value);
	option_print(&object->kind->options[option], &value, text);
	option_value_free(&value);
}

const struct binding *object_binding(const struct object *object, const struct object *target,
				     unsigned port)
{
	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct binding *binding = &object->bindings[i];

		if (binding->target == target && target != NULL &&
		    (binding->type != BINDING_MEMBER || binding->port == port))
			return binding;
	}
	return NULL;
}
