/* SPDX-License-Identifier: Apache-2.0 */
#include "control/claim.h"

#include "config/lex.h"
#include "os/socket.h"
#include "record/log.h"

/* Names that are a range ("web[1-3]") are not looked up: what cannot be had then is said in the log
 * and by show. */
static struct object *named(const struct config *config, const struct command *command)
{
	if (command->place_count == 0)
		return NULL;
	return config_find(config, KIND_VSERVER, command->places[0].text);
}

static bool may_need(const struct command *command)
{
	if (command->kind == NULL || command->kind->id != KIND_VSERVER)
		return false;
	return command->verb == VERB_ADD || command->verb == VERB_ENABLE ||
	       (command->verb == VERB_SET && command_option(command, "IPAddress") != NULL);
}

static uint64_t newest_uid(const struct config *config)
{
	const struct object *object = NULL;
	uint64_t newest = 0;

	while ((object = config_next(config, KIND_VSERVER, object)) != NULL)
		if (object->uid > newest)
			newest = object->uid;
	return newest;
}

void claim_begin(struct claim *claim, const struct config *config, const struct command *command)
{
	const struct object *object;

	*claim = (struct claim){ .command = command, .is_needed = may_need(command) };
	if (!claim->is_needed)
		return;
	claim->newest = newest_uid(config);
	object = named(config, command);
	if (object != NULL && command->verb == VERB_SET)
		text_add(&claim->old_address, object_text(object, VSERVER_ADDRESS));
}

void claim_end(struct claim *claim)
{
	text_free(&claim->old_address);
}

/* 0, or -errno when its address cannot be had. */
static int try_object(const struct object *object, struct gates *gates, struct text *answer)
{
	uint16_t port = (uint16_t)object_number(object, VSERVER_PORT);
	struct address address;
	char shown[ADDRESS_TEXT_MAX];
	int result;

	if (port == 0 || !object_is_enabled(object) ||
	    !address_parse(object_text(object, VSERVER_ADDRESS), port, &address))
		return 0;
	result = gate_try(gates, &address);
	if (result < 0)
		text_print(answer, "ERROR: cannot listen on %s: %s\n",
			   address_print(&address, shown), socket_error_text(result));
	return result;
}

static bool try_added(const struct claim *claim, const struct config *config, struct gates *gates,
		      struct text *answer)
{
	const struct object *object = NULL;
	bool is_fine = true;

	while ((object = config_next(config, KIND_VSERVER, object)) != NULL)
		if (object->uid > claim->newest && try_object(object, gates, answer) < 0)
			is_fine = false;
	return is_fine;
}

/* --- taking back ------------------------------------------------------------------------------ */

static void run(struct config *config, const char *before, struct str name, const char *after)
{
	struct report report = REPORT_EMPTY;
	struct text line = TEXT_EMPTY;

	text_print(&line, "%s lb vserver ", before);
	lex_quote(&line, name);
	text_print(&line, "%s", after);
	if (!config_line(config, text_str(&line), &report))
		log_write(LOG_LEVEL_ERROR, "cannot take back: %s", line.at);
	text_free(&line);
	report_free(&report);
}

static void remove_added(const struct claim *claim, struct config *config)
{
	const struct object *object = NULL, *after;

	for (object = config_next(config, KIND_VSERVER, NULL); object != NULL; object = after) {
		after = config_next(config, KIND_VSERVER, object);
		if (object->uid > claim->newest)
			run(config, "rm", object_name(object), "");
	}
}

static void take_back(const struct claim *claim, struct config *config, const struct object *object)
{
	struct text address = TEXT_EMPTY;

	if (claim->command->verb == VERB_ADD) {
		remove_added(claim, config);
	} else if (claim->command->verb == VERB_ENABLE) {
		run(config, "disable", object_name(object), "");
	} else {
		text_print(&address, " -IPAddress %s", claim->old_address.at);
		run(config, "set", object_name(object), address.at);
		text_free(&address);
	}
}

bool claim_check(struct claim *claim, struct config *config, struct gates *gates,
		 struct text *answer)
{
	const struct object *object = NULL;
	bool is_fine = true;

	if (!claim->is_needed)
		return true;
	if (claim->command->verb != VERB_ADD)
		object = named(config, claim->command);
	if (claim->command->verb == VERB_ADD)
		is_fine = try_added(claim, config, gates, answer);
	else if (object != NULL)
		is_fine = try_object(object, gates, answer) == 0;
	if (!is_fine)
		take_back(claim, config, object);
	return is_fine;
}
