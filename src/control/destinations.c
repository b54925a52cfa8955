/* SPDX-License-Identifier: Apache-2.0 */
#include "control/destinations.h"

#include "admit/quota_life.h"
#include "base/heap.h"
#include "base/text.h"

#include <stdlib.h>

/* The next in the chain; NULL: it ends. */
static const struct plan_vserver *behind(const struct plan *plan,
					 const struct plan_vserver *vserver)
{
	return vserver->backup != MODEL_NONE ? &plan->vservers[vserver->backup] : NULL;
}

struct destination *destinations_find(const struct destinations *destinations, uint64_t uid)
{
	struct destination *destination = destinations->first;

	while (destination != NULL && destination->uid != uid)
		destination = destination->next;
	return destination;
}

static uint64_t key_of(const struct plan_vserver *from, const struct plan_vserver *to)
{
	struct text name = TEXT_EMPTY;
	uint64_t key;

	text_print(&name, "%.*s\n%.*s", STR_ARG(from->name), STR_ARG(to->name));
	key = quota_key("spills", name.at, name.length);
	text_free(&name);
	return key;
}

static struct destination *add(struct destinations *destinations, struct vault *vault, uint64_t key,
			       unsigned engine_count)
{
	size_t bytes = sizeof(struct stat_spill) * engine_count + sizeof(uint64_t);
	struct destination *destination = heap_zeroed(1, sizeof(*destination));
	struct destination **last = &destinations->first;

	must(destination != NULL);
	destination->stats = vault_claim(vault, key, bytes);
	if (destination->stats == NULL)
		destination->stats = vault_open(vault, key, bytes);
	destination->cleared = (uint64_t *)(destination->stats + engine_count);
	while (*last != NULL)
		last = &(*last)->next;
	*last = destination;
	return destination;
}

void destinations_take(struct destinations *destinations, struct vault *vault,
		       const struct plan *plan, const struct plan_vserver *vserver,
		       unsigned engine_count)
{
	const struct plan_vserver *to = behind(plan, vserver);

	for (uint32_t place = 0; to != NULL && place < MODEL_DESTINATIONS_MAX; place++) {
		uint64_t key = key_of(vserver, to);
		struct destination *destination = destinations_find(destinations, to->uid);

		if (destination == NULL)
			destination = add(destinations, vault, key, engine_count);
		vault_set_key(destination->stats, key);
		destination->uid = to->uid;
		destination->retired = UINT64_MAX;
		to = behind(plan, to);
	}
}

static void free_destination(struct destination *destination, struct vault *vault)
{
	vault_close(vault, destination->stats);
	free(destination);
}

void destinations_fini(struct destinations *destinations, struct vault *vault)
{
	while (destinations->first != NULL) {
		struct destination *destination = destinations->first;

		destinations->first = destination->next;
		free_destination(destination, vault);
	}
}

void destinations_everywhere(struct destinations *destinations, struct vault *vault,
			     uint64_t number)
{
	struct destination **at = &destinations->first;

	while (*at != NULL) {
		struct destination *destination = *at;

		if (destination->retired >= number) {
			at = &destination->next;
			continue;
		}
		*at = destination->next;
		free_destination(destination, vault);
	}
}

uint64_t destinations_clients(const struct destination *destination, unsigned engine_count)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < engine_count; i++)
		sum += stat_read(&destination->stats[i].clients);
	return sum;
}
