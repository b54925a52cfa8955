/* SPDX-License-Identifier: Apache-2.0 */
#include "config/networks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct network networks[NETWORKS_MAX];
static struct str bad;

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(networks_parse(STR(""), networks, &bad), 0);
	assert_int_equal(networks_parse(STR("10.0.0.0/8 ::1 192.0.2.1"), networks, &bad), 3);
	assert_int_equal(networks[0].bits, 8);
	assert_int_equal(networks[1].bits, 128);
	assert_int_equal(networks[2].bits, 32);
}

static void test_bad(void **state)
{
	(void)state;
	assert_int_equal(networks_parse(STR("10.0.0.0/8 10.0.0.1/8 ::1"), networks, &bad), -1);
	assert_true(str_equal(bad, STR("10.0.0.1/8")));
}

static void test_too_many(void **state)
{
	char list[(NETWORKS_MAX + 1) * 4];

	(void)state;
	for (size_t at = 0; at < sizeof(list); at += 4)
		memcpy(&list[at], "::1 ", 4);
	assert_int_equal(networks_parse((struct str){ list, NETWORKS_MAX * 4 - 1 }, networks, &bad),
			 NETWORKS_MAX);
	assert_int_equal(networks_parse((struct str){ list, sizeof(list) - 1 }, networks, &bad),
			 -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
