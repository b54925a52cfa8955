/* SPDX-License-Identifier: Apache-2.0 */
#include "config/known_as.h"
#include "control/show.h"
#include "control/show_priv.h"
#include "os/clock.h"
#include "persist/persist.h"

#include <inttypes.h>

enum { LINES_MOST = 10000 };

/* While the table is walked. */
struct walk {
	const struct control *control;
	struct text *answer;
	uint64_t owner; /* whose entries are shown; 0: everybody's */
	uint64_t now_s;
	uint64_t count;
	struct hash names; /* of virtual servers and services, by tag; in the plan */
};

static const char *const types[] = {
	[PERSIST_SOURCE] = "SOURCEIP",
	[PERSIST_DESTINATION] = "DESTIP",
	[PERSIST_SOURCE_DESTINATION] = "SRCIPDESTIP",
	[PERSIST_RULE] = "RULE",
	[PERSIST_SPILL] = "SPILLOVER",
};

static uint64_t tag_of(struct str name)
{
	return hash_name(name.at, name.length);
}

static void learn(struct walk *walk, struct str known_as, struct str name)
{
	uint64_t tag = tag_of(known_as);

	hash_put(&walk->names, (struct str){ (const char *)&tag, sizeof(tag) },
		 (void *)(uintptr_t)name.at);
}

static void learn_names(struct walk *walk)
{
	const struct plan *plan = walk->control->plan;

	hash_init(&walk->names, false);
	for (uint32_t i = 0; plan != NULL && i < plan->service_count; i++)
		learn(walk, plan->services[i].known_as, plan->services[i].name);
	for (uint32_t i = 0; plan != NULL && i < plan->vserver_count; i++)
		learn(walk, plan->vservers[i].known_as, plan->vservers[i].name);
}

/* What is configured no more has no name. */
static const char *name_of(const struct walk *walk, uint64_t tag)
{
	const char *name = hash_get(&walk->names, (struct str){ (const char *)&tag, sizeof(tag) });

	return name != NULL ? name : "(gone)";
}

/* IPv4 lies there as ::ffff:a.b.c.d. */
static void print_address(const uint64_t half[2], struct text *answer)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address address = { 0 };
	const char *bytes = (const char *)half;
	char host[ADDRESS_TEXT_MAX];

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		address.v4.sin_family = AF_INET;
		memcpy(&address.v4.sin_addr, bytes + sizeof(mapped), 4);
	} else {
		address.v6.sin6_family = AF_INET6;
		memcpy(&address.v6.sin6_addr, bytes, 16);
	}
	text_print(answer, "%s", address_print_host(&address, host));
}

static void print_client(const struct persist_entry *entry, struct text *answer)
{
	switch ((enum persist_kind)entry->key.kind) {
	case PERSIST_SOURCE:
	case PERSIST_SPILL:
		print_address(entry->key.source, answer);
		return;
	case PERSIST_DESTINATION:
		text_add(answer, STR("to "));
		print_address(entry->key.destination, answer);
		return;
	case PERSIST_SOURCE_DESTINATION:
		print_address(entry->key.source, answer);
		text_add(answer, STR(" to "));
		print_address(entry->key.destination, answer);
		return;
	case PERSIST_RULE:
	case PERSIST_NONE:
		text_print(answer, "%016" PRIx64, entry->key.source[0]);
		return;
	}
}

static void print_line(const struct walk *walk, const struct persist_entry *entry)
{
	struct text *answer = walk->answer;

	text_print(answer, "%" PRIu64 ") %s  %s  ", walk->count, name_of(walk, entry->key.owner),
		   types[entry->key.kind]);
	print_client(entry, answer);
	text_print(answer, "  %s  ", name_of(walk, entry->value));
	if (entry->expiry_s == PERSIST_FOREVER)
		text_add(answer, STR("for ever\n"));
	else
		text_print(answer, "%" PRIu64 " s\n", entry->expiry_s - walk->now_s);
}

static bool visit(void *context, const struct persist_entry *entry)
{
	struct walk *walk = context;

	if (walk->owner != 0 && entry->key.owner != walk->owner)
		return true;
	if (++walk->count <= LINES_MOST)
		print_line(walk, entry);
	return true;
}

/* False: a virtual server is named that there is not. */
static bool find_owner(const struct control *control, const struct command *command,
		       uint64_t *owner, struct text *answer)
{
	const struct object *vserver;

	*owner = 0;
	if (command->place_count == 0)
		return true;
	vserver = config_find(control->config, KIND_VSERVER, command->places[0].text);
	if (vserver == NULL) {
		text_print(answer, "ERROR: there is no lb vserver %.*s\n",
			   STR_ARG(command->places[0].text));
		return false;
	}
	*owner = tag_of(known_as(vserver));
	return true;
}

bool show_persistence(struct control *control, const struct command *command, struct text *answer)
{
	struct walk walk = { .control = control, .answer = answer, .now_s = clock_ms() / 1000 };

	if (!find_owner(control, command, &walk.owner, answer))
		return false;
	learn_names(&walk);
	persist_walk(control->setup.persist, walk.now_s, visit, &walk);
	hash_fini(&walk.names);
	if (walk.count > LINES_MOST)
		text_print(answer, "... the first %d of them\n", LINES_MOST);
	text_print(answer, "persistent sessions: %" PRIu64 "\n", walk.count);
	return true;
}

/* What was said is the text that -rule found, or the address of a client, or both. */
static uint64_t clear_like(struct persist *table, uint64_t owner, struct str what, uint64_t now_s)
{
	struct persist_key like;
	struct address source;
	uint64_t cleared;

	persist_key_begin(&like, PERSIST_RULE, owner);
	persist_key_text(table, &like, what);
	cleared = persist_clear(table, owner, &like, now_s);
	if (!address_parse(what, 0, &source))
		return cleared;
	persist_key_begin(&like, PERSIST_SOURCE, owner);
	persist_key_source(&like, &source, UINT32_MAX, 128);
	return cleared + persist_clear(table, owner, &like, now_s);
}

bool show_clear_persistence(struct control *control, const struct command *command,
			    struct text *answer)
{
	const struct argument *which = command_option(command, "persistenceParameter");
	struct persist *table = control->setup.persist;
	uint64_t now_s = clock_ms() / 1000, cleared, owner;

	if (!find_owner(control, command, &owner, answer))
		return false;
	if (which != NULL)
		cleared = clear_like(table, owner, which->words[0].text, now_s);
	else
		cleared = persist_clear(table, owner, NULL, now_s);
	text_print(answer, "cleared: %" PRIu64 "\n", cleared);
	return true;
}
