/* SPDX-License-Identifier: Apache-2.0
 * The defaults are those of the command reference.
 */
#include "model/monitor_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_default(void **state)
{
	struct monitor_conf conf = monitor_conf_default();

	(void)state;
	assert_true(conf.is_enabled && !conf.is_reverse && !conf.has_destination);
	assert_int_equal(conf.interval_ms, 5000);
	assert_int_equal(conf.response_timeout_ms, 2000);
	assert_int_equal(conf.down_time_ms, 30000);
	assert_int_equal(conf.retries, 3);
	assert_int_equal(conf.failure_retries, 0);
	assert_int_equal(conf.success_retries, 1);
	assert_true(str_equal(conf.http_request, STR("HEAD /")));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_default) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
