/* SPDX-License-Identifier: Apache-2.0 */
#include "main/repeat.h"

#include "config/command.h"

#include <signal.h>
#include <time.h>

static uint64_t times_of(const struct command *command)
{
	const struct argument *argument = command_option(command, "ntimes");
	uint64_t times = 1;

	if (command->verb != VERB_STAT || argument == NULL || argument->count == 0 ||
	    !str_to_number(argument->words[0].text, UINT64_MAX, &times))
		return 1;
	return times;
}

uint64_t repeat_times(struct str line)
{
	struct report report = REPORT_EMPTY;
	struct command command;
	struct arena *arena;
	uint64_t times = 1;

	if (line.length > 0 && line.at[line.length - 1] == '\n')
		line.length--;
	/* A configuration has many lines, and none of them is understood here. */
	if (!str_starts_nocase(str_trim(line), STR("st")))
		return 1;
	arena = arena_new();
	if (command_parse(line, arena, &command, &report) == COMMAND_OK)
		times = times_of(&command);
	report_free(&report);
	arena_free(arena);
	return times;
}

static void wake(int signal)
{
	(void)signal;
}

bool repeat_pause(uint32_t interval_ms, bool is_caught)
{
	const struct timespec pause = { interval_ms / 1000, (long)(interval_ms % 1000) * 1000000 };
	const struct sigaction action = { .sa_handler = wake };
	struct sigaction before;
	bool is_over;

	if (is_caught)
		sigaction(SIGINT, &action, &before);
	is_over = nanosleep(&pause, NULL) == 0;
	if (is_caught)
		sigaction(SIGINT, &before, NULL);
	return is_over;
}
