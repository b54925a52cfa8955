/* SPDX-License-Identifier: Apache-2.0
 *
 * Promised: the process may die before any operation on a word of a rate, with two engines and
 * control in the middle of a call each. In every window, over the death too, no more is granted
 * than rate * w + burst; and when the next process has waited for as long as a burst takes, the
 * burst is there.
 *
 * Enumerated: from some thousand states, each the end of a short history by a seed, engines take
 * and give back, control sets a rate, and all of them stop for ever before their 1st, 2nd, ...
 * operation. QUOTA_CALLS multiplies the states.
 */
#include "stage.h"

#include "admit/quota_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_US ((uint64_t)1000000)

enum { ENGINES_MOST = 4, CONTROL = 2, STATES = 1000, OPERATIONS_MOST = 60, GRANTS_MOST = 800 };

struct grant {
	uint64_t us, units, per_second; /* the rate that holds from here on */
};

struct theatre {
	struct quota_rate *rate; /* owned */
	unsigned engines;
	uint64_t now_us, burst, per_second, random;
	struct grant grants[GRANTS_MOST];
	unsigned count;
};

struct call {
	struct theatre *theatre;
	unsigned engine;
	uint64_t most, back, per_second;
};

static uint64_t seed_now, deaths, deaths_of_control;
static unsigned at_now;

