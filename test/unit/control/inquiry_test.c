/* SPDX-License-Identifier: Apache-2.0
 * Promised: what a rule asks is answered over all engines, and told.
 */
#include "control/inquiry.h"

#include "policy/datum.h"
#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -state DISABLED\n"
	"add lb vserver web HTTP 0.0.0.0 0\n"
	"add lb vserver out HTTP 0.0.0.0 0 -state DISABLED\n"
	"bind lb vserver web a\nbind lb vserver web b\n";

static void check(struct inquiry *inquiry, uint32_t vserver, enum situation_fact fact,
		  int64_t wanted, const char *said)
{
	int64_t number;

	text_cut(inquiry->said, 0);
	inquiry->count = 0;
	assert_true(inquiry_read(inquiry, vserver, fact, &number));
	assert_int_equal(number, wanted);
	assert_string_equal(inquiry->said->at, said);
}

static void answers(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_vserver *web = stage_vserver(stage, "web");
	struct text said = TEXT_EMPTY;
	struct inquiry inquiry = { stage->control, &said, 0 };
	int64_t number;

	(void)state;
	stat_add(&web->stats[0].clients, 3);
	stat_add(&web->stats[1].clients, 4);
	stat_set(&web->live->throughput, 5);
	stat_set(&web->live->response_us, 6);
	stat_set(&web->live->surge, 7);
	check(&inquiry, 0, SITUATION_CONNECTIONS, 7, "SYS.VSERVER(\"web\").CONNECTIONS is 7");
	check(&inquiry, 0, SITUATION_THROUGHPUT, 5, "SYS.VSERVER(\"web\").THROUGHPUT is 5");
	check(&inquiry, 0, SITUATION_RESPONSE_TIME, 6, "SYS.VSERVER(\"web\").RESPTIME is 6");
	check(&inquiry, 0, SITUATION_SURGE, 7, "SYS.VSERVER(\"web\").SURGECOUNT is 7");
	check(&inquiry, 0, SITUATION_STATE, DATUM_UP, "SYS.VSERVER(\"web\").STATE is UP");
	check(&inquiry, 1, SITUATION_STATE, DATUM_OUT_OF_SERVICE,
	      "SYS.VSERVER(\"out\").STATE is OUT_OF_SERVICE");
	check(&inquiry, 0, SITUATION_HEALTH, 50, "SYS.VSERVER(\"web\").HEALTH is 50");
	check(&inquiry, 1, SITUATION_HEALTH, 0, "SYS.VSERVER(\"out\").HEALTH is 0");
	check(&inquiry, 0, SITUATION_ACTIVE_SERVICES, 1,
	      "SYS.VSERVER(\"web\").ACTIVESERVICES is 1");
	assert_false(inquiry_read(&inquiry, UINT32_MAX, SITUATION_STATE, &number));
	text_free(&said);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
