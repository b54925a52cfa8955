/* SPDX-License-Identifier: Apache-2.0
 * What is said, heard in lines and searched does not depend on how it is cut.
 */
#include "hearing.h"

static struct hearing on;

static void test_say(void **state)
{
	static char much[TALK_SAY_MAX];

	(void)state;
	hearing_of(&on);
	on.ear.talk.say_length = 0;
	assert_true(talk_say(&on.ear.talk, "ab", 2));
	assert_true(talk_print(&on.ear.talk, "%d", 7));
	assert_int_equal(on.ear.talk.say_length, 3);
	assert_false(talk_say(&on.ear.talk, much, sizeof(much)));
	assert_false(talk_print(&on.ear.talk, "%8192d", 1));
	assert_int_equal(on.ear.talk.say_length, 3);
}

static void test_line(void **state)
{
	size_t used = 0;
	struct str line;

	(void)state;
	assert_true(talk_line("a\r\nb\n\nc", 7, &used, &line));
	assert_true(str_equal(line, STR("a")));
	assert_true(talk_line("a\r\nb\n\nc", 7, &used, &line));
	assert_true(str_equal(line, STR("b")));
	assert_true(talk_line("a\r\nb\n\nc", 7, &used, &line));
	assert_int_equal(line.length, 0);
	assert_false(talk_line("a\r\nb\n\nc", 7, &used, &line));
	assert_int_equal(used, 6);
}

static void test_plain(void **state)
{
	(void)state;
	assert_string_equal(talk_plain(STR("a\x01\xff z")), "a.. z");
	assert_int_equal(strlen(talk_plain(STR("01234567890123456789012345678901234567890123456789"
					       "01234567890123456789"))),
			 60);
}

static void test_search(void **state)
{
	size_t used = 0;

	(void)state;
	hearing_of(&on);
	on.ear.talk.conf = &on.conf;
	assert_true(talk_search(&on.ear.talk, "", 0, &used));
	hearing_set(&on, MONITOR_TEXT_RECV, "ready");
	assert_false(talk_search(&on.ear.talk, "not rea", 7, &used));
	assert_int_equal(used, 3);
	assert_true(talk_search(&on.ear.talk, " ready", 6, &used));
}

static void test_tell(void **state)
{
	(void)state;
	assert_true(talk_tell(&on.ear.talk, STR("nothing of ours")));
	assert_true(talk_tell(&on.ear.talk, STR("drain")));
	assert_false(talk_tell(&on.ear.talk, STR(" maint ")));
	assert_string_equal(on.ear.talk.text, "the server says maint");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_say),   cmocka_unit_test(test_line),
		cmocka_unit_test(test_plain), cmocka_unit_test(test_search),
		cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
