/* SPDX-License-Identifier: Apache-2.0 */
#include "control/held_out.h"

#include "control/control_priv.h"

#define MARK "# held out "

void held_out_print(const struct control *control, struct text *text)
{
	const struct runtime *runtime = &control->runtime;

	for (uint32_t id = 0; id < runtime->vserver_room; id++) {
		const struct runtime_vserver *vserver = runtime->vservers[id];

		if (vserver != NULL && vserver->plan != NULL && vserver->is_held_out)
			text_print(text, MARK "%s\n", vserver->entry.name);
	}
}

static void read_line(struct control *control, struct str line)
{
	struct str name = { line.at + STR(MARK).length, line.length - STR(MARK).length };
	const struct object *object = config_find(control->config, KIND_VSERVER, name);
	struct runtime_vserver *vserver = object != NULL
						  ? runtime_vserver(&control->runtime, object->uid)
						  : NULL;

	if (vserver != NULL && vserver->plan != NULL && vserver->plan->stays_out)
		vserver->is_held_out = true;
}

void held_out_read(struct control *control, struct str kept)
{
	while (kept.length > 0) {
		const char *end = memchr(kept.at, '\n', kept.length);
		size_t length = end != NULL ? (size_t)(end - kept.at) : kept.length;
		struct str line = { kept.at, length };

		if (str_starts(line, STR(MARK)))
			read_line(control, line);
		length += end != NULL;
		kept = (struct str){ kept.at + length, kept.length - length };
	}
}
