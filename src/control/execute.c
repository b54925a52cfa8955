/* SPDX-License-Identifier: Apache-2.0 */
#include "control/execute.h"

#include "config/command.h"
#include "config/lex.h"
#include "config/print.h"
#include "control/control_priv.h"
#include "control/show.h"
#include "os/file.h"
#include "os/socket.h"
#include "record/log.h"

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

/* --- a change that needs an address ----------------------------------------------------------- */

static void run_undo(struct control *control, const struct text *line)
{
	struct report report = REPORT_EMPTY;

	if (!config_line(control->config, text_str(line), &report))
		log_write(LOG_LEVEL_ERROR, "cannot take back: %s", line->at);
	report_free(&report);
}

/* What the command did is taken back: a new virtual server goes, an old one is as it was. */
static void take_back(struct control *control, const struct command *command,
		      const struct runtime_vserver *vserver)
{
	struct str name = object_name(vserver->plan->object);
	char host[ADDRESS_TEXT_MAX];
	struct text line = TEXT_EMPTY;

	if (command->verb == VERB_ADD)
		text_print(&line, "rm lb vserver ");
	else if (command->verb == VERB_ENABLE)
		text_print(&line, "disable lb vserver ");
	else
		text_print(&line, "set lb vserver ");
	lex_quote(&line, name);
	if (command->verb == VERB_SET)
		text_print(&line, " -IPAddress %s", address_print_host(&vserver->address, host));
	run_undo(control, &line);
	text_free(&line);
}

static bool is_trouble(const struct command *command, const struct runtime_vserver *vserver)
{
	if (vserver == NULL || vserver->plan == NULL || vserver->listen_error == 0)
		return false;
	if (command->verb == VERB_ADD)
		return !vserver->entry.is_published;
	if (command->verb == VERB_SET && address_port(&vserver->address) == 0)
		return false; /* it did not listen before: nothing to go back to */
	return command_option(command, "IPAddress") != NULL || command->verb == VERB_ENABLE;
}

/* The uids of what could not listen, so that the objects may be looked for while they change. */
static unsigned find_trouble(struct control *control, const struct command *command, uint64_t *uids,
			     unsigned room, struct text *answer)
{
	unsigned count = 0;
	char address[ADDRESS_TEXT_MAX];

	for (uint32_t id = 0; id < control->runtime.vserver_room && count < room; id++) {
		const struct runtime_vserver *vserver = control->runtime.vservers[id];

		if (!is_trouble(command, vserver))
			continue;
		uids[count++] = vserver->entry.uid;
		text_print(answer, "ERROR: cannot listen on %s: %s\n",
			   address_print(&vserver->plan->address, address),
			   socket_error_text(vserver->listen_error));
	}
	return count;
}

/* All that the command has added, also those of a range that could listen. */
static unsigned find_added(const struct control *control, uint64_t *uids, unsigned room)
{
	unsigned count = 0;

	for (uint32_t id = 0; id < control->runtime.vserver_room && count < room; id++) {
		const struct runtime_vserver *vserver = control->runtime.vservers[id];

		if (vserver != NULL && vserver->plan != NULL && !vserver->entry.is_published)
			uids[count++] = vserver->entry.uid;
	}
	return count;
}

enum { TROUBLE_MOST = 256 };

/* False: an address cannot be had, and nothing has changed. */
static bool have_addresses(struct control *control, const struct command *command,
			   struct text *answer)
{
	uint64_t uids[TROUBLE_MOST];
	unsigned count;

	if (!control_plan(control)) {
		text_add(answer, STR("ERROR: there are too many services and virtual servers\n"));
		return false;
	}
	count = find_trouble(control, command, uids, TROUBLE_MOST, answer);
	if (count == 0)
		return true;
	if (command->verb == VERB_ADD)
		count = find_added(control, uids, TROUBLE_MOST);
	for (unsigned i = 0; i < count; i++) {
		(void)control_plan(control); /* the objects may have moved with the last undo */
		take_back(control, command, runtime_vserver(&control->runtime, uids[i]));
	}
	return false;
}

static bool may_listen(const struct command *command)
{
	return command->kind != NULL && command->kind->id == KIND_VSERVER &&
	       (command->verb == VERB_ADD || command->verb == VERB_SET ||
		command->verb == VERB_ENABLE);
}

static unsigned change(struct control *control, const struct command *command, struct text *answer)
{
	struct report report = REPORT_EMPTY;
	unsigned status = REFUSED;
	bool listens = may_listen(command);

	if (control->is_draining) {
		text_add(answer, STR("ERROR: the appliance is draining\n"));
		return REFUSED;
	}
	if (listens)
		control_publish(control); /* what is not published now was added by this command */
	if (!config_apply(control->config, command, &report))
		print_report(&report, answer);
	else if (!listens || have_addresses(control, command, answer))
		status = finish(&report, answer);
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

static unsigned run(struct control *control, const struct command *command, struct text *answer)
{
	if (command_is_change(command))
		return change(control, command, answer);
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

	if (show_own(control, line, answer))
		return DONE;
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
