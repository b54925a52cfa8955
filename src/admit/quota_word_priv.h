/* SPDX-License-Identifier: Apache-2.0
 * quota_word_priv.h - the packed words of a quota pool and the operations on them.
 *
 * Three words decide everything (why that is enough stands at the top of quota.c):
 *
 *   W  one per pool and engine:  used:28 | idle:28 | OPEN | BUSY | GENERATION
 *   U  one per pool and engine:  change:62 (signed) | generation:1 | INTENT:1
 *   S  one per pool:             open:10 | waiters:18 | available:36 (signed)
 *
 * W is the engine's stash. OPEN: it may hold idle uses, and other engines may take them. BUSY: its
 * owner is moving uses and nobody else may touch it. A stash that is not OPEN is sealed: its W is
 * not written at all, and the owner counts in U what its uses have changed since; U counts only
 * while its generation is that of W, so that one store of W reopens.
 */
#pragma once

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUOTA_FIELD      (((uint64_t)1 << 28) - 1)
#define QUOTA_USED_ONE   ((uint64_t)1)
#define QUOTA_IDLE_ONE   ((uint64_t)1 << 28)
#define QUOTA_OPEN       ((uint64_t)1 << 56)
#define QUOTA_BUSY       ((uint64_t)1 << 57)
#define QUOTA_GEN        ((uint64_t)1 << 58)
#define QUOTA_INTENT     ((uint64_t)1)
#define QUOTA_OPEN_ONE   ((uint64_t)1)
#define QUOTA_WAITER_ONE ((uint64_t)1 << 10)
#define QUOTA_AVAIL_ONE  ((uint64_t)1 << 28)

/* Fields of W. */
static inline int64_t quota_used(uint64_t w)
{
	return (int64_t)(w & QUOTA_FIELD);
}

static inline int64_t quota_idle(uint64_t w)
{
	return (int64_t)(w >> 28 & QUOTA_FIELD);
}

static inline uint64_t quota_sealed(uint64_t w)
{
	return w & ~(QUOTA_OPEN | QUOTA_FIELD << 28);
}

static inline bool quota_is_takeable(uint64_t w)
{
	return (w & (QUOTA_OPEN | QUOTA_BUSY)) == QUOTA_OPEN;
}

static inline uint64_t quota_reopened(uint64_t w, int64_t used, int64_t idle)
{
	return (uint64_t)used | (uint64_t)idle << 28 | QUOTA_OPEN | ((w ^ QUOTA_GEN) & QUOTA_GEN);
}

/* Fields of U. */
static inline uint64_t quota_change_make(int64_t change, uint64_t w, uint64_t intent)
{
	return (uint64_t)change << 2 | (w & QUOTA_GEN ? 2 : 0) | intent;
}

static inline int64_t quota_change(uint64_t u, uint64_t w)
{
	bool is_of_w = (u >> 1 & 1) == (w & QUOTA_GEN ? 1 : 0);

	return is_of_w && !(w & QUOTA_OPEN) ? (int64_t)u >> 2 : 0;
}

/* Fields of S. */
static inline unsigned quota_open_count(uint64_t s)
{
	return (unsigned)(s & 1023);
}

static inline uint64_t quota_waiters(uint64_t s)
{
	return s >> 10 & ((1 << 18) - 1);
}

static inline int64_t quota_available(uint64_t s)
{
	return (int64_t)s >> 28;
}

/* What is about to be done to a shared word. */
enum quota_step {
	QUOTA_STEP_LOAD,
	QUOTA_STEP_STORE,
	QUOTA_STEP_SWAP, /* a compare-and-swap, whether it succeeds or not */
	QUOTA_STEP_ADD,  /* any other step that reads and writes in one */
	QUOTA_STEP_WAIT  /* nothing: somebody else has to move first; no word */
};

/* What whoever asks may take: while somebody waits, nothing. */
static inline int64_t quota_takeable(uint64_t s)
{
	return quota_waiters(s) == 0 ? quota_available(s) : 0;
}

/* A test that is built with QUOTA_CHAOS sees every operation on a shared word here, before it is
 * done: it may yield to widen a window, count, simulate what the word's line costs, or never come
 * back, which is how an engine dies. Not seen: the settings of a pool that engines only read. */
#ifdef QUOTA_CHAOS
void quota_chaos(const volatile void *word, enum quota_step step);
#else
static inline void quota_chaos(const volatile void *word, enum quota_step step)
{
	(void)word;
	(void)step;
}
#endif

/* While another one finishes what it is doing at this moment. */
static inline void quota_pause(void)
{
#if defined(QUOTA_CHAOS)
	quota_chaos(NULL, QUOTA_STEP_WAIT);
#elif defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* The same, when it may wait for this very processor. */
static inline void quota_yield(void)
{
#if defined(QUOTA_CHAOS)
	quota_chaos(NULL, QUOTA_STEP_WAIT);
#else
	sched_yield();
#endif
}

/* W, U, the mask and the mode: acquire pairs with release of the word's last writer. */
static inline uint64_t quota_load(const _Atomic uint64_t *word)
{
	quota_chaos(word, QUOTA_STEP_LOAD);
	return atomic_load_explicit(word, memory_order_acquire);
}

static inline void quota_store(_Atomic uint64_t *word, uint64_t value)
{
	quota_chaos(word, QUOTA_STEP_STORE);
	atomic_store_explicit(word, value, memory_order_release);
}

static inline bool quota_swap(_Atomic uint64_t *word, uint64_t *seen, uint64_t value)
{
	quota_chaos(word, QUOTA_STEP_SWAP);
	return atomic_compare_exchange_strong_explicit(word, seen, value, memory_order_acq_rel,
						       memory_order_acquire);
}
