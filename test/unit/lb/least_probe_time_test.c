/* SPDX-License-Identifier: Apache-2.0
 * Promised: compares response times of monitors.
 */
#include "method.h"

static void follows_load(void **unused)
{
	(void)unused;
	method_follows_load(&lb_least_probe_time, LB_LOAD_PROBE_TIME, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
