/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool has(const char *text, const char *host)
{
	struct network network;
	struct address address;

	assert_true(network_parse(str_of(text), &network));
	assert_true(address_parse(str_of(host), 4711, &address));
	return network_has(&network, &address);
}

static void test_has(void **state)
{
	(void)state;
	assert_true(has("10.0.0.0/8", "10.255.0.1"));
	assert_false(has("10.0.0.0/8", "11.0.0.1"));
	assert_true(has("10.128.0.0/9", "10.200.0.1"));
	assert_false(has("10.128.0.0/9", "10.100.0.1"));
	assert_true(has("192.0.2.7", "192.0.2.7"));
	assert_false(has("192.0.2.7", "192.0.2.6"));
	assert_true(has("0.0.0.0/0", "203.0.113.9"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("::1", "::1"));
}

static void test_families(void **state)
{
	(void)state;
	assert_false(has("0.0.0.0/0", "::1"));
	assert_false(has("::/0", "10.0.0.1"));
	assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
	assert_false(has("::/0", "::ffff:10.1.2.3"));
}

static void test_bad(void **state)
{
	static const char *const bad[] = { "",
					   "/8",
					   "10.0.0.0/",
					   "10.0.0.0/33",
					   "10.0.0.0/08",
					   "10.0.0.1/8",
					   "10.0.0.0/a",
					   "::/129",
					   "10.0.0.0/-1",
					   "name/8",
					   "::ffff:10.0.0.0/104" };
	struct network network;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(network_parse(str_of(bad[i]), &network));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
