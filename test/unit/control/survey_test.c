/* SPDX-License-Identifier: Apache-2.0
 * Promised: what flows is told per second, response times over some seconds and then forgotten;
 * other services begin anew; nothing is looked at that no rule names.
 */
#include "control/survey.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
	"add lb vserver web HTTP 0.0.0.0 0\n"
	"add lb vserver other HTTP 0.0.0.0 0\n"
	"bind lb vserver web a\nbind lb vserver other a\n"
	"add spillover policy p -rule 'SYS.VSERVER(\"web\").RESPTIME > 50' -action SPILLOVER\n";

/* The next look, as if it were so late. */
static void look_at(struct stage *stage, uint64_t ms)
{
	struct loop *loop = control_loop(stage->control);

	timer_cancel(&loop->timers, &stage->control->surveys.timer);
	loop->now_ms = ms;
	survey_take(&stage->control->surveys);
}

static void sums(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_vserver *web = stage_vserver(stage, "web");
	struct stat_service *a = stage_service(stage, "a")->stats;
	uint64_t ms = control_loop(stage->control)->now_ms + 10000;

	(void)state;
	look_at(stage, ms);
	stat_add(&web->stats[0].bytes_in, 1000000);
	stat_add(&web->stats[1].bytes_out, 4000000);
	stat_add(&a[0].first_bytes, 1);
	stat_add(&a[1].first_bytes, 3);
	stat_add(&a[1].first_bytes_ms, 10);
	stat_add(&a[0].waiting, 2);
	stat_add(&a[1].waiting, 1);
	look_at(stage, ms += 1000);
	assert_int_equal(stat_read(&web->live->throughput), 40);
	assert_int_equal(stat_read(&web->live->response_us), 2500);
	assert_int_equal(stat_read(&web->live->surge), 3);
	for (unsigned i = 0; i < SURVEY_SLOTS - 2; i++)
		look_at(stage, ms += 100);
	assert_int_equal(stat_read(&web->live->throughput), 0);
	assert_int_equal(stat_read(&web->live->response_us), 2500);
	look_at(stage, ms += 100);
	assert_int_equal(stat_read(&web->live->response_us), 0);
	assert_null(stage_vserver(stage, "other")->survey);
	stage_close(stage);
}

static void other_services(void **state)
{
	struct stage *stage = stage_run(config);
	struct runtime_vserver *web = stage_vserver(stage, "web");

	(void)state;
	stat_add(&stage_service(stage, "b")->stats[0].first_bytes, 5);
	stat_add(&stage_service(stage, "b")->stats[0].first_bytes_ms, 5000);
	assert_int_equal(stage_do(stage, "bind lb vserver web b"), 0);
	look_at(stage, control_loop(stage->control)->now_ms + 100);
	assert_int_equal(stat_read(&web->live->response_us), 0);
	assert_int_equal(stage_do(stage, "rm spillover policy p"), 0);
	look_at(stage, control_loop(stage->control)->now_ms + 100);
	assert_false(timer_is_armed(&stage->control->surveys.timer));
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sums),
					    cmocka_unit_test(other_services) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
