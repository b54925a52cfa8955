/* SPDX-License-Identifier: Apache-2.0 */
#include "control/policies.h"

#include "admit/quota_life.h"
#include "base/heap.h"

#include <stdlib.h>

static struct str key_of(const uint64_t *uid)
{
	return (struct str){ (const char *)uid, sizeof(*uid) };
}

static void free_entry(struct policies *policies, struct policies_entry *entry)
{
	vault_close(policies->vault, entry->stats);
	free(entry);
}

void policies_init(struct policies *policies, struct vault *vault, unsigned engine_count)
{
	*policies = (struct policies){ .vault = vault, .engine_count = engine_count };
	hash_init(&policies->by_uid, false);
}

void policies_fini(struct policies *policies)
{
	void *entry;
	size_t at = 0;

	while (hash_next(&policies->by_uid, &at, NULL, &entry))
		free_entry(policies, entry);
	hash_fini(&policies->by_uid);
}

static uint64_t vault_key_of(const struct plan_policy *planned)
{
	return quota_key("spillover policy", planned->name.at, planned->name.length);
}

static struct policies_entry *add(struct policies *policies, const struct plan_policy *planned)
{
	size_t bytes = sizeof(struct stat_policy) * policies->engine_count +
		       sizeof(uint64_t) * POLICIES_ROWS;
	struct policies_entry *entry = heap_zeroed(1, sizeof(*entry));

	must(entry != NULL);
	entry->uid = planned->uid;
	entry->stats = vault_claim(policies->vault, vault_key_of(planned), bytes);
	if (entry->stats == NULL)
		entry->stats = vault_open(policies->vault, vault_key_of(planned), bytes);
	entry->cleared = (uint64_t *)(entry->stats + policies->engine_count);
	hash_put(&policies->by_uid, key_of(&entry->uid), entry);
	return entry;
}

void policies_take(struct policies *policies, const struct plan *plan, uint64_t newest)
{
	void *thing;
	size_t at = 0;

	policies->plans++;
	for (uint32_t i = 0; i < plan->policy_count; i++) {
		uint64_t uid = plan->policies[i].uid;
		struct policies_entry *entry = hash_get(&policies->by_uid, key_of(&uid));

		if (entry == NULL)
			entry = add(policies, &plan->policies[i]);
		vault_set_key(entry->stats, vault_key_of(&plan->policies[i]));
		entry->seen = policies->plans;
		entry->retired = UINT64_MAX;
	}
	while (hash_next(&policies->by_uid, &at, NULL, &thing)) {
		struct policies_entry *entry = thing;

		if (entry->seen != policies->plans && entry->retired == UINT64_MAX)
			entry->retired = newest;
	}
}

void policies_everywhere(struct policies *policies, uint64_t number)
{
	void *thing;
	size_t at = 0;

	while (hash_next(&policies->by_uid, &at, NULL, &thing)) {
		struct policies_entry *entry = thing;

		if (entry->retired >= number)
			continue;
		(void)hash_remove(&policies->by_uid, key_of(&entry->uid));
		free_entry(policies, entry);
	}
}

struct policies_entry *policies_find(const struct policies *policies, uint64_t uid)
{
	return hash_get(&policies->by_uid, key_of(&uid));
}

struct stat_policy *policies_stats(const struct policies *policies, uint64_t uid)
{
	const struct policies_entry *entry = policies_find(policies, uid);

	return entry != NULL ? entry->stats : NULL;
}
