/* SPDX-License-Identifier: Apache-2.0
 * A timer fires once, at the first run at or after its deadline, never before, and timer_next()
 * never sleeps past one.
 */
#include "engine/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TIMERS = 300 };

/* A timer and what the oracle knows about it. */
struct probe {
	struct timer timer;
	bool is_armed;
	uint64_t deadline;
	unsigned fired;
};

static struct timer_wheel wheel;
static struct probe probes[TIMERS];
static uint64_t now, last_fired;

static void fire(struct timer *timer)
{
	struct probe *probe = list_entry(timer, struct probe, timer);

	assert_true(probe->is_armed);
	assert_true(probe->deadline <= now);
	assert_false(timer_is_armed(timer));
	assert_true(probe->deadline >= last_fired);
	last_fired = probe->deadline;
	probe->is_armed = false;
	probe->fired++;
}

static void arm(struct probe *probe, uint64_t deadline)
{
	timer_arm(&wheel, &probe->timer, deadline);
	probe->is_armed = true;
	probe->deadline = deadline;
}

static void cancel(struct probe *probe)
{
	timer_cancel(&wheel, &probe->timer);
	probe->is_armed = false;
}

static void start(uint64_t at)
{
	now = at;
	timer_wheel_init(&wheel, now);
	for (int i = 0; i < TIMERS; i++) {
		probes[i] = (struct probe){ 0 };
		timer_init(&probes[i].timer, fire);
	}
}

/* The oracle: the earliest deadline by looking at all. */
static uint64_t earliest(void)
{
	uint64_t least = TIMER_NEVER;

	for (int i = 0; i < TIMERS; i++)
		if (probes[i].is_armed && probes[i].deadline < least)
			least = probes[i].deadline;
	return least;
}

static void check(void)
{
	uint64_t first = earliest(), next = timer_next(&wheel);

	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(timer_is_armed(&probes[i].timer), probes[i].is_armed);
	if (first == TIMER_NEVER)
		assert_true(next == TIMER_NEVER);
	else
		assert_true(next <= (first > now ? first : now));
}

static void run_at(uint64_t at)
{
	now = at;
	last_fired = 0;
	timer_run(&wheel, now);
	for (int i = 0; i < TIMERS; i++)
		assert_false(probes[i].is_armed && probes[i].deadline <= now);
}

/* A number whose size is random, so that every level is met. */
static uint64_t some_delay(void)
{
	uint64_t bits = ((uint64_t)rand() << 31 ^ (uint64_t)rand()) &
			(((uint64_t)1 << rand() % 34) - 1);

	return bits;
}

static void test_against_the_oracle(void **state)
{
	(void)state;
	srand(11);
	start(1234567);
	for (int step = 0; step < 60000; step++) {
		struct probe *probe = &probes[rand() % TIMERS];

		switch (rand() % 4) {
		case 0:
		case 1:
			arm(probe, now + 1 + some_delay());
			break;
		case 2:
			cancel(probe);
			break;
		default:
			run_at(now + some_delay() % 100000);
		}
		if (step % 16 == 0)
			check();
	}
	run_at(now + ((uint64_t)1 << 40));
	assert_true(timer_next(&wheel) == TIMER_NEVER);
}

/* Deadlines just before, at and after every power of 64, from starting times that lie so too. */
static void test_boundaries(void **state)
{
	(void)state;
	for (int from = 0; from <= 36; from += 6) {
		for (int shift = 0; shift <= 36; shift += 6) {
			for (int d = -1; d <= 1; d++) {
				uint64_t delay = ((uint64_t)1 << shift) + (uint64_t)(int64_t)d;

				start(((uint64_t)1 << from) * 64 - 1);
				arm(&probes[0], now + delay);
				if (delay > 0) {
					run_at(now + delay - 1);
					assert_int_equal(probes[0].fired, 0);
				}
				run_at(probes[0].deadline);
				assert_int_equal(probes[0].fired, 1);
			}
		}
	}
}

/* An idle loop that sleeps until timer_next() wakes at most once for each level above the first. */
static void test_few_wakes(void **state)
{
	static const uint64_t delays[] = {
		1, 63, 64, 65, 180000, 4096, 262144, 16777216, 2000000000
	};

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		unsigned wakes = 0;

		start(987654321);
		arm(&probes[0], now + delays[i]);
		while (probes[0].fired == 0) {
			uint64_t next = timer_next(&wheel);

			assert_true(next <= probes[0].deadline && next > now);
			run_at(next);
			wakes++;
		}
		assert_int_equal(now, probes[0].deadline);
		assert_in_range(wakes, 1, TIMER_LEVELS + 2); /* two turns of the highest level */
	}
}

/* Canceled and moved timers leave no wake-up behind. */
static void test_cancel_is_exact(void **state)
{
	(void)state;
	start(1000);
	arm(&probes[0], 1010);
	arm(&probes[1], 1010);
	arm(&probes[2], 500000);
	cancel(&probes[0]);
	assert_int_equal(timer_next(&wheel), 1010);
	arm(&probes[1], 700000);
	assert_true(timer_next(&wheel) > 1010);
	cancel(&probes[1]);
	cancel(&probes[2]);
	assert_true(timer_next(&wheel) == TIMER_NEVER);
	cancel(&probes[2]);
}

static void test_past_and_never(void **state)
{
	(void)state;
	start(1000);
	arm(&probes[0], 10);
	arm(&probes[1], 1000);
	arm(&probes[2], UINT64_MAX - 1);
	assert_int_equal(timer_next(&wheel), 1000);
	run_at(1000);
	assert_int_equal(probes[0].fired + probes[1].fired, 2);
	assert_int_equal(probes[2].fired, 0);
	cancel(&probes[2]);
}

static struct timer again, victim;
static unsigned again_count, victim_count;

static void fire_again(struct timer *timer)
{
	again_count++;
	timer_cancel(&wheel, &victim);
	timer_arm(&wheel, timer, 0); /* due already: the next run, not this one */
}

static void fire_victim(struct timer *timer)
{
	(void)timer;
	victim_count++;
}

static void test_callbacks_arm_and_cancel(void **state)
{
	(void)state;
	start(5000);
	timer_init(&again, fire_again);
	timer_init(&victim, fire_victim);
	timer_arm(&wheel, &again, 5001);
	timer_arm(&wheel, &victim, 5001);
	run_at(6000);
	assert_int_equal(again_count, 1);
	assert_int_equal(victim_count, 0);
	assert_int_equal(timer_next(&wheel), 6000);
	run_at(6000);
	assert_int_equal(again_count, 2);
	timer_cancel(&wheel, &again);
	assert_true(timer_next(&wheel) == TIMER_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_oracle),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_few_wakes),
		cmocka_unit_test(test_cancel_is_exact),
		cmocka_unit_test(test_past_and_never),
		cmocka_unit_test(test_callbacks_arm_and_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