static uint64_t draw(struct theatre *theatre, uint64_t below)
{
	uint64_t z = theatre->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

static void note(struct theatre *theatre, uint64_t units)
{
	must(theatre->count < GRANTS_MOST);
	theatre->grants[theatre->count++] = (struct grant){ theatre->now_us, units,
							    theatre->per_second };
}

/* Of what is given back nothing was used. */
static void do_take(void *argument)
{
	const struct call *call = argument;
	struct theatre *theatre = call->theatre;
	uint64_t units = quota_rate_take(theatre->rate, call->engine, theatre->now_us, 1,
					 call->most);
	uint64_t back = units < call->back ? units : call->back;

	note(theatre, units - back);
	if (back > 0)
		quota_rate_give(theatre->rate, call->engine, back);
}

static void do_set(void *argument)
{
	struct call *call = argument;

	quota_rate_set(call->theatre->rate, call->per_second, call->theatre->burst,
		       call->theatre->now_us);
}

static uint64_t draw_rate(struct theatre *theatre)
{
	static const uint64_t rates[] = { 10, 99, 1000, 50000 };

	/* A burst of one is exact at low rates only: quota_rate.h. */
	return rates[draw(theatre, theatre->burst > 1 ? 4 : 3)];
}

static struct call draw_set(struct theatre *theatre)
{
	return (struct call){ .theatre = theatre, .per_second = draw_rate(theatre) };
}

static struct call draw_take(struct theatre *theatre, unsigned engine)
{
	return (struct call){ .theatre = theatre,
			      .engine = engine,
			      .most = 1 + draw(theatre, theatre->burst),
			      .back = draw(theatre, 3) == 0 ? draw(theatre, theatre->burst) : 0 };
}

static void set_up(struct theatre *theatre, uint64_t seed)
{
	size_t bytes;

	theatre->random = seed;
	theatre->count = 0;
	theatre->engines = 2 + (unsigned)draw(theatre, ENGINES_MOST - 1);
	theatre->now_us = 77 * SECOND_US;
	theatre->burst = 1 + draw(theatre, 2) * draw(theatre, 400);
	theatre->per_second = draw_rate(theatre);
	bytes = (quota_rate_size(theatre->engines) + 63) / 64 * 64;
	theatre->rate = aligned_alloc(64, bytes);
	must(theatre->rate != NULL);
	memset(theatre->rate, 0, bytes);
	quota_rate_init(theatre->rate, theatre->engines, theatre->per_second, theatre->burst,
			theatre->now_us);
	note(theatre, 0);
}

static void live_through(struct theatre *theatre, unsigned acts)
{
	for (unsigned i = 0; i < acts; i++) {
		struct call call = draw_take(theatre, (unsigned)draw(theatre, theatre->engines));

		theatre->now_us += draw(theatre, 3) * draw(theatre, 20000);
		do_take(&call);
		if (draw(theatre, 12) > 0)
			continue;
		call = draw_set(theatre);
		do_set(&call);
		theatre->per_second = call.per_second;
		note(theatre, 0);
	}
}

static void require(bool is_good, const char *what, uint64_t number)
{
	if (!is_good)
		fail_msg("seed %llu, death before %u: %s (%llu)", (unsigned long long)seed_now,
			 at_now, what, (unsigned long long)number);
}

/* Every window from one grant to another; microseconds times units. */
static void check_windows(const struct theatre *theatre)
{
	for (unsigned from = 0; from < theatre->count; from++) {
		uint64_t units = 0, brought = 0;

		for (unsigned to = from; to < theatre->count; to++) {
			const struct grant *grant = &theatre->grants[to];

			if (to > from)
				brought += (grant->us - grant[-1].us) * grant[-1].per_second;
			units += grant->units;
			require(units * SECOND_US <= brought + theatre->burst * SECOND_US,
				"more than the rate", units);
		}
	}
}

/* The process that died had begun a rate that may hold or not: the next one is told its own. */
static void be_heir(struct theatre *theatre)
{
	uint64_t burst_us;

	quota_rate_revive(theatre->rate);
	quota_rate_set(theatre->rate, theatre->per_second, theatre->burst, theatre->now_us);
	note(theatre, 0);
	live_through(theatre, 20);
	burst_us = (theatre->burst + 1) * SECOND_US / theatre->per_second + 1;
	theatre->now_us += burst_us;
	require(quota_rate_has_room(theatre->rate, theatre->now_us,
				    quota_rate_most_at_once(theatre->rate) - 1),
		"it is not full after a burst's time", burst_us);
	live_through(theatre, 20);
	check_windows(theatre);
}

/* False: neither the first engine nor control has so many operations. */
static bool die_once(uint64_t seed, unsigned at)
{
	static struct theatre theatre;
	struct call one, two, control;
	bool is_over[3];

	at_now = at;
	set_up(&theatre, seed);
	live_through(&theatre, (unsigned)draw(&theatre, 100));
	one = draw_take(&theatre, 0);
	two = draw_take(&theatre, 1);
	control = draw_set(&theatre);
	stage_call(0, do_take, &one);
	stage_call(1, do_take, &two);
	stage_call(CONTROL, do_set, &control);
	is_over[1] = stage_go(1, (unsigned)draw(&theatre, 6));
	/* Control is before or after the engine. */
	if (draw(&theatre, 2) == 0) {
		is_over[2] = stage_go(CONTROL, at);
		is_over[0] = stage_go(0, (unsigned)draw(&theatre, 6));
	} else {
		is_over[0] = stage_go(0, at);
		is_over[2] = stage_go(CONTROL, (unsigned)draw(&theatre, 12));
	}
	deaths++;
	deaths_of_control += !is_over[2];
	/* Rates that were begun at this instant bring nothing within it. */
	be_heir(&theatre);
	free(theatre.rate);
	return !is_over[0] || !is_over[1] || !is_over[2];
}

static void the_process_dies_anywhere(void **state)
{
	const char *calls = getenv("QUOTA_CALLS"), *first = getenv("QUOTA_SEED");
	uint64_t begin = first != NULL ? strtoull(first, NULL, 10) : 1;
	uint64_t states = STATES * (calls != NULL ? strtoull(calls, NULL, 10) : 1);

	(void)state;
	for (seed_now = begin; seed_now < begin + states; seed_now++)
		for (unsigned at = 0; at < OPERATIONS_MOST && die_once(seed_now, at); at++)
			continue;
	print_message("# %llu deaths, %llu while control set a rate\n", (unsigned long long)deaths,
		      (unsigned long long)deaths_of_control);
	assert_true(deaths_of_control > states);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_process_dies_anywhere) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
