/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan_persistence.h"

#include "config/known_as.h"

#include <ctype.h>

enum { COOKIE_NAME_MAX = 68 };

/* The prefix and the name, as far as it may stand in the name of a cookie. */
static struct str make_name(const struct object *object, struct str prefix, struct arena *arena)
{
	struct str name = known_as(object);
	char made[COOKIE_NAME_MAX];
	size_t length = prefix.length;

	memcpy(made, prefix.at, prefix.length);
	for (size_t i = 0; i < name.length && length < sizeof(made); i++) {
		bool is_plain = isalnum((unsigned char)name.at[i]) ||
				(name.at[i] != '\0' && strchr("_-.", name.at[i]) != NULL);

		made[length++] = is_plain ? name.at[i] : '_';
	}
	return arena_copy(arena, (struct str){ made, length });
}

static struct str cookie_of(const struct object *object, struct arena *arena)
{
	struct str name = object_text(object, VSERVER_COOKIE_NAME);

	return str_is_empty(name) ? make_name(object, STR("NSC_"), arena) : arena_copy(arena, name);
}

static uint32_t minutes_in_s(const struct object *object, unsigned option)
{
	return (uint32_t)object_number(object, option) * 60;
}

/* A type that is not there yet balances each connection by itself. */
struct model_persistence plan_persistence(const struct object *object, struct arena *arena)
{
	struct model_persistence persistence = { .type = PERSISTENCE_NONE };
	uint64_t type = object_number(object, VSERVER_PERSISTENCE_TYPE);
	struct str rule = arena_copy(arena, object_text(object, VSERVER_RULE));
	bool is_mask = kind_netmask(object_text(object, VSERVER_PERSIST_MASK),
				    &persistence.netmask);

	must(is_mask); /* it was checked */
	if (type <= PERSISTENCE_SOURCE_DESTINATION)
		persistence.type = (enum persistence_type)type;
	persistence.timeout_s = minutes_in_s(object, VSERVER_PERSISTENCE_TIMEOUT);
	if (object_number(object, VSERVER_PERSISTENCE_BACKUP) == OPTION_SECOND)
		persistence.backup_timeout_s = minutes_in_s(object,
							    VSERVER_BACKUP_PERSISTENCE_TIMEOUT);
	persistence.v6_netmask_length = (uint32_t)object_number(object,
								VSERVER_V6_PERSIST_MASK_LENGTH);
	persistence.cookie = cookie_of(object, arena);
	persistence.spill_cookie = make_name(object, STR("NSO_"), arena);
	if (!extract_parse(rule, &persistence.rule))
		persistence.rule = (struct extract){ .from = EXTRACT_NONE };
	if (object_number(object, VSERVER_SO_PERSISTENCE) == OPTION_FIRST)
		persistence.spill_timeout_s = minutes_in_s(object, VSERVER_SO_PERSISTENCE_TIMEOUT);
	return persistence;
}
