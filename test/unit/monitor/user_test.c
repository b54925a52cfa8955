/* SPDX-License-Identifier: Apache-2.0
 * A program's exit status decides, its first line is the text, and time kills it.
 */
#include "asking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
	assert_false(asking.probe.capacity.is_told); /* not when there are other words, too */
	asking = ask("/bin/false", "", 20000);
	assert_false(asking.is_good);
	assert_string_equal(asking.text, "exit status 1");
	assert_string_equal(ask("/nowhere/x", "", 20000).text,
			    "exit status 127: No such file or directory");
	assert_string_equal(ask("x", "", 20000).text, "-scriptName is no path that begins with /");
	loop_fini(&loop);
}

/* What a program prints that says `line`. */
static struct asking ask_who_says(const char *line)
{
	char path[] = "/tmp/user_test.XXXXXX";
	struct asking asking;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\necho '%s'\n", line) > 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	asking = ask(path, "", 20000);
	unlink(path);
	return asking;
}

static void test_capacity(void **state)
{
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	asking = ask_who_says("up, maxconn:30");
	assert_true(asking.is_good);
	assert_int_equal(asking.probe.capacity.most, 30);
	assert_false(ask_who_says("down").is_good);
	asking = ask_who_says("30");
	assert_true(asking.is_good);
	assert_false(asking.probe.capacity.is_told);
	loop_fini(&loop);
}

static void test_time(void **state)
{
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	asking = ask("/usr/bin/yes", "", 50);
	assert_string_equal(asking.text, "no answer within 50 ms");
	assert_int_equal(asking.probe.program.output, -1);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
