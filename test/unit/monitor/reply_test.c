/* SPDX-License-Identifier: Apache-2.0
 * Replies over several lines, and what is none.
 */
#include "monitor/reply.h"

#include "hearing.h"

static enum reply_result read_all(const char *text, struct reply *reply, size_t *used)
{
	*used = 0;
	return reply_read(text, strlen(text), used, reply);
}

static void test_reply(void **state)
{
	struct reply reply;
	size_t used;

	(void)state;
	assert_int_equal(read_all("220 hi\r\nmore", &reply, &used), REPLY_WHOLE);
	assert_int_equal(reply.code, 220);
	assert_int_equal(used, 8);
	assert_int_equal(read_all("220-a\r\nany text\r\n230 b\r\n", &reply, &used), REPLY_WHOLE);
	assert_int_equal(reply.code, 230);
	assert_int_equal(read_all("220-a\r\n220-b\r\n", &reply, &used), REPLY_MORE);
	assert_int_equal(used, 0);
	assert_int_equal(read_all("250\r\n", &reply, &used), REPLY_WHOLE);
	assert_int_equal(read_all("hello\r\n", &reply, &used), REPLY_BROKEN);
	assert_int_equal(read_all("25", &reply, &used), REPLY_MORE);
}

static void test_words(void **state)
{
	static struct hearing on;
	struct reply reply = { 530, STR("530 no\x01") };
	static char line[REPLY_LINE_MAX + 1];
	size_t used = 0;

	(void)state;
	assert_int_equal(reply_refuse(&on.ear.talk, &reply, "230"), TALK_BAD);
	assert_string_equal(on.ear.talk.text, "the server says \"530 no.\", expected 230");
	assert_int_equal(reply_wait(&on.ear.talk, REPLY_MORE), TALK_MORE);
	assert_int_equal(reply_wait(&on.ear.talk, REPLY_BROKEN), TALK_BAD);
	assert_int_equal(reply_read(line, sizeof(line), &used, &reply), REPLY_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
