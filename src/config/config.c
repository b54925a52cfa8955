/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include "base/heap.h"
#include "config/change.h"
#include "config/config_priv.h"
#include "config/expand.h"
#include "config/print.h"

#include <stdio.h>
#include <stdlib.h>

/* Monitors that are there without being added. */
static const struct {
	const char *name, *type;
} builtin_monitors[] = {
	{ "ping-default", "PING" },
	{ "tcp-default", "TCP" },
	{ "ping", "PING" },
	{ "tcp", "TCP" },
	{ "http", "HTTP" },
	{ "tcp-ecv", "TCP-ECV" },
	{ "http-ecv", "HTTP-ECV" },
	{ "udp-ecv", "UDP-ECV" },
	{ "dns", "DNS" },
	{ "ftp", "FTP" },
	{ "tcps", "TCP" },
	{ "https", "HTTP" },
	{ "tcps-ecv", "TCP-ECV" },
	{ "https-ecv", "HTTP-ECV" },
	{ "arp", "ARP" },
	{ "nd6", "ND6" },
	{ "ldns-ping", "LDNS-PING" },
	{ "ldns-tcp", "LDNS-TCP" },
	{ "ldns-dns", "LDNS-DNS" },
	{ "http2direct", "HTTP2" },
	{ "http2ssl", "HTTP2" },
	{ "mqtt", "MQTT" },
	{ "mqtt-tls", "MQTT-TLS" },
	{ "xdm", "CITRIX-XDM" },
	{ "xnc", "CITRIX-XNC-ECV" },
	{ "sta", "CITRIX-STA-SERVICE" },
	{ "stasecure", "CITRIX-STA-SERVICE" },
};

static void add_builtin(struct config *config, const struct kind *kind, const char *name,
			const char *type)
{
	struct object *object = store_add(&config->store, kind, str_of(name));
	struct text why = TEXT_EMPTY;
	bool is_good = true;

	object->is_builtin = true;
	if (type != NULL)
		is_good = option_parse(&kind->options[MONITOR_TYPE], str_of(type),
				       (struct str){ 0 }, &object->values[MONITOR_TYPE], &why);
	must(is_good);
	text_free(&why);
}

static void begin(struct config *config, uint64_t uid_last)
{
	store_init(&config->store);
	config->store.uid_last = uid_last;
	kept_init(&config->kept);
	add_builtin(config, &kind_ns_param, "", NULL);
	add_builtin(config, &kind_lb_parameter, "", NULL);
	add_builtin(config, &kind_spillover_action, "SPILLOVER", NULL);
	add_builtin(config, &kind_spillover_param, "", NULL);
	for (size_t i = 0; i < sizeof(builtin_monitors) / sizeof(builtin_monitors[0]); i++)
		add_builtin(config, &kind_monitor, builtin_monitors[i].name,
			    builtin_monitors[i].type);
	store_commit(&config->store);
}

struct config *config_new(void)
{
	struct config *config = heap_zeroed(1, sizeof(*config));

	must(config != NULL);
	begin(config, 0);
	return config;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	store_fini(&config->store);
	kept_fini(&config->kept);
	free(config);
}

/* Uids go on: what was cleared is never taken for what comes. */
static void clear(struct config *config)
{
	uint64_t uid_last = config->store.uid_last;

	store_fini(&config->store);
	kept_fini(&config->kept);
	begin(config, uid_last);
}

/* The TLS side of what was renamed or removed. */
static void follow(struct config *config, const struct command *command)
{
	struct str kind = str_of(command->kind->object);

	if (command->verb == VERB_RENAME)
		kept_follow(&config->kept, kind, command->places[0].text, command->places[1].text);
	for (unsigned i = 0; i < command->place_count && command->verb == VERB_RM; i++)
		kept_follow(&config->kept, kind, command->places[i].text, (struct str){ 0 });
}

/* Who else must agree. */
struct consent {
	config_may_stand *may_stand; /* NULL: nobody */
	void *context;
};

static bool all_may_stand(const struct store *store, const struct consent *consent,
			  struct report *report)
{
	bool is_good = true;

	for (unsigned i = 0; consent->may_stand != NULL && i < store->journal_count; i++) {
		const struct store_entry *entry = &store->journal[i];

		if (entry->change == STORE_ADDED || entry->change == STORE_EDITED)
			is_good &= consent->may_stand(consent->context, entry->before,
						      entry->object, report);
	}
	return is_good;
}

/* What is saved must load. */
static bool all_fit(const struct store *store, struct report *report)
{
	for (unsigned i = 0; i < store->journal_count; i++) {
		const struct store_entry *entry = &store->journal[i];

		if (entry->change == STORE_REMOVED || print_fits(entry->object))
			continue;
		report_fault(report, 0,
			     "all that is set of %s %.*s would not fit a line of a file: %d bytes "
			     "and %d words",
			     entry->object->kind->object, STR_ARG(object_name(entry->object)),
			     (int)LEX_LINE_MAX, (int)LEX_WORDS_MAX);
		return false;
	}
	return true;
}

static bool apply_each(struct config *config, const struct command *command, struct arena *arena,
		       const struct consent *consent, struct report *report)
{
	unsigned count = expand_command(command, report);
	bool is_good = count > 0;

	for (unsigned i = 0; i < count && is_good; i++)
		is_good = change_apply(config, expand_at(command, i, arena), report);
	if (!is_good || !all_fit(&config->store, report) ||
	    !all_may_stand(&config->store, consent, report)) {
		store_rollback(&config->store);
		return false;
	}
	store_commit(&config->store);
	for (unsigned i = 0; i < count; i++)
		follow(config, expand_at(command, i, arena));
	return true;
}

