/* SPDX-License-Identifier: Apache-2.0 */
#include "config/leave.h"

#include "config/config_priv.h"

static const struct word *delay_word(const struct command *command, unsigned place)
{
	const struct argument *argument = command_option(command, "delay");

	if (argument != NULL && argument->count > 0)
		return &argument->words[0];
	return place < command->place_count ? &command->places[place] : NULL;
}

static bool read_delay(const struct word *word, uint32_t *delay_s, struct report *report)
{
	uint64_t number;

	*delay_s = 0;
	if (word == NULL)
		return true;
	if (!str_to_number(word->text, LEAVE_DELAY_MOST_S, &number)) {
		report_fault(report, word->column, "%.*s is no delay: 0 to %d seconds",
			     STR_ARG(word->text), LEAVE_DELAY_MOST_S);
		return false;
	}
	*delay_s = (uint32_t)number;
	return true;
}

bool leave_read(struct config *config, const struct command *command, unsigned place,
		struct leave *leave, struct report *report)
{
	const struct argument *graceful = command_option(command, "graceFul");

	*leave = (struct leave){ 0 };
	if (command->verb != VERB_DISABLE)
		return true;
	if (!read_delay(delay_word(command, place), &leave->delay_s, report))
		return false;
	leave->is_graceful = graceful != NULL && graceful->count > 0 &&
			     str_equal_nocase(graceful->words[0].text, STR("YES"));
	if (leave->delay_s > 0 || leave->is_graceful)
		leave->uid = store_uid(&config->store);
	return true;
}

struct leave leave_both(struct leave one, struct leave other)
{
	if (one.uid == 0 || other.uid == 0)
		return (struct leave){ 0 };
	return one.uid > other.uid ? one : other;
}
