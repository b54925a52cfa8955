/* SPDX-License-Identifier: Apache-2.0
 * Promised: without memory the reserve pays for what has begun, and says that it is gone until
 * there is memory again.
 */
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { RESERVE = 8 << 20 };

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static void set_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* Of address space. */
static rlim_t bytes_now(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void gives_zeroes_and_more(void **state)
{
	char *memory = heap_zeroed(10, 10);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(memory[i], 0);
	memory[99] = 'x';
	memory = heap_resized(memory, 1000);
	assert_int_equal(memory[99], 'x');
	free(memory);
}

static void the_reserve_pays_for_the_last(void **state)
{
	char *memory;

	(void)state;
	if (IS_SANITIZED)
		skip(); /* it has memory of its own */
	assert_true(heap_has_reserve(RESERVE));
	assert_true(heap_has_room(2 * RESERVE)); /* that is what the reserve is for */
	set_limit(bytes_now());
	while (malloc(64) != NULL)
		continue;
	memory = heap_zeroed(1, 1 << 18);
	assert_false(heap_has_reserve(RESERVE));
	memory = heap_resized(memory, 1 << 19);
	assert_false(heap_has_room(RESERVE));
	set_limit(RLIM_INFINITY);
	assert_true(heap_has_room(RESERVE));
	assert_true(heap_has_reserve(RESERVE));
	free(memory);
	heap_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroes_and_more),
		cmocka_unit_test(the_reserve_pays_for_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
