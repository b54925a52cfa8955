/* SPDX-License-Identifier: Apache-2.0
 * Counters are summed over the engines, and told engine by engine with -detail.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -maxClient 12\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"bind lb vserver web b\n";

static void sums(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_vserver *web = stage_vserver(stage, "web");

	(void)state;
	stat_add(&web->stats[0].spilled, 3);
	stat_add(&web->stats[1].spilled, 4);
	stat_add(&stage_service(stage, "a")->stats[1].retries, 5);
	assert_int_equal(stage_do(stage, "stat lb vserver web"), 0);
	stage_must_say(stage, "Spilled over: 7");
	stage_must_say(stage, "Limit: 42");
	stage_must_say(stage, "Used: 0");
	assert_int_equal(stage_do(stage, "stat lb vserver web -detail"), 0);
	stage_must_say(stage, "engine 1 Spilled over: 4");
	stage_must_say(stage, "engine 1 Exclusive: 16");
	stage_must_say(stage, "engine 0 Used: 0");
	stage_must_say(stage, "engine 0 Premature spills: 0");
	assert_int_equal(stage_do(stage, "stat service a"), 0);
	stage_must_say(stage, "Retries: 5");
	assert_int_equal(stage_do(stage, "stat service"), 0);
	stage_must_say(stage, "service b");
	assert_int_equal(stage_do(stage, "stat service nobody"), 1);
	stage_close(stage);
}

static void engines(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	stat_add(&stage->stats[0].accepted, 2);
	stat_add(&stage->stats[1].accepted, 9);
	assert_int_equal(stage_do(stage, "stat engines"), 0);
	stage_must_say(stage, "Accepted: 11");
	stage_must_say(stage, "Accepted: 9");
	stage_close(stage);
}

/* Its place in what is said; -1: it is not there. */
static long place_of(const struct stage *stage, const char *words)
{
	const char *at = strstr(stage->answer.at, words);

	return at != NULL ? at - stage->answer.at : -1;
}

static void sorted(void **state)
{
	struct stage *stage = stage_run("add lb vserver few TCP 0.0.0.0 0\n"
					"add lb vserver many HTTP 0.0.0.0 0\n"
					"add lb vserver some TCP 0.0.0.0 0\n");

	(void)state;
	stat_add(&stage_vserver(stage, "few")->stats[0].clients_total, 1);
	stat_add(&stage_vserver(stage, "some")->stats[1].clients_total, 2);
	stat_add(&stage_vserver(stage, "many")->stats[0].clients_total, 1);
	stat_add(&stage_vserver(stage, "many")->stats[1].requests_total, 3);
	assert_int_equal(stage_do(stage, "stat lb vserver -sortBy Hits"), 0);
	assert_true(place_of(stage, "vserver many") < place_of(stage, "vserver some"));
	assert_true(place_of(stage, "vserver some") < place_of(stage, "vserver few"));
	assert_int_equal(stage_do(stage, "stat lb vserver -sortBy Hits ascending"), 0);
	assert_true(place_of(stage, "vserver many") > place_of(stage, "vserver some"));
	assert_true(place_of(stage, "vserver some") > place_of(stage, "vserver few"));
	stage_close(stage);
}

/* What is left to spillway cli is no warning here, and what has no sense is refused. */
static void options(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "stat service a -ntimes 3 -fullValues"), 0);
	assert_int_equal(place_of(stage, "Warning"), -1);
	assert_int_equal(stage_do(stage, "stat service a -ntimes few"), 1);
	stage_must_say(stage, "few is out of range for ntimes");
	assert_int_equal(stage_do(stage, "stat service a -logFile /var/nslog/newnslog"), 1);
	stage_must_say(stage, "ERROR: column 16: -logFile reads a log");
	assert_int_equal(place_of(stage, "Requests"), -1);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sums), cmocka_unit_test(engines),
					    cmocka_unit_test(sorted), cmocka_unit_test(options) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
