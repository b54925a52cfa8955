/* SPDX-License-Identifier: Apache-2.0
 * Promised: compares bytes; a service of three times the weight moves three times as many.
 */
#include "method.h"

static void follows_load(void **unused)
{
	(void)unused;
	method_follows_load(&lb_least_bandwidth, LB_LOAD_BYTES, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
