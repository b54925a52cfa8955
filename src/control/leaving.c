/* SPDX-License-Identifier: Apache-2.0 */
#include "control/leaving.h"

#include "config/lex.h"
#include "control/control_priv.h"
#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>

#define MARK "# leaving "

/* --- writing --------------------------------------------------------------------------------- */

/* The way that the command began, as long as it is not over; NULL: nobody is on it. */
static const struct state_way *way_of(const struct runtime *runtime, uint64_t uid)
{
	for (uint32_t id = 0; id < runtime->service_room; id++) {
		const struct runtime_service *service = runtime->services[id];

		if (service != NULL && service->way.uid == uid && service->way.over == NULL)
			return &service->way;
	}
	return NULL;
}

static bool begin_line(const struct control *control, struct leave leave, const char *what,
		       struct text *text)
{
	const struct state_way *way = leave.uid != 0 ? way_of(&control->runtime, leave.uid) : NULL;

	if (way == NULL)
		return false;
	text_print(text, MARK "%" PRIu64 " %s disable %s ", way->until_ms,
		   way->is_graceful ? "YES" : "NO", what);
	return true;
}

static void print_object(const struct control *control, const struct object *object,
			 struct text *text)
{
	if (!begin_line(control, object->leave, object->kind->object, text))
		return;
	lex_quote(text, object_name(object));
	text_add(text, STR("\n"));
}

static void print_members(const struct control *control, const struct object *group,
			  struct text *text)
{
	for (unsigned i = 0; i < group->binding_count; i++) {
		const struct binding *binding = &group->bindings[i];

		if (binding->type != BINDING_MEMBER || !binding->is_disabled ||
		    !begin_line(control, binding->leave, group->kind->object, text))
			continue;
		lex_quote(text, object_name(group));
		text_add(text, STR(" "));
		lex_quote(text, object_name(binding->target));
		text_print(text, " %u\n", binding->port);
	}
}

void leaving_print(const struct control *control, struct text *text)
{
	static const enum kind_id leaving[] = { KIND_SERVER, KIND_SERVICE, KIND_GROUP };

	for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++) {
		const struct object *object = config_next(control->config, leaving[i], NULL);

		for (; object != NULL; object = config_next(control->config, leaving[i], object)) {
			if (!object_is_enabled(object))
				print_object(control, object, text);
			if (leaving[i] == KIND_GROUP)
				print_members(control, object, text);
		}
	}
}

/* --- reading --------------------------------------------------------------------------------- */

static struct str word_of(struct str *line)
{
	const char *end = memchr(line->at, ' ', line->length);
	size_t length = end != NULL ? (size_t)(end - line->at) : line->length;
	struct str word = { line->at, length };

	length += end != NULL;
	*line = (struct str){ line->at + length, line->length - length };
	return word;
}

static void say(struct control *control, const struct text *command)
{
	struct report report = REPORT_EMPTY;

	if (!config_load(control->config, text_str(command), &report))
		log_write(LOG_LEVEL_WARNING, "kept configuration: %s is not understood",
			  command->at);
	report_free(&report);
}

/* What is over is out of service at once: so the configuration says. */
static void read_line(struct control *control, struct str line)
{
	struct str until = word_of(&line), graceful = word_of(&line);
	bool is_group = str_starts(line, STR("disable serviceGroup "));
	uint64_t until_ms, now_ms = clock_ms();
	struct text command = TEXT_EMPTY;

	if (!str_to_number(until, UINT64_MAX - 1, &until_ms) ||
	    (until_ms != 0 && until_ms <= now_ms))
		return;
	text_print(&command, "%.*s", STR_ARG(line));
	if (until_ms != 0)
		text_print(&command, "%s %" PRIu64, is_group ? " -delay" : "",
			   (until_ms - now_ms + 999) / 1000);
	text_print(&command, " -graceFul %.*s", STR_ARG(graceful));
	say(control, &command);
	text_free(&command);
}

void leaving_read(struct control *control, struct str kept)
{
	while (kept.length > 0) {
		const char *end = memchr(kept.at, '\n', kept.length);
		size_t length = end != NULL ? (size_t)(end - kept.at) : kept.length;
		struct str line = { kept.at, length }, mark = STR(MARK);

		if (str_starts(line, mark))
			read_line(control,
				  (struct str){ line.at + mark.length, line.length - mark.length });
		length += end != NULL;
		kept = (struct str){ kept.at + length, kept.length - length };
	}
}
