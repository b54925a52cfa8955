/* SPDX-License-Identifier: Apache-2.0
 * The own host answers an echo in both families, where the system lets us ask at all; when it does
 * not, the probe fails in words.
 */
#include "asking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop loop;

static void ping(const char *host)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking;
	struct address target;

	must(loop_init(&loop) == 0);
	must(address_parse(str_of(host), 80, &target));
	asking_run(&asking, &loop, &ping_kind, &conf, &target, STR(""));
	loop_fini(&loop);
	if (asking.is_good) {
		assert_string_equal(asking.text, "echo answered");
		return;
	}
	print_message("%s: %s\n", host, asking.text);
	assert_true(strlen(asking.text) > 0);
	if (strcmp(asking.text, "not permitted") == 0 ||
	    strcmp(asking.text, "address not available") == 0)
		skip();
	fail_msg("no echo");
}

static void test_v4(void **state)
{
	(void)state;
	ping("127.0.0.1");
}

static void test_v6(void **state)
{
	(void)state;
	ping("::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
