/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_priv.h"

#include <inttypes.h>

/* NULL: it is configured no more. */
static const struct runtime_vserver *vserver_of(const struct control *control,
						const struct destination *destination)
{
	const struct runtime_vserver *vserver = runtime_vserver(&control->runtime,
								destination->uid);

	return vserver != NULL && vserver->plan != NULL ? vserver : NULL;
}

/* With the state of each and all that it has taken, or with what has come since -clearstats. */
static void print(const struct control *control, const struct runtime_vserver *vserver,
		  bool is_stat, struct text *text)
{
	const struct destination *each = vserver->destinations.first;

	for (; each != NULL; each = each->next) {
		const struct runtime_vserver *to = vserver_of(control, each);
		uint64_t clients = destinations_clients(each, control->setup.engine_count);

		if (to != NULL && is_stat)
			text_print(text, "\tSpilled over to %s: %" PRIu64 "\n", to->entry.name,
				   clients - *each->cleared);
		else if (to != NULL)
			text_print(text, "\tspilled over to: %s (%s), %" PRIu64 "\n",
				   to->entry.name, show_vserver_state(to), clients);
	}
}

void show_destinations(const struct control *control, const struct runtime_vserver *vserver,
		       struct text *text)
{
	print(control, vserver, false, text);
}

void show_stat_destinations(const struct control *control, const struct runtime_vserver *vserver,
			    struct text *text)
{
	print(control, vserver, true, text);
}

void show_clear_destinations(const struct control *control, struct runtime_vserver *vserver)
{
	for (struct destination *each = vserver->destinations.first; each != NULL;
	     each = each->next)
		*each->cleared = destinations_clients(each, control->setup.engine_count);
}
