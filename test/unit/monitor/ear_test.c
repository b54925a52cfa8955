/* SPDX-License-Identifier: Apache-2.0
 * What a server sends is bounded, in pieces and whole, and silence at the end is an end.
 */
#include "monitor/ear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ear ear;
static struct monitor_conf conf;

/* A protocol that uses all, or nothing, of what it hears. */
static bool uses_all;

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	(void)is_over;
	if (length > 0 && heard[0] == '!')
		return talk_good(talk, "shouted");
	*used = uses_all ? length : 0;
	return TALK_MORE;
}

static const struct talk_protocol stream = { .turn = turn };
static const struct talk_protocol datagram = { .is_datagram = true, .turn = turn };

static void begin(const struct talk_protocol *protocol, bool all)
{
	uses_all = all;
	conf = monitor_conf_default();
	ear_init(&ear, protocol, &conf);
	assert_int_equal(ear_hear(&ear, 0, false), TALK_MORE);
}

/* How many bytes of `x` are taken until there is no more room. */
static size_t pour(size_t piece)
{
	size_t sum = 0, room;
	char *to;

	while ((room = ear_room(&ear, &to)) > 0) {
		size_t count = room < piece ? room : piece;

		memset(to, 'x', count);
		assert_int_equal(ear_hear(&ear, count, false), TALK_MORE);
		sum += count;
	}
	assert_string_equal(ear.talk.text, "the answer is too long");
	return sum;
}

static void test_unused_is_bounded(void **state)
{
	(void)state;
	begin(&stream, false);
	assert_int_equal(pour(1), TALK_HEARD_MAX);
	begin(&stream, false);
	assert_int_equal(pour(1000), TALK_HEARD_MAX);
}

static void test_endless_is_bounded(void **state)
{
	(void)state;
	begin(&stream, true);
	assert_in_range(pour(TALK_HEARD_MAX), TALK_TOTAL_MAX, TALK_TOTAL_MAX + TALK_HEARD_MAX);
}

static void test_end(void **state)
{
	(void)state;
	begin(&stream, false);
	assert_int_equal(ear_hear(&ear, 0, true), TALK_BAD);
	assert_string_equal(ear.talk.text, "connection closed before the answer was whole");
}

static void test_each_datagram_alone(void **state)
{
	char *to;

	(void)state;
	begin(&datagram, false);
	assert_int_equal(ear_room(&ear, &to), TALK_HEARD_MAX);
	*to = 'x';
	assert_int_equal(ear_hear(&ear, 1, false), TALK_MORE);
	assert_int_equal(ear_room(&ear, &to), TALK_HEARD_MAX);
	*to = '!';
	assert_int_equal(ear_hear(&ear, 1, false), TALK_GOOD);
	assert_string_equal(ear.talk.text, "shouted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unused_is_bounded),
		cmocka_unit_test(test_endless_is_bounded),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_each_datagram_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
