/* SPDX-License-Identifier: Apache-2.0
 * Addresses are read strictly, compare by what they mean, and print as they are written.
 */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_good(void **state)
{
	static const struct {
		const char *host, *printed, *host_printed;
		bool is_any;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1:80", "127.0.0.1", false },
		{ "0.0.0.0", "0.0.0.0:80", "0.0.0.0", true },
		{ "255.255.255.255", "255.255.255.255:80", "255.255.255.255", false },
		{ "::1", "[::1]:80", "::1", false },
		{ "::", "[::]:80", "::", true },
		{ "2001:DB8:0:0::1", "[2001:db8::1]:80", "2001:db8::1", false },
		{ "::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", false },
	};
	char text[ADDRESS_TEXT_MAX];
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(address_parse(str_of(rows[i].host), 80, &address));
		assert_int_equal(address_port(&address), 80);
		assert_string_equal(address_print(&address, text), rows[i].printed);
		assert_string_equal(address_print_host(&address, text), rows[i].host_printed);
		assert_int_equal(address_is_any(&address), rows[i].is_any);
	}
}

static void test_bad(void **state)
{
	static const struct str rows[] = {
		STR(""),
		STR("1.2.3"),
		STR("1.2.3.4.5"),
		STR("256.1.1.1"),
		STR("01.2.3.4 "),
		STR("localhost"),
		STR("[::1]"),
		STR("1::2::3"),
		STR("::1%lo"),
		STR("1.2.3.4\0"),
		STR("1.2.3.4:5"),
		STR("12345::"),
		STR("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"),
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(address_parse(rows[i], 80, &address));
}

static void test_equal(void **state)
{
	struct address a, b;

	(void)state;
	assert_true(address_parse(STR("::1"), 80, &a));
	assert_true(address_parse(STR("0::1"), 80, &b));
	assert_true(address_equal(&a, &b));
	assert_int_equal(address_length(&a), sizeof(struct sockaddr_in6));
	b.v6.sin6_flowinfo = 5; /* no part of the address */
	assert_true(address_equal(&a, &b));
	address_set_port(&b, 81);
	assert_false(address_equal(&a, &b));
	assert_true(address_parse(STR("127.0.0.1"), 81, &a));
	assert_false(address_equal(&a, &b));
	assert_int_equal(address_length(&a), sizeof(struct sockaddr_in));
	assert_true(address_parse(STR("127.0.0.2"), 81, &b));
	assert_false(address_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
