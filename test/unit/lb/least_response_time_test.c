/* SPDX-License-Identifier: Apache-2.0
 * Promised: compares response times.
 */
#include "method.h"

static void follows_load(void **unused)
{
	(void)unused;
	method_follows_load(&lb_least_response_time, LB_LOAD_RESPONSE_TIME, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
