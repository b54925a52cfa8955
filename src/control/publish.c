/* SPDX-License-Identifier: Apache-2.0 */
#include "control/publish.h"

#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

struct publish_row {
	struct snapshot *snapshot; /* owned */
};

void publish_init(struct publisher *publisher, struct post *post, unsigned engine_count)
{
	*publisher = (struct publisher){ .post = post, .engine_count = engine_count };
	publisher->taken = heap_zeroed(engine_count, sizeof(*publisher->taken));
	must(publisher->taken != NULL);
}

void publish_fini(struct publisher *publisher)
{
	for (unsigned i = 0; i < publisher->count; i++)
		snapshot_free(publisher->rows[i].snapshot);
	free(publisher->rows);
	free(publisher->taken);
}

void publish_send(struct publisher *publisher, struct snapshot *snapshot)
{
	must(snapshot->number == publisher->newest + 1);
	publisher->newest = snapshot->number;
	if (publisher->count == publisher->room) {
		publisher->room = publisher->room == 0 ? 8 : publisher->room * 2;
		publisher->rows = heap_resized(publisher->rows,
					       publisher->room * sizeof(*publisher->rows));
		must(publisher->rows != NULL);
	}
	publisher->rows[publisher->count++].snapshot = snapshot;
	post_send_all(publisher->post, (struct message){ .kind = MESSAGE_SNAPSHOT,
							 .number = snapshot->number,
							 .pointer = snapshot });
}

uint64_t publish_everywhere(const struct publisher *publisher)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < publisher->engine_count; i++)
		if (publisher->taken[i] < least)
			least = publisher->taken[i];
	return least;
}

void publish_taken(struct publisher *publisher, unsigned engine, uint64_t number)
{
	unsigned done = 0;
	uint64_t oldest;

	must(number >= publisher->taken[engine] && number <= publisher->newest);
	publisher->taken[engine] = number;
	oldest = publish_everywhere(publisher);
	while (done < publisher->count && publisher->rows[done].snapshot->number < oldest)
		snapshot_free(publisher->rows[done++].snapshot);
	publisher->count -= done;
	memmove(publisher->rows, publisher->rows + done,
		publisher->count * sizeof(*publisher->rows));
}
