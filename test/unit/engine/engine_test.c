/* SPDX-License-Identifier: Apache-2.0
 * An engine begins, receives in order, answers, loses nothing when control is slow, and ends.
 */
#include "engine/engine.h"
#include "os/thread.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ANSWERS = MAILBOX_ROOM * 2 };

static unsigned begun, ended;

static void begin(struct engine *engine)
{
	char name[16];

	must_be_on(engine);
	must(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
	must(strcmp(name, "engine/3") == 0);
	begun++;
}

static void end(struct engine *engine)
{
	must_be_on(engine);
	ended++;
}

/* Answers twice what its outbox holds before control reads anything. */
static void receive(struct engine *engine, const struct message *message)
{
	must_be_on(engine);
	if (message->kind != MESSAGE_SNAPSHOT)
		return;
	for (uint64_t i = 0; i < ANSWERS; i++)
		engine_tell(engine, (struct message){ .kind = MESSAGE_TAKEN, .number = i });
}

static struct engine *make(int cpu, struct loop *control)
{
	struct engine *engine = aligned_alloc(_Alignof(struct engine), sizeof(*engine));

	assert_non_null(engine);
	memset(engine, 0, sizeof(*engine));
	assert_int_equal(engine_init(engine, 3, cpu, control, 1 << 20), 0);
	engine->begin = begin;
	engine->end = end;
	engine->receive = receive;
	return engine;
}

static void test_life(void **state)
{
	int cpu;
	struct engine *engine;
	struct message message;
	uint64_t next = 0;

	(void)state;
	assert_true(thread_cpus(&cpu, 1) >= 1);
	engine = make(cpu, NULL);
	begun = ended = 0;
	assert_int_equal(engine_start(engine), 0);
	assert_true(mailbox_send(&engine->inbox, (struct message){ .kind = MESSAGE_SNAPSHOT }));
	while (next < ANSWERS) {
		if (!mailbox_take(&engine->outbox, &message)) {
			sched_yield();
			continue;
		}
		assert_int_equal(message.kind, MESSAGE_TAKEN);
		assert_int_equal(message.number, next);
		next++;
	}
	assert_true(mailbox_send(&engine->inbox, (struct message){ .kind = MESSAGE_STOP }));
	engine_join(engine);
	assert_int_equal(begun, 1);
	assert_int_equal(ended, 1);
	assert_true(mailbox_take(&engine->outbox, &message));
	assert_int_equal(message.kind, MESSAGE_STOPPED);
	engine_fini(engine);
	free(engine);
}

/* Stopped while nobody reads: it ends all the same, and nothing leaks. */
static void test_stop_with_a_full_outbox(void **state)
{
	struct engine *engine = make(-1, NULL);

	(void)state;
	assert_int_equal(engine_start(engine), 0);
	assert_true(mailbox_send(&engine->inbox, (struct message){ .kind = MESSAGE_SNAPSHOT }));
	assert_true(mailbox_send(&engine->inbox, (struct message){ .kind = MESSAGE_STOP }));
	engine_join(engine);
	engine_fini(engine);
	free(engine);
}

static void test_without_a_thread(void **state)
{
	struct engine *engine = make(-1, NULL);
	struct message message;

	(void)state;
	engine_enter(engine);
	engine_tell(engine, (struct message){ .kind = MESSAGE_DRAINED });
	assert_true(mailbox_take(&engine->outbox, &message));
	assert_int_equal(message.kind, MESSAGE_DRAINED);
	engine_enter(NULL);
	engine_fini(engine);
	free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_stop_with_a_full_outbox),
		cmocka_unit_test(test_without_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
