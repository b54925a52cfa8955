/* SPDX-License-Identifier: Apache-2.0
 * Packets arrive whole, with their descriptor; what has another length ends the conversation.
 */
#include "os/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void packets_and_descriptors(void **state)
{
	int ends[2], tube[2], passed, number = 7;
	char byte = 0;

	(void)state;
	assert_int_equal(channel_open(ends), 0);
	assert_int_equal(pipe(tube), 0);
	assert_int_equal(channel_receive(ends[1], &number, sizeof(number), &passed), CHANNEL_NONE);
	assert_int_equal(channel_send(ends[0], &number, sizeof(number), -1), 0);
	number = 8;
	assert_int_equal(channel_send(ends[0], &number, sizeof(number), tube[1]), 0);
	close(tube[1]);
	assert_int_equal(channel_receive(ends[1], &number, sizeof(number), &passed), CHANNEL_GOT);
	assert_int_equal(number, 7);
	assert_int_equal(passed, -1);
	assert_int_equal(channel_receive(ends[1], &number, sizeof(number), &passed), CHANNEL_GOT);
	assert_int_equal(number, 8);
	assert_int_equal(write(passed, "x", 1), 1);
	assert_int_equal(read(tube[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(passed);
	close(tube[0]);
	close(ends[0]);
	assert_int_equal(channel_receive(ends[1], &number, sizeof(number), &passed), CHANNEL_OVER);
	close(ends[1]);
}

static void wrong_length_is_the_end(void **state)
{
	int ends[2], passed, number;

	(void)state;
	assert_int_equal(channel_open(ends), 0);
	assert_int_equal(channel_send(ends[0], "12345678", 8, -1), 0);
	assert_int_equal(channel_receive(ends[1], &number, sizeof(number), &passed), CHANNEL_OVER);
	assert_int_equal(channel_send(ends[0], "1", 1, ends[0]), 0);
	assert_int_equal(channel_receive(ends[1], &number, sizeof(number), &passed), CHANNEL_OVER);
	assert_int_equal(passed, -1);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_and_descriptors),
		cmocka_unit_test(wrong_length_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
