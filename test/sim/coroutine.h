/* SPDX-License-Identifier: Apache-2.0
 * coroutine.h - several stacks on one thread: a simulated engine runs until it yields.
 *
 * Switching is symmetric: whoever runs names who goes on. A coroutine that is never resumed is
 * abandoned: what was on its stack is lost, as with a thread that died.
 *
 * A context begins with makecontext(); from then on it is left and entered with _setjmp and
 * _longjmp, which need no system call. The address sanitizer is told where the stack goes.
 */
#pragma once

#include "base/check.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COROUTINE_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#endif

enum { COROUTINE_STACK = 1 << 17 };

/* Owner: the test. */
struct coroutine {
	ucontext_t start;
	jmp_buf at;
	char *stack; /* owned; NULL: the thread's own, or none yet. Zeroed at first */
	bool has_begun;
	const void *bottom;
	size_t bytes;
};

/* The caller itself, on its own stack. Zeroed storage. */
static inline void coroutine_adopt(struct coroutine *self)
{
	*self = (struct coroutine){ .has_begun = true };
}

/* `run` must never return. A coroutine that was used before begins anew on its stack. */
static inline void coroutine_init(struct coroutine *coroutine, void (*run)(void))
{
	if (coroutine->stack == NULL)
		coroutine->stack = mmap(NULL, COROUTINE_STACK, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(coroutine->stack != MAP_FAILED);
	coroutine->bottom = coroutine->stack;
	coroutine->bytes = COROUTINE_STACK;
	coroutine->has_begun = false;
#ifdef COROUTINE_ASAN
	__asan_unpoison_memory_region(coroutine->stack, COROUTINE_STACK);
#endif
	must(getcontext(&coroutine->start) == 0);
	coroutine->start.uc_stack.ss_sp = coroutine->stack;
	coroutine->start.uc_stack.ss_size = COROUTINE_STACK;
	makecontext(&coroutine->start, run, 0);
}

static inline void coroutine_fini(struct coroutine *coroutine)
{
	if (coroutine->stack != NULL)
		munmap(coroutine->stack, COROUTINE_STACK);
	coroutine->stack = NULL;
}

#ifdef COROUTINE_ASAN
static struct coroutine *coroutine_left; /* to learn where the thread's own stack is */

static inline void coroutine_arrived(void *fake)
{
	const void *bottom;
	size_t bytes;

	__sanitizer_finish_switch_fiber(fake, &bottom, &bytes);
	if (coroutine_left->stack == NULL) {
		coroutine_left->bottom = bottom;
		coroutine_left->bytes = bytes;
	}
}
#endif

/* First thing that a coroutine does. */
static inline void coroutine_begin(void)
{
#ifdef COROUTINE_ASAN
	coroutine_arrived(NULL);
#endif
}

static inline void coroutine_switch(struct coroutine *from, struct coroutine *to)
{
#ifdef COROUTINE_ASAN
	void *fake = NULL;

	coroutine_left = from;
	__sanitizer_start_switch_fiber(&fake, to->bottom, to->bytes);
#endif
	if (_setjmp(from->at) == 0) {
		if (to->has_begun)
			_longjmp(to->at, 1);
		to->has_begun = true;
		setcontext(&to->start);
		must(false);
	}
#ifdef COROUTINE_ASAN
	coroutine_arrived(fake);
#endif
}
