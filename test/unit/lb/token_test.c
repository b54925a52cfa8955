/* SPDX-License-Identifier: Apache-2.0
 * Promised: the text decides.
 */
#include "method.h"

static void follows_key(void **unused)
{
	(void)unused;
	method_follows_key(&lb_token, LB_KEY_TOKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
