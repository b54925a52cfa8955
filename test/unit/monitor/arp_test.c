/* SPDX-License-Identifier: Apache-2.0
 * What cannot be asked fails in words; real neighbours are asked in test/flow/test_monitor_link.py.
 */
#include "asking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const struct monitor_kind *kind, const char *host, const char *text)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking;
	struct address target;
	struct loop loop;

	must(loop_init(&loop) == 0);
	must(address_parse(str_of(host), 80, &target));
	asking_run(&asking, &loop, kind, &conf, &target, STR(""));
	loop_fini(&loop);
	assert_false(asking.is_good);
	assert_string_equal(asking.text, text);
}

static void test_words(void **state)
{
	(void)state;
	expect(&arp_kind, "127.0.0.1", "the address is on an interface without hardware addresses");
	expect(&arp_kind, "::1", "ARP is for addresses of IPv4");
	expect(&nd6_kind, "127.0.0.1", "ND6 is for addresses of IPv6");
	expect(&nd6_kind, "2001:db8::1", "the address is not on a link of ours");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
