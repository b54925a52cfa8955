/* SPDX-License-Identifier: Apache-2.0
 * A program's exit status decides, its first line is the text, and time kills it.
 */
#include "asking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop loop;

static struct asking ask(const char *path, const char *args, uint32_t timeout_ms)
{
	struct monitor_conf conf = monitor_conf_default();
	struct address target;
	static struct asking asking;

	must(address_parse(STR("127.0.0.1"), 81, &target));
	conf.response_timeout_ms = timeout_ms;
	conf.texts[MONITOR_TEXT_SCRIPT_NAME] = str_of(path);
	conf.texts[MONITOR_TEXT_SCRIPT_ARGS] = str_of(args);
	asking_run(&asking, &loop, &user_kind, &conf, &target, STR(""));
	return asking;
}

static void test_status(void **state)
{
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	asking = ask("/bin/echo", "maxconn:30", 20000);
	assert_true(asking.is_good);
	assert_string_equal(asking.text, "exit status 0: 127.0.0.1 81 maxconn:30");
	assert_int_equal(asking.probe.capacity.most, 30);
	asking = ask("/bin/false", "", 20000);
	assert_false(asking.is_good);
	assert_string_equal(asking.text, "exit status 1");
	assert_string_equal(ask("/nowhere/x", "", 20000).text, "exit status 127");
	assert_string_equal(ask("x", "", 20000).text, "-scriptName is no path that begins with /");
	loop_fini(&loop);
}

static void test_time(void **state)
{
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	asking = ask("/usr/bin/yes", "", 50);
	assert_string_equal(asking.text, "no answer within 50 ms");
	assert_int_equal(asking.probe.program.id, 0);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
