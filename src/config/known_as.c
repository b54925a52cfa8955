/* SPDX-License-Identifier: Apache-2.0 */
#include "config/known_as.h"

#include "base/text.h"
#include "config/command.h"
#include "config/config_priv.h"

/* The index of the option; 0: this kind has none. */
static unsigned row_of(const struct object *object)
{
	enum kind_id kind = object->kind->id;

	if (kind == KIND_VSERVER)
		return VSERVER_KNOWN_AS;
	if (kind == KIND_SERVER)
		return SERVER_KNOWN_AS;
	return kind == KIND_SERVICE || kind == KIND_GROUP ? TARGET_KNOWN_AS : 0;
}

struct str known_as(const struct object *object)
{
	unsigned row = row_of(object);

	return row != 0 && object_is_set(object, row) ? object_text(object, row)
						      : object_name(object);
}

static void put(struct object *object, struct str name)
{
	struct value *value = &object->values[row_of(object)];

	option_value_free(value);
	if (!str_equal(name, object_name(object)))
		*value = (struct value){ .is_set = true, .text = str_dup(name) };
}

/* Another of its kind that is known by that name; NULL: none. Most have no other name than their
 * own, and nobody need be asked as long as all have. */
static const struct object *find_other(const struct config *config, const struct object *object,
				       struct str name)
{
	const struct object *at = config_find(config, object->kind->id, name);

	if (at != NULL && at != object && str_equal(known_as(at), name))
		return at;
	at = config->has_known_as ? config_next(config, object->kind->id, NULL) : NULL;
	for (; at != NULL; at = config_next(config, object->kind->id, at))
		if (at != object && object_is_set(at, row_of(at)) && str_equal(known_as(at), name))
			return at;
	return NULL;
}

void known_as_renamed(struct config *config, struct object *object, struct str old)
{
	unsigned row = row_of(object);

	if (row == 0)
		return;
	config->has_known_as = true;
	if (!object_is_set(object, row))
		put(object, old);
	else if (str_equal(object_text(object, row), object_name(object)))
		option_value_free(&object->values[row]);
}

/* "web~2" */
static void put_own(const struct config *config, struct object *object)
{
	struct text name = TEXT_EMPTY;
	unsigned number = 2;

	do {
		text_free(&name);
		text_print(&name, "%s~%u", object->values[0].text, number++);
	} while (find_other(config, object, text_str(&name)) != NULL);
	put(object, text_str(&name));
	text_free(&name);
}

void known_as_added(struct config *config, struct object *object)
{
	if (find_other(config, object, known_as(object)) != NULL)
		put_own(config, object);
}

bool known_as_settle(struct config *config, struct object *object, const struct command *command,
		     struct report *report)
{
	const struct argument *said = command_option(command, "knownAs");
	unsigned row = row_of(object);
	const struct object *other;

	if (row == 0)
		return true;
	if (object_is_set(object, row)) {
		config->has_known_as = true;
		if (str_equal(object_text(object, row), object_name(object)))
			option_value_free(&object->values[row]);
	}
	other = find_other(config, object, known_as(object));
	if (other == NULL)
		return true;
	if (said == NULL || command->verb == VERB_UNSET) {
		put_own(config, object);
		return true;
	}
	report_fault(report, said->column, "%s %.*s is known as %.*s already", other->kind->object,
		     STR_ARG(object_name(other)), STR_ARG(known_as(object)));
	return false;
}
