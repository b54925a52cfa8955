/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_spillover.h"

#include "control/audit.h"
#include "control/control_priv.h"

#include <inttypes.h>

static struct str take_word(struct str *rest)
{
	struct str trimmed = str_trim(*rest);
	size_t length = 0;

	while (length < trimmed.length && trimmed.at[length] != ' ' && trimmed.at[length] != '\t')
		length++;
	*rest = str_trim((struct str){ trimmed.at + length, trimmed.length - length });
	return (struct str){ trimmed.at, length };
}

/* --- audit ------------------------------------------------------------------------------------ */

static void audit_one(struct control *control, const struct runtime_vserver *vserver,
		      struct text *text)
{
	const struct runtime_entry *entry = &vserver->entry;
	struct quota_view view;
	int64_t leak = 0;

	if (entry->limit < 0) {
		text_print(text, "%s: no limit\n", entry->name);
		return;
	}
	switch (audit_pool(control, entry->pool, entry->name, &leak)) {
	case AUDIT_COUNTED:
		quota_read(control->setup.map, entry->pool, &view);
		text_print(text, "%s: limit %" PRId64 "  used %" PRId64 "  missing %" PRId64 "%s\n",
			   entry->name, view.limit, view.used, leak, leak == 0 ? "" : ", repaired");
		return;
	case AUDIT_STALLED:
		text_print(text, "%s: not counted, an engine is busy; try again\n", entry->name);
		return;
	case AUDIT_CANNOT_BE:
		text_print(text, "%s: not counted, clients may wait in its queue\n", entry->name);
		return;
	}
}

/* --- together --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*show)(struct control *control, const struct runtime_vserver *vserver,
		     struct text *text);
} things[] = {
	{ "audit", audit_one },
};

static void show_all(struct control *control, size_t thing, struct text *text)
{
	for (uint32_t id = 0; id < control->runtime.vserver_room; id++) {
		const struct runtime_vserver *vserver = control->runtime.vservers[id];

		if (vserver != NULL && vserver->plan != NULL)
			things[thing].show(control, vserver, text);
	}
}

static bool show_one(struct control *control, size_t thing, struct str name, struct text *text)
{
	const struct object *object = config_find(control->config, KIND_VSERVER, name);
	const struct runtime_vserver *vserver =
		object != NULL ? runtime_vserver(&control->runtime, object->uid) : NULL;

	if (vserver == NULL || vserver->plan == NULL) {
		text_print(text, "ERROR: there is no lb vserver %.*s\n", STR_ARG(name));
		return false;
	}
	things[thing].show(control, vserver, text);
	return true;
}

bool show_spillover(struct control *control, struct str words, bool *is_right, struct text *answer)
{
	struct str name = take_word(&words);

	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		if (!str_equal_nocase(name, str_of(things[i].name)))
			continue;
		control_publish(control);
		if (words.length > 0)
			*is_right = show_one(control, i, words, answer);
		else
			show_all(control, i, answer);
		return true;
	}
	return false;
}
