/* SPDX-License-Identifier: Apache-2.0
 * Promised: of each rate what it is, what is there now, and whether one more gets in; at the limit
 * of a bandwidth a new client spills, and a service comes after the others.
 */
#include "control/explain.h"

#include "os/clock.h"
#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxBandwidth 8000\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
	"add lb vserver web HTTP 0.0.0.0 0 -lbMethod ROUNDROBIN\n"
	"bind lb vserver web a\nbind lb vserver web b\n";

static void spend(struct quota_rate *rate)
{
	while (quota_rate_take(rate, 0, clock_ms() * 1000, 1, 1 << 20) > 0)
		continue;
}

static void ask(struct stage *stage)
{
	assert_int_equal(stage_do(stage, "explain lb vserver web"), 0);
}

/* Time brings more: on a slow machine again. */
static void ask_spent(struct stage *stage, struct quota_rate *rate, const char *words)
{
	for (int tries = 0; tries < 100; tries++) {
		spend(rate);
		ask(stage);
		if (stage_said(stage, words))
			return;
	}
	stage_must_say(stage, words);
}

static void the_bandwidth(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	ask(stage);
	assert_false(stage_said(stage, "bandwidth:"));
	stage_do(stage, "set lb vserver web -soMethod BANDWIDTH -soThreshold 80000");
	ask(stage);
	stage_must_say(stage, "bandwidth: limit 80000 kbit/s, in bytes, 1000000 at once, ");
	stage_must_say(stage, "it was not at its limit within the last second");
	stage_must_say(stage, "result: web serves it");
	ask_spent(stage, stage_vserver(stage, "web")->bandwidth.shared,
		  "it is at its limit, new clients spill");
	stage_must_say(stage, "result: it is dropped");
	stage_do(stage, "unset lb vserver web -soMethod");
	stage_do(stage, "set spillover param -maxBandwidth 1");
	ask_spent(stage, stage->control->runtime.bandwidth.shared,
		  "it is at its limit, new clients are not served");
	stage_must_say(stage, "bandwidth of the whole appliance: limit 1 kbit/s");
	stage_close(stage);
}

static void the_rate_of_requests(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	stage_do(stage, "set lb vserver web -soMethod REQUESTRATE -soThreshold 2");
	stage_do(stage, "set spillover param -maxRequestRate 7");
	ask(stage);
	stage_must_say(stage, "request rate: limit 2 a second, 2 at once, 2 there now");
	stage_must_say(stage, "asked for each request: one passes now");
	stage_must_say(stage, "request rate of the whole appliance: limit 7 a second");
	ask_spent(stage, stage_vserver(stage, "web")->request_rate.shared,
		  ", 0 there now; asked for each request: one is too many now");
	stage_must_say(stage, "result: web serves it");
	stage_close(stage);
}

static void a_service_at_its_bandwidth(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	ask(stage);
	stage_must_say(stage, "bandwidth of a: limit 8000 kbit/s, in bytes, 100000 at once");
	stage_must_say(stage, "of a, b");
	ask_spent(stage, stage_service(stage, "a")->bandwidth.shared,
		  "it is at its limit, others come first");
	stage_must_say(stage, "service: the only one that has room: b");
	stage_do(stage, "disable service b");
	ask(stage);
	stage_must_say(stage, "service: the only one that has room: a");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_bandwidth),
					    cmocka_unit_test(the_rate_of_requests),
					    cmocka_unit_test(a_service_at_its_bandwidth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
