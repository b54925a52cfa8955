/* SPDX-License-Identifier: Apache-2.0
 * Without memory an operator is told so, for a change and for an answer; with it again, not.
 */
#include "control/memory.h"

#include "base/heap.h"
#include "stage.h"

#include <sys/resource.h>

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static void limit_memory(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void it_is_said(void **state)
{
	struct stage *stage = stage_run("add service a 127.0.0.1 TCP 1 -healthMonitor NO\n");
	const struct control *control = stage->control;

	(void)state;
	assert_true(memory_for_change(control));
	assert_true(memory_for_answer(control)); /* of the reserve */
	heap_fini();
	if (!IS_SANITIZED) {
		limit_memory(0);
		assert_false(memory_for_change(control));
		assert_int_equal(stage_do(stage, "set service a -maxClient 5"), 1);
		limit_memory(RLIM_INFINITY);
	}
	memory_keep(control);
	assert_true(memory_for_answer(control));
	assert_int_equal(stage_do(stage, "set service a -maxClient 5"), 0);
	stage_close(stage);
	heap_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_said) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
