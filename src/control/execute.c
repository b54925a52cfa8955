/* SPDX-License-Identifier: Apache-2.0 */
#include "control/execute.h"

#include "config/command.h"
#include "config/expand.h"
#include "config/print.h"
#include "control/claim.h"
#include "control/control_priv.h"
#include "control/explain.h"
#include "control/memory.h"
#include "control/news.h"
#include "control/show.h"
#include "os/file.h"
#include "os/socket.h"

#include <stdint.h>
#include <sys/stat.h>

enum { DONE, REFUSED };

static void print_report(const struct report *report, struct text *answer)
{
	for (unsigned i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (entry->level == REPORT_FAULT && entry->column > 0)
			text_print(answer, "ERROR: column %u: %s\n", entry->column, entry->text);
		else
			text_print(answer, "%s: %s\n",
				   entry->level == REPORT_FAULT ? "ERROR" : "Warning", entry->text);
	}
}

static unsigned finish(const struct report *report, struct text *answer)
{
	print_report(report, answer);
	if (report->faults > 0)
		return REFUSED;
	text_add(answer, STR("Done\n"));
	return DONE;
}

static void follow_one(struct control *control, struct str name)
{
	const struct object *object = config_find(control->config, KIND_VSERVER, name);
	struct runtime_vserver *vserver = object != NULL
						  ? runtime_vserver(&control->runtime, object->uid)
						  : NULL;

	if (vserver != NULL && vserver->plan != NULL)
		news_enabled(control, vserver);
}

/* What a command means besides the configuration; web[1-3] is said of each. */
static void follow(struct control *control, const struct command *command)
{
	const struct word *name = &command->places[0];
	struct arena *arena;

	if (command->verb != VERB_ENABLE || command->kind != &kind_vserver)
		return;
	arena = arena_new();
	for (unsigned i = 0; i < (name->takes_range ? expand_count(name->text) : 1); i++)
		follow_one(control,
			   name->takes_range ? expand_word(name->text, i, arena) : name->text);
	arena_free(arena);
}

static unsigned change(struct control *control, const struct command *command, struct text *answer)
{
	struct report report = REPORT_EMPTY;
	struct claim claim = { .control = control };
	unsigned status = REFUSED;

	if (control->is_draining) {
		text_add(answer, STR("ERROR: the appliance is draining\n"));
		return REFUSED;
	}
	if (!memory_for_change(control)) {
		text_add(answer, STR("ERROR: there is no memory: nothing was changed\n"));
		return REFUSED;
	}
	if (config_apply_if(control->config, command, claim_may_stand, &claim, &report))
		status = finish(&report, answer);
	else
		print_report(&report, answer);
	if (status == DONE)
		follow(control, command);
	report_free(&report);
	return status;
}

/* --- the others ------------------------------------------------------------------------------- */

/* A device or a pipe must not become a file: run -c /dev/null is fine, but has nowhere to save. */
static bool is_file_or_new(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 || S_ISREG(status.st_mode);
}

static unsigned save(struct control *control, struct text *answer)
{
	const char *path = control->setup.config_path;
	struct text content = TEXT_EMPTY, old = TEXT_EMPTY, old_path = TEXT_EMPTY;
	int result = 0;

	if (!is_file_or_new(path)) {
		text_print(answer, "ERROR: %s is no regular file\n", path);
		return REFUSED;
	}
	print_config(control->config, false, &content);
	text_print(&old_path, "%s.old", path);
	if (file_read(path, SIZE_MAX / 2, &old) == 0)
		result = file_write(old_path.at, text_str(&old));
	if (result == 0)
		result = file_write(path, text_str(&content));
	if (result == 0)
		text_add(answer, STR("Done\n"));
	else
		text_print(answer, "ERROR: %s: %s\n", path, socket_error_text(result));
	if (result == 0)
		control->saved_generation = config_generation(control->config);
	text_free(&content);
	text_free(&old);
	text_free(&old_path);
	return result == 0 ? DONE : REFUSED;
}

static bool clears_sessions(const struct command *command)
{
	return command->verb == VERB_CLEAR &&
	       str_equal_nocase(command->object, STR("lb persistentSessions"));
}

static unsigned clear_sessions(struct control *control, const struct command *command,
			       struct text *answer)
{
	if (!show_clear_persistence(control, command, answer))
		return REFUSED;
	text_add(answer, STR("Done\n"));
	return DONE;
}

static bool clears_times(const struct command *command)
{
	return command->verb == VERB_CLEAR && str_equal(command->object, STR("service"));
}

/* The learned response times of a service, or of every member of a service group. */
static unsigned clear_times(struct control *control, const struct command *command,
			    struct text *answer)
{
	struct str name = command->places[0].text;
	const struct object *object = config_find_target(control->config, name);
	bool is_service = object != NULL && object->kind->id == KIND_SERVICE;

	if (object == NULL || command_option(command, "respTime") == NULL) {
		text_print(answer,
			   object == NULL ? "ERROR: there is no service %.*s\n"
					  : "ERROR: clear service %.*s -respTime says what\n",
			   STR_ARG(name));
		return REFUSED;
	}
	for (uint32_t id = 0; id < control->runtime.service_room; id++) {
		struct runtime_service *service = control->runtime.services[id];

		if (service == NULL || service->plan == NULL || service->plan->object != object)
			continue;
		health_forget(service);
	}
	text_print(answer, "Done%s\n", is_service ? "" : ", of all members");
	return DONE;
}

static unsigned run(struct control *control, const struct command *command, struct text *answer)
{
	if (clears_sessions(command))
		return clear_sessions(control, command, answer);
	if (clears_times(command))
		return clear_times(control, command, answer);
	if (command_is_change(command))
		return change(control, command, answer);
	if (str_equal(command->verb_name, STR("explain")))
		return explain_run(control, command, answer) ? DONE : REFUSED;
	switch (command->verb) {
	case VERB_SHOW:
		return show_run(control, command, answer) ? DONE : REFUSED;
	case VERB_STAT:
		return show_stat(control, command, answer) ? DONE : REFUSED;
	case VERB_SAVE:
		return save(control, answer);
	case VERB_EXIT:
		text_add(answer, STR("Done\n"));
		return DONE;
	case VERB_ADD:
	case VERB_SET:
	case VERB_UNSET:
	case VERB_RM:
	case VERB_BIND:
	case VERB_UNBIND:
	case VERB_ENABLE:
	case VERB_DISABLE:
	case VERB_RENAME:
	case VERB_CLEAR:
	case VERB_LINK:
	case VERB_UNLINK:
	case VERB_OTHER:
		break;
	}
	text_print(answer, "ERROR: '%.*s %.*s' is known but not supported yet\n",
		   STR_ARG(command->verb_name), STR_ARG(command->object));
	return REFUSED;
}

unsigned execute_line(struct control *control, struct str line, struct text *answer)
{
	struct arena *arena;
	struct command command;
	struct report report = REPORT_EMPTY;
	unsigned status = DONE;
	bool is_right = true;

	if (!memory_for_answer(control)) {
		text_add(answer, STR("ERROR: there is no memory: nothing was done\n"));
		return REFUSED;
	}
	if (show_own(control, line, &is_right, answer))
		return is_right ? DONE : REFUSED;
	arena = arena_new();
	switch (command_parse(line, arena, &command, &report)) {
	case COMMAND_OK:
		print_report(&report, answer);
		status = run(control, &command, answer);
		break;
	case COMMAND_EMPTY:
		break;
	case COMMAND_BAD:
		print_report(&report, answer);
		status = REFUSED;
		break;
	}
	report_free(&report);
	arena_free(arena);
	return status;
}
