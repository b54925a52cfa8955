/* SPDX-License-Identifier: Apache-2.0
 * A probe has one outcome: from its kind, from the time limit, or from a descriptor that could not
 * be had; a stopped one has none.
 */
#include "asking.h"
#include "os/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include <cmocka.h>

static struct loop loop;
static unsigned events_seen;
static int next_fd;

static void start(struct probe *probe)
{
	probe_watch(probe, next_fd);
}

static void ready(struct probe *probe, unsigned events)
{
	(void)probe;
	(void)events;
	events_seen++;
}

static const struct monitor_kind silent_kind = {
	.name = "SILENT", .help = "never ends", .start = start, .ready = ready
};

static void test_time_limit(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	conf.response_timeout_ms = 30;
	next_fd = eventfd(0, EFD_CLOEXEC);
	asking_run(&asking, &loop, &silent_kind, &conf, NULL, STR(""));
	assert_false(asking.is_good);
	assert_string_equal(asking.text, "no answer within 30 ms");
	assert_true(events_seen > 0);
	loop_fini(&loop);
}

static void stall(uint64_t ms)
{
	uint64_t end = clock_ms() + ms;

	while (clock_ms() < end)
		;
}

/* What came while we were away, and what the server could not do because we were, is not its fault:
 * the time is given again, but not for ever. */
static void test_lost_time(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	struct lateness lateness = { 0 };
	struct asking asking = { 0 };

	(void)state;
	must(loop_init(&loop) == 0);
	conf.response_timeout_ms = 30;
	next_fd = eventfd(0, EFD_CLOEXEC);
	probe_init(&asking.probe, &loop, &silent_kind, asking_ended);
	asking.probe.conf = &conf;
	asking.probe.lateness = &lateness;
	probe_start(&asking.probe);
	stall(45);
	loop_turn(&loop);
	assert_false(asking.has_ended);
	assert_true(asking.probe.given_ms >= 15 && asking.probe.given_ms <= 30);
	for (unsigned i = 0; i < 20 && !asking.has_ended; i++) {
		stall(40);
		loop_turn(&loop);
	}
	assert_true(asking.has_ended);
	assert_string_equal(asking.text, "no answer within 30 ms");
	assert_int_equal(asking.probe.given_ms, 30);
	loop_fini(&loop);
}

static void test_no_descriptor(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking;

	(void)state;
	must(loop_init(&loop) == 0);
	next_fd = -EMFILE;
	asking_run(&asking, &loop, &silent_kind, &conf, NULL, STR(""));
	assert_string_equal(asking.text, "out of descriptors");
	loop_fini(&loop);
}

static void test_stop(void **state)
{
	struct monitor_conf conf = monitor_conf_default();
	struct asking asking = { 0 };

	(void)state;
	must(loop_init(&loop) == 0);
	next_fd = eventfd(0, EFD_CLOEXEC);
	probe_init(&asking.probe, &loop, &silent_kind, asking_ended);
	asking.probe.conf = &conf;
	probe_stop(&asking.probe);
	probe_start(&asking.probe);
	assert_true(probe_runs(&asking.probe));
	probe_stop(&asking.probe);
	assert_false(probe_runs(&asking.probe) || asking.has_ended);
	assert_true(timer_next(&loop.timers) == TIMER_NEVER);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_lost_time),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
