/* SPDX-License-Identifier: Apache-2.0
 * A thread runs, blocks signals, carries its name and stays on the CPU it was pinned to.
 */
#include "os/thread.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void *run(void *argument)
{
	int *cpu = argument, now[2] = { -1, -1 };
	char name[16];
	sigset_t blocked;

	thread_name("a name that is longer than fifteen");
	must(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
	must(strcmp(name, "a name that is ") == 0);
	must(pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0);
	must(sigismember(&blocked, SIGTERM) == 1);
	must(thread_pin(*cpu) == 0);
	must(sched_getcpu() == *cpu);
	must(thread_cpus(now, 2) == 1);
	must(now[0] == *cpu && now[1] == -1);
	must(thread_pin(-1) == -EINVAL);
	*cpu = -2;
	return NULL;
}

static void test_thread(void **state)
{
	pthread_t thread;
	sigset_t blocked;
	int cpu = -1;
	int count = thread_cpus(&cpu, 1);

	(void)state;
	assert_true(count >= 1 && cpu >= 0);
	assert_int_equal(thread_start(&thread, run, &cpu), 0);
	thread_join(thread);
	assert_int_equal(cpu, -2);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
	assert_int_equal(sigismember(&blocked, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_thread) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
