/* SPDX-License-Identifier: Apache-2.0
 * The number of descriptors goes up to the hard limit, and down for those who want to run out.
 */
#include "os/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void test_descriptors(void **state)
{
	struct rlimit limit;
	int64_t most = limits_raise_descriptors();
	int fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(most > 0 && limit.rlim_cur == limit.rlim_max);
	assert_int_equal(limits_set_descriptors(3), 0);
	fd = dup(0);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, EMFILE);
	assert_int_equal(limits_raise_descriptors(), most);
	fd = dup(0);
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_descriptors) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
