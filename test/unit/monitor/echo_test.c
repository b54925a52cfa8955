/* SPDX-License-Identifier: Apache-2.0
 * Many ask over one socket, each gets its own answer, and those that forget get none.
 */
#include "monitor/echo.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COUNT = 300 };

static struct loop loop;
static struct echo many[COUNT];
static unsigned answers;

static void answered(struct echo *echo)
{
	assert_false(echo->is_waiting);
	assert_in_range(echo - many, 0, COUNT - 1);
	assert_true((echo - many) % 3 != 0);
	answers++;
}

static void ask_many(const char *host)
{
	struct address to;

	must(address_parse(str_of(host), 80, &to));
	answers = 0;
	must(loop_init(&loop) == 0);
	for (int i = 0; i < COUNT; i++) {
		int err;

		many[i] = (struct echo){ .answered = answered };
		err = echo_ask(&many[i], &loop, &to);
		if (i == 0 && (err == -EPERM || err == -EACCES || err == -EADDRNOTAVAIL))
			skip();
		assert_int_equal(err, 0);
	}
	for (int i = 0; i < COUNT; i += 3)
		echo_forget(&many[i]);
	while (answers < COUNT - COUNT / 3)
		loop_turn(&loop);
	for (int i = 0; i < COUNT; i++)
		assert_false(many[i].is_waiting);
	echo_forget(&many[1]);
	loop_fini(&loop);
}

static void test_v4(void **state)
{
	(void)state;
	ask_many("127.0.0.1");
}

static void test_v6(void **state)
{
	(void)state;
	ask_many("::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
