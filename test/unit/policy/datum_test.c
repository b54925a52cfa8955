/* SPDX-License-Identifier: Apache-2.0
 * Promised: a client's address is compared without its port, mapped or not; states have names.
 */
#include "policy/datum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_clients(void **state)
{
	struct address mapped, plain, made;

	(void)state;
	assert_true(address_parse(STR("::ffff:10.0.0.1"), 80, &mapped));
	assert_true(address_parse(STR("10.0.0.1"), 0, &plain));
	made = datum_address(&mapped);
	assert_true(address_equal(&made, &plain));
	address_set_port(&plain, 99);
	made = datum_address(&plain);
	assert_int_equal(address_port(&made), 0);
	assert_true(address_parse(STR("2001:db8::1"), 5, &plain));
	made = datum_address(&plain);
	address_set_port(&made, 5);
	assert_true(address_equal(&made, &plain));
}

static void test_states(void **state)
{
	int64_t number;

	(void)state;
	for (int i = 0; i < DATUM_STATES; i++) {
		assert_true(datum_state_parse(str_of(datum_state_name(i)), &number));
		assert_int_equal(number, i);
	}
	assert_true(datum_state_parse(STR("out_of_service"), &number));
	assert_false(datum_state_parse(STR("UPP"), &number));
	assert_string_equal(datum_state_name(77), "?");
	for (int i = 0; i < DATUM_TYPES; i++)
		assert_non_null(datum_type_name((enum datum_type)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
