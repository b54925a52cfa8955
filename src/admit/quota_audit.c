/* SPDX-License-Identifier: Apache-2.0
 *
 * FROZEN stands in the mode before the number of the audit is stored, and an engine looks at the
 * mode in every call: who has acknowledged the number (acquire) finds FROZEN until control has
 * finished and takes it away (release), and then finds what control stored. A call that had looked
 * before FROZEN came is over by the end of its turn, that is, before its engine acknowledges.
 */
#include "admit/quota_audit.h"

#include "admit/quota_seat_priv.h"

#define ONE_AUDIT ((uint64_t)1 << 32)

static bool is_running(uint64_t audit)
{
	return audit & ONE_AUDIT;
}

/* --- engines ---------------------------------------------------------------------------------- */

void quota_audit_hear(struct quota_core *core)
{
	struct quota_head *head = quota_head_at(core->map);
	struct quota_seat seat;
	uint32_t id, uses;

	core->audit = quota_load(&head->audit);
	core->frozen = QUOTA_NONE;
	if (!is_running(core->audit))
		return;
	id = (uint32_t)core->audit;
	uses = core->pockets[id].uses;
	core->pockets[id].uses = 0;
	if (uses > 0)
		quota_core_give(core, id, uses);
	seat = quota_seat_at(core, id);
	(void)quota_seat_seal(&seat);
	core->frozen = id;
	quota_store(&head->acks[core->index].audit, core->audit);
}

/* --- control ---------------------------------------------------------------------------------- */

bool quota_audit_begin(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	uint64_t audit = quota_load(&quota_head_at(map)->audit);

	if (is_running(audit) || !atomic_load_explicit(&pool->is_open, memory_order_acquire))
		return false;
	quota_chaos(&pool->mode, QUOTA_STEP_ADD);
	atomic_fetch_or_explicit(&pool->mode, QUOTA_FROZEN, memory_order_acq_rel);
	quota_store(&quota_head_at(map)->audit,
		    (audit & ~(ONE_AUDIT - 1)) + ONE_AUDIT + (uint64_t)id);
	return true;
}

bool quota_audit_is_ready(const struct quota_map *map)
{
	const struct quota_head *head = quota_head_at(map);
	uint64_t audit = quota_load(&head->audit);

	for (unsigned core = 0; core < map->cores; core++)
		if (quota_is_live(map, core) && quota_load(&head->acks[core].audit) != audit)
			return false;
	return true;
}

static int64_t uses_of_all(const struct quota_map *map, uint32_t id)
{
	int64_t uses = quota_queue_served(map, id);

	for (unsigned core = 0; core < map->cores; core++) {
		uint64_t w = quota_load(quota_stash_at(map, core, id));
		uint64_t u = quota_load(quota_change_at(map, core, id));

		must(!(w & (QUOTA_OPEN | QUOTA_BUSY)));
		uses += quota_used(w) + quota_change(u, w);
	}
	return uses;
}

/* Nothing moves, but for those who leave a line. */
static int64_t repair(struct quota_map *map, uint32_t id)
{
	struct quota_pool *pool = quota_pool_at(map, id);
	uint64_t waiters = quota_queue_mend(map, id), s = quota_pool_load(pool);
	int64_t right = quota_number(&pool->limit) - uses_of_all(map, id);
	int64_t leak = right - quota_available(s);

	if (leak != 0 || quota_open_count(s) != 0 || quota_waiters(s) != waiters)
		while (!quota_pool_swap(
			pool, &s, (uint64_t)right * QUOTA_AVAIL_ONE + waiters * QUOTA_WAITER_ONE))
			continue;
	for (unsigned core = 0; core < map->cores; core++)
		quota_pool_mask_clear(pool, core);
	quota_pool_debt_end(pool);
	atomic_fetch_add_explicit(&pool->audits, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&pool->leak_repaired, (uint64_t)(leak < 0 ? -leak : leak),
				  memory_order_relaxed);
	return leak;
}

bool quota_audit_end(struct quota_map *map, int64_t *leak)
{
	struct quota_head *head = quota_head_at(map);
	uint64_t audit = quota_load(&head->audit);
	uint32_t id = (uint32_t)audit;
	bool is_ready = quota_audit_is_ready(map);

	must(is_running(audit));
	*leak = is_ready ? repair(map, id) : 0;
	if (is_ready)
		quota_trace_control(map, id, QUOTA_EVENT_AUDITED, *leak, 0);
	quota_chaos(&quota_pool_at(map, id)->mode, QUOTA_STEP_ADD);
	atomic_fetch_and_explicit(&quota_pool_at(map, id)->mode, ~QUOTA_FROZEN,
				  memory_order_acq_rel);
	quota_store(&head->audit, audit + ONE_AUDIT);
	quota_queue_thaw(map, id);
	return is_ready;
}

void quota_audit_forget(struct quota_map *map)
{
	uint64_t audit = quota_load(&quota_head_at(map)->audit);

	if (is_running(audit))
		quota_store(&quota_head_at(map)->audit, audit + ONE_AUDIT);
}
