/* SPDX-License-Identifier: Apache-2.0
 * One line is one line, whatever is in it, and no byte of it can steer a terminal.
 */
#include "record/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];

static struct str read_back(char *to, size_t room)
{
	ssize_t length = read(ends[0], to, room);

	return (struct str){ to, length > 0 ? (size_t)length : 0 };
}

static int set_up(void **state)
{
	(void)state;
	if (pipe(ends) != 0)
		return -1;
	log_open(ends[1], LOG_LEVEL_INFO, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_open(STDERR_FILENO, LOG_LEVEL_INFO, NULL);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void test_lines(void **state)
{
	char line[LOG_LINE_MAX * 2];

	(void)state;
	log_write(LOG_LEVEL_DEBUG, "not asked for");
	log_write(LOG_LEVEL_WARNING, "service %s is %s", "a1", "down");
	assert_true(str_equal(read_back(line, sizeof(line)), STR("<4>service a1 is down\n")));
	log_write(LOG_LEVEL_ERROR, "%s", "x\n<0>forged \x1b[31m\r\t\x7f\x9b \\ \xc3\xa4");
	assert_true(str_equal(read_back(line, sizeof(line)),
			      STR("<3>x\\x0a<0>forged \\x1b[31m\\x0d\\x09\\x7f\\x9b \\x5c "
				  "\\xc3\\xa4\n")));
}

static void test_long(void **state)
{
	char line[LOG_LINE_MAX * 2], said[LOG_LINE_MAX * 2];
	struct str back;

	(void)state;
	for (int fill = 'x'; fill == 'x' || fill == '\n'; fill = fill == 'x' ? '\n' : 0) {
		memset(said, fill, sizeof(said) - 1);
		said[sizeof(said) - 1] = '\0';
		log_write(LOG_LEVEL_INFO, "%s", said);
		back = read_back(line, sizeof(line));
		assert_in_range(back.length, LOG_LINE_MAX - 16, LOG_LINE_MAX);
		assert_memory_equal(back.at + back.length - 4, "...\n", 4);
		assert_null(memchr(back.at, '\n', back.length - 1));
	}
}

static void test_escape_fits(void **state)
{
	char to[40];

	(void)state;
	for (size_t room = 8; room <= sizeof(to); room++) {
		for (size_t length = 0; length < 40; length++) {
			char from[40];
			size_t made;

			memset(from, length % 2 ? '\x01' : 'a', sizeof(from));
			made = log_escape((struct str){ from, length }, to, room);
			assert_true(made < room);
			assert_int_equal(strlen(to), made);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
		cmocka_unit_test(test_escape_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
