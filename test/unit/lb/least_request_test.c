/* SPDX-License-Identifier: Apache-2.0
 * Promised: compares requests; a service of three times the weight gets three times as many.
 */
#include "method.h"

static void follows_load(void **unused)
{
	(void)unused;
	method_follows_load(&lb_least_request, LB_LOAD_USES, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
