/* SPDX-License-Identifier: Apache-2.0
 * What cannot be asked is said in words; asking a real neighbour is test/flow/test_monitor_link.py.
 */
#include "os/neighbour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *find(const char *host)
{
	struct neighbour_link link;
	struct address target;

	must(address_parse(str_of(host), 80, &target));
	return neighbour_find(&target, &link);
}

static void test_find(void **state)
{
	(void)state;
	assert_string_equal(find("127.0.0.1"),
			    "the address is on an interface without hardware addresses");
	assert_string_equal(find("240.0.0.1"), "the address is not on a link of ours");
	assert_string_equal(find("2001:db8::1"), "the address is not on a link of ours");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
