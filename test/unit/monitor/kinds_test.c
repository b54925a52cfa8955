/* SPDX-License-Identifier: Apache-2.0
 * Every row is whole and is found by its name, in any case.
 */
#include "monitor/monitor.h"
#include "monitor/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_kinds(void **state)
{
	(void)state;
	for (const struct monitor_kind *const *kind = monitor_kinds; *kind != NULL; kind++) {
		assert_non_null((*kind)->help);
		assert_true((*kind)->start != NULL && (*kind)->ready != NULL);
		assert_ptr_equal(monitor_kind_of(str_of((*kind)->name)), *kind);
	}
	assert_ptr_equal(monitor_kind_of(STR("http")), &http_kind);
	assert_non_null(monitor_kind_of(STR("dns-tcp"))->protocol);
	assert_null(monitor_kind_of(STR("ORACLE-ECV")));
	assert_null(monitor_kind_of(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
