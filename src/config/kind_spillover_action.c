/* SPDX-License-Identifier: Apache-2.0 */
#include "config/object.h"

static const struct choice actions[] = { { "SPILLOVER", NULL }, { NULL, NULL } };

/* The one that is built in has it unsaid, so that it is not printed as a change. */
static const char *action_of(const struct object *object)
{
	return object->is_builtin ? actions[0].name : NULL;
}

static const struct option options[SPILLOVER_ACTION_OPTIONS] = {
	[SPILLOVER_ACTION_NAME] = { .name = "name",
				    .type = OPTION_TEXT,
				    .is_position = true,
				    .is_once = true,
				    .help = "name of the action",
				    .since = "0.1" },
	[SPILLOVER_ACTION_ACTION] = { .name = "action",
				      .type = OPTION_CHOICE,
				      .choices = actions,
				      .standard_of = action_of,
				      .help = "what is done with a client: it is given away, as if "
					      "the virtual server were full",
				      .since = "0.1" },
};

const struct kind kind_spillover_action = {
	.id = KIND_SPILLOVER_ACTION,
	.object = "spillover action",
	.help = "what a spillover policy does",
	.options = options,
	.option_count = SPILLOVER_ACTION_OPTIONS,
	.position_count = 1,
};
