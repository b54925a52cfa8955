/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_priv.h"

/* S: sequentially consistent, loads too. With less, an engine may decide "full" on a value of S
 * that is older than a release it already knows of. */
uint64_t quota_pool_load(const struct quota_pool *pool)
{
	quota_chaos(&pool->s, QUOTA_STEP_LOAD);
	return atomic_load_explicit(&pool->s, memory_order_seq_cst);
}

bool quota_pool_swap(struct quota_pool *pool, uint64_t *seen, uint64_t value)
{
	quota_chaos(&pool->s, QUOTA_STEP_SWAP);
	return atomic_compare_exchange_strong_explicit(&pool->s, seen, value, memory_order_seq_cst,
						       memory_order_seq_cst);
}

/* Before the limit falls LOWERING is set, with a new count of
 * changes, and it goes when S has fallen; so a successful swap says that S did not fall since
 * `mode` was read, and taking never makes a debt. Sequentially consistent: control clears LOWERING
 * and then looks at S, an engine changes S and then looks at LOWERING; one of them sees the end. */
void quota_pool_debt_end(struct quota_pool *pool)
{
	uint64_t mode;

	quota_chaos(&pool->mode, QUOTA_STEP_LOAD);
	mode = atomic_load_explicit(&pool->mode, memory_order_seq_cst);
	while ((mode & (QUOTA_DEBT | QUOTA_LOWERING)) == QUOTA_DEBT &&
	       quota_available(quota_pool_load(pool)) >= 0)
		if (quota_swap(&pool->mode, &mode, mode & ~QUOTA_DEBT))
			return;
}

uint64_t quota_pool_add(struct quota_pool *pool, int64_t uses, int open)
{
	uint64_t more = (uint64_t)uses * QUOTA_AVAIL_ONE + (uint64_t)(int64_t)open;
	uint64_t before;

	quota_chaos(&pool->s, QUOTA_STEP_ADD);
	before = atomic_fetch_add_explicit(&pool->s, more, memory_order_seq_cst);
	if (UNLIKELY(quota_available(before) < 0 && quota_available(before) + uses >= 0))
		quota_pool_debt_end(pool);
	return before;
}

void quota_pool_mask_set(struct quota_pool *pool, unsigned core)
{
	quota_chaos(&pool->open_mask[core / 64], QUOTA_STEP_ADD);
	atomic_fetch_or_explicit(&pool->open_mask[core / 64], (uint64_t)1 << core % 64,
				 memory_order_acq_rel);
}

void quota_pool_mask_clear(struct quota_pool *pool, unsigned core)
{
	quota_chaos(&pool->open_mask[core / 64], QUOTA_STEP_ADD);
	atomic_fetch_and_explicit(&pool->open_mask[core / 64], ~((uint64_t)1 << core % 64),
				  memory_order_acq_rel);
}

/* The engine leaves S.open by the same step that brings its uses. */
struct quota_sealing quota_pool_seal(struct quota_pool *pool, _Atomic uint64_t *stash,
				     unsigned core)
{
	struct quota_sealing sealing = { 0 };
	uint64_t w = quota_load(stash);

	while (w & QUOTA_OPEN) {
		if (w & QUOTA_BUSY) {
			sealing.is_busy = true;
			break;
		}
		sealing.swaps++;
		if (!quota_swap(stash, &w, quota_sealed(w)))
			continue;
		sealing.was_open = true;
		sealing.got = quota_idle(w);
		quota_pool_mask_clear(pool, core);
		(void)quota_pool_add(pool, sealing.got, -1); /* it was open: nobody waits */
		break;
	}
	return sealing;
}
