/* SPDX-License-Identifier: Apache-2.0
 * The ring keeps order over the end of its indices, says when it is full, and wakes only a sleeper.
 * (What two threads do to it is shown by test/race/mailbox_race.c.)
 */
#include "engine/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct message numbered(uint64_t number)
{
	return (struct message){ .kind = MESSAGE_SPILL, .number = number };
}

static void test_full_and_order(void **state)
{
	struct mailbox mailbox;
	struct message message;

	(void)state;
	assert_int_equal(mailbox_init(&mailbox, NULL), 0);
	/* Indices run over the end of 32 bits. */
	atomic_store(&mailbox.head, UINT32_MAX - 10);
	atomic_store(&mailbox.tail, UINT32_MAX - 10);
	mailbox.head_seen = mailbox.tail_seen = UINT32_MAX - 10;
	assert_false(mailbox_has_mail(&mailbox));
	assert_false(mailbox_take(&mailbox, &message));
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < MAILBOX_ROOM; i++)
			assert_true(mailbox_send(&mailbox, numbered(i)));
		assert_false(mailbox_send(&mailbox, numbered(0)));
		assert_true(mailbox_has_mail(&mailbox));
		for (uint64_t i = 0; i < MAILBOX_ROOM; i++) {
			assert_true(mailbox_take(&mailbox, &message));
			assert_int_equal(message.number, i);
		}
		assert_false(mailbox_take(&mailbox, &message));
	}
	mailbox_fini(&mailbox);
}

static bool was_woken(struct mailbox *mailbox)
{
	uint64_t count;

	return read(mailbox->wake_fd, &count, sizeof(count)) == sizeof(count);
}

static void test_wakes_only_a_sleeper(void **state)
{
	struct mailbox mailbox;
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(mailbox_init(&mailbox, &loop), 0);
	assert_true(mailbox_send(&mailbox, numbered(1)));
	assert_false(was_woken(&mailbox));
	atomic_store(&loop.is_asleep, true);
	assert_true(mailbox_send(&mailbox, numbered(2)));
	assert_true(was_woken(&mailbox));
	mailbox_fini(&mailbox);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_and_order),
		cmocka_unit_test(test_wakes_only_a_sleeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