static bool apply_to_objects(struct config *config, const struct command *command,
			     const struct consent *consent, struct report *report)
{
	struct arena *arena = arena_new();
	bool is_applied = apply_each(config, command, arena, consent, report);

	arena_free(arena);
	return is_applied;
}

static bool apply(struct config *config, const struct command *command,
		  const struct consent *consent, struct report *report)
{
	if (command->verb == VERB_CLEAR && str_equal(command->object, STR("ns config"))) {
		clear(config);
		return true;
	}
	if (command->verb == VERB_CLEAR) {
		report_fault(report, 0, "clear %.*s is known, but not yet supported",
			     STR_ARG(command->object));
		return false;
	}
	if (command->kind != NULL)
		return apply_to_objects(config, command, consent, report);
	return kept_apply(&config->kept, command, report);
}

bool config_apply_if(struct config *config, const struct command *command,
		     config_may_stand *may_stand, void *context, struct report *report)
{
	must(command_is_change(command));
	if (!apply(config, command, &(struct consent){ may_stand, context }, report))
		return false;
	config->generation++;
	return true;
}

bool config_apply(struct config *config, const struct command *command, struct report *report)
{
	return config_apply_if(config, command, NULL, NULL, report);
}

static bool apply_line(struct config *config, struct str line, bool is_file, struct arena *arena,
		       struct report *report)
{
	struct command command;

	switch (command_parse(line, arena, &command, report)) {
	case COMMAND_BAD:
		return false;
	case COMMAND_EMPTY:
		return true;
	case COMMAND_OK:
		break;
	}
	if (command_is_change(&command))
		return config_apply(config, &command, report);
	if (command.verb == VERB_EXIT)
		return true;
	if (!is_file) {
		report_fault(report, 0, "%.*s changes nothing", STR_ARG(command.verb_name));
		return false;
	}
	report_warning(report, 0, "%.*s %.*s does nothing in a file", STR_ARG(command.verb_name),
		       STR_ARG(command.object));
	return true;
}

static bool apply_text(struct config *config, struct str line, bool is_file, struct report *report)
{
	struct arena *arena = arena_new();
	bool is_applied = apply_line(config, line, is_file, arena, report);

	arena_free(arena);
	return is_applied;
}

bool config_line(struct config *config, struct str line, struct report *report)
{
	return apply_text(config, line, false, report);
}

bool config_load(struct config *config, struct str text, struct report *report)
{
	unsigned faults = report->faults;
	unsigned number = 0;

	while (text.length > 0) {
		const char *end = memchr(text.at, '\n', text.length);
		size_t length = end != NULL ? (size_t)(end - text.at) : text.length;
		size_t skip = length + (end != NULL);
		bool is_applied;

		report->line = ++number;
		is_applied = apply_text(config, (struct str){ text.at, length }, true, report);
		must(is_applied || report->faults > faults);
		text = (struct str){ text.at + skip, text.length - skip };
	}
	report->line = 0;
	return report->faults == faults;
}

static bool read_file(const char *path, struct text *text)
{
	FILE *file = fopen(path, "re");
	char block[65536];
	bool is_read;
	size_t got;

	if (file == NULL)
		return false;
	while ((got = fread(block, 1, sizeof(block), file)) > 0)
		text_add(text, (struct str){ block, got });
	is_read = ferror(file) == 0;
	fclose(file);
	return is_read;
}

bool config_load_file(struct config *config, const char *path, struct report *report)
{
	struct text text = TEXT_EMPTY;
	const struct str mark = STR("\xef\xbb\xbf"); /* some editors begin a file with it */
	bool is_good = read_file(path, &text);
	struct str lines = text_str(&text);

	if (str_starts(lines, mark))
		lines = (struct str){ lines.at + mark.length, lines.length - mark.length };
	if (!is_good)
		report_fault(report, 0, "%s cannot be read: %m", path);
	else
		is_good = config_load(config, lines, report);
	text_free(&text);
	return is_good;
}

uint64_t config_generation(const struct config *config)
{
	return config->generation;
}

struct object *config_find(const struct config *config, enum kind_id kind, struct str name)
{
	return store_find(&config->store, kind, name);
}

struct object *config_find_uid(const struct config *config, uint64_t uid)
{
	return store_find_uid(&config->store, uid);
}

struct object *config_next(const struct config *config, enum kind_id kind,
			   const struct object *after)
{
	const struct list *head = &config->store.by_kind[kind];
	struct list *next = after != NULL ? after->by_kind.next : head->next;

	return next != head ? list_entry(next, struct object, by_kind) : NULL;
}

unsigned config_count(const struct config *config, enum kind_id kind)
{
	return config->store.counts[kind];
}

void config_report_missing(const struct config *config, enum kind_id kind, struct str name,
			   unsigned column, struct report *report)
{
	const struct object *best = NULL;
	unsigned least = 4;

	for (const struct object *at = config_next(config, kind, NULL); at != NULL;
	     at = config_next(config, kind, at)) {
		unsigned distance = str_distance(name, object_name(at), least);

		if (distance >= least || distance * 3 > name.length + 2)
			continue;
		least = distance;
		best = at;
	}
	if (best == NULL)
		report_fault(report, column, "No such resource: %s %.*s", kinds[kind]->object,
			     STR_ARG(name));
	else
		report_fault(report, column, "No such resource: %s %.*s: did you mean %.*s?",
			     kinds[kind]->object, STR_ARG(name), STR_ARG(object_name(best)));
}

struct object *config_find_target(const struct config *config, struct str name)
{
	struct object *service = config_find(config, KIND_SERVICE, name);

	return service != NULL ? service : config_find(config, KIND_GROUP, name);
}
