/* SPDX-License-Identifier: Apache-2.0
 * Promised: addresses and subnets of both families are read and compared; IPv4 never is in a
 * subnet of IPv6.
 */
#include "policy/datum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static bool is_in(const char *address, const char *subnet)
{
	struct datum_address one, many;

	assert_true(datum_address_parse(str_of(address), &one));
	assert_true(datum_subnet_parse(str_of(subnet), &many));
	return datum_is_in(&one, &many);
}

static void test_subnets(void **state)
{
	(void)state;
	assert_true(is_in("10.1.2.3", "10.0.0.0/8"));
	assert_false(is_in("11.1.2.3", "10.0.0.0/8"));
	assert_true(is_in("10.127.255.255", "10.64.0.0/10"));
	assert_false(is_in("10.128.0.0", "10.64.0.0/10"));
	assert_true(is_in("1.2.3.4", "1.2.3.4"));
	assert_true(is_in("1.2.3.4", "1.2.3.4/32"));
	assert_false(is_in("1.2.3.5", "1.2.3.4/32"));
	assert_true(is_in("1.2.3.4", "0.0.0.0/0"));
	assert_true(is_in("10.1.2.3", "10.9.9.9/8")); /* bits behind the length */
	assert_true(is_in("2001:db8::1", "2001:db8::/32"));
	assert_false(is_in("2001:db9::1", "2001:db8::/32"));
	assert_true(is_in("2001:db8::1", "::/0"));
	assert_true(is_in("2001:db8:8000::1", "2001:db8:8000::/33"));
	assert_false(is_in("2001:db8::1", "2001:db8:8000::/33"));
	assert_false(is_in("1.2.3.4", "::/0"));
	assert_false(is_in("::1", "0.0.0.0/0"));
}

static void test_bad(void **state)
{
	static const char *const bad[] = { "",
					   "/",
					   "10.0.0.0/33",
					   "10.0.0.0/",
					   "10.0.0/8",
					   "10.0.0.0/-1",
					   "::/129",
					   "10.0.0.0/8/8",
					   "10.0.0.0/8 ",
					   "a" };
	struct datum_address one;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(datum_subnet_parse(str_of(bad[i]), &one));
	assert_false(datum_address_parse(STR("10.0.0.0/8"), &one));
}

static void test_sockets(void **state)
{
	struct address address;
	struct datum_address one, two;

	(void)state;
	assert_true(address_parse(STR("::ffff:10.0.0.1"), 80, &address));
	one = datum_address_of(&address);
	assert_true(datum_address_parse(STR("10.0.0.1"), &two));
	assert_memory_equal(one.bytes, two.bytes, 16);
	assert_true(datum_is_in(&one, &two));
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
		cmocka_unit_test(test_subnets),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
