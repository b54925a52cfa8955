/* SPDX-License-Identifier: Apache-2.0
 * Promised: the service is named where it is certain, else what it depends on.
 */
#include "control/explain.h"

#include "os/clock.h"
#include "stage.h"

static const char *const config = "add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
				  "add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
				  "add lb vserver web HTTP 0.0.0.0 0\n"
				  "bind lb vserver web a\nbind lb vserver web b -weight 2\n";

static void check(struct stage *stage, const char *set, const char *more, const char *wanted)
{
	char line[200];

	snprintf(line, sizeof(line), "set lb vserver web %s", set);
	assert_int_equal(stage_do(stage, line), 0);
	snprintf(line, sizeof(line), "explain lb vserver web %s", more);
	assert_int_equal(stage_do(stage, line), 0);
	stage_must_say(stage, wanted);
}

static void least(void **state)
{
	struct stage *stage = stage_run(config);
	struct stat_service *a = stage_service(stage, "a")->stats;
	struct stat_service *b = stage_service(stage, "b")->stats;

	(void)state;
	check(stage, "-lbMethod LEASTCONNECTION", "", "one of those with the least uses");
	stat_add(&a[0].connections, 2);
	stat_add(&b[1].connections, 3);
	check(stage, "-lbMethod LEASTCONNECTION", "",
	      "service: b, by LEASTCONNECTION; uses: a 2, b 3");
	stat_add(&b[0].connections, 1);
	check(stage, "-lbMethod LEASTCONNECTION", "", "one of those with the least uses");
	stat_add(&b[0].idle, 1);
	check(stage, "-lbMethod LEASTREQUEST", "", "service: b, by LEASTREQUEST; uses: a 2, b 3");
	check(stage, "-lbMethod LEASTBANDWIDTH", "", "by LEASTBANDWIDTH, as each engine has");
	check(stage, "-lbMethod ROUNDROBIN", "",
	      "by ROUNDROBIN, next in turn of each engine, of a");
	stage_close(stage);
}

static void hashes(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	check(stage, "-lbMethod SOURCEIPHASH", "", "by SOURCEIPHASH, give -clientIP to see which");
	check(stage, "-lbMethod SOURCEIPHASH", "-clientIP 10.0.0.1", ", by SOURCEIPHASH, of a, b");
	check(stage, "-lbMethod URLHASH", "", "by URLHASH, give -url to see which");
	check(stage, "-lbMethod URLHASH", "-url /x", ", by URLHASH, of a, b");
	check(stage, "-lbMethod DOMAINHASH", "-url /x", "give -url to see which");
	check(stage, "-lbMethod DOMAINHASH", "-url http://h.test/x", ", by DOMAINHASH, of a, b");
	check(stage, "-lbMethod SRCIPSRCPORTHASH", "-clientIP 10.0.0.1", "the client's port");
	check(stage, "-lbMethod DESTINATIONIPHASH", "", "the address that the client reaches");
	assert_int_equal(stage_do(stage, "disable service b"), 0);
	check(stage, "-lbMethod URLHASH", "", "service: the only one that has room: a");
	stage_close(stage);
}

/* What engines have held back, and for how long it has been up, is told while it is of use. */
static void slow_start(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_service *a = stage_service(stage, "a");

	(void)state;
	check(stage, "-lbMethod ROUNDROBIN", "", "of a, b");
	assert_false(stage_said(stage, "slow start"));
	check(stage, "-newServiceRequest 10 -newServiceRequestIncrementInterval 100", "",
	      "slow start: a is up for 0 s: not more than 10 clients or requests a second");
	assert_false(stage_said(stage, "held back"));
	a->since_ms -= 250000;
	stage_service(stage, "b")->since_ms -= 250000;
	check(stage, "-lbMethod ROUNDROBIN", "", "of a, b");
	assert_false(stage_said(stage, "slow start"));
	stat_add(&a->stats[0].slow_held, 3);
	stat_add(&a->stats[1].slow_held, 4);
	stat_set(&a->stats[1].slow_held_ms, clock_ms());
	check(stage, "-lbMethod ROUNDROBIN", "", "a is up for 250 s: not more than 30 clients");
	stage_must_say(stage, "held back 7 times so far, last ");
	assert_false(stage_said(stage, "slow start: b"));
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(least), cmocka_unit_test(hashes),
					    cmocka_unit_test(slow_start) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
