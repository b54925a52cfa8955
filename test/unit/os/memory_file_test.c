/* SPDX-License-Identifier: Apache-2.0
 * Text in a descriptor: read again and again, from the beginning.
 */
#include "os/memory_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void text_comes_back(void **state)
{
	struct text large = TEXT_EMPTY, read = TEXT_EMPTY;
	int fd;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		text_print(&large, "add service s%u\n", i);
	fd = memory_file_new(text_str(&large));
	assert_true(fd >= 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(memory_file_read(fd, &read), 0);
		assert_int_equal(read.length, large.length);
		assert_memory_equal(read.at, large.at, large.length);
		text_free(&read);
	}
	close(fd);
	text_free(&large);
	assert_true(memory_file_read(-1, &read) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(text_comes_back) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
