/* SPDX-License-Identifier: Apache-2.0
 * The pools have the limits that configuration and states ask for, at once.
 */
#include "control/limit.h"

#include "stage.h"

static int64_t limit_of(struct stage *stage, const struct runtime_entry *entry)
{
	struct quota_view view;

	quota_read(stage->map, entry->pool, &view);
	return view.limit;
}

static int64_t vserver_limit(struct stage *stage)
{
	return limit_of(stage, &stage_vserver(stage, "web")->entry);
}

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -maxClient 12\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"bind lb vserver web b\n";

static void dynamic_limit_follows(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(vserver_limit(stage), 42);
	assert_int_equal(limit_of(stage, &stage_service(stage, "a")->entry), 30);
	assert_int_equal(stage_do(stage, "set service a -maxClient 50"), 0);
	assert_int_equal(vserver_limit(stage), 62);
	assert_int_equal(limit_of(stage, &stage_service(stage, "a")->entry), 50);
	assert_int_equal(stage_do(stage, "disable service a"), 0);
	assert_int_equal(vserver_limit(stage), 12);
	assert_int_equal(stage_do(stage, "enable service a"), 0);
	assert_int_equal(stage_do(stage, "unset service b -maxClient"), 0);
	assert_int_equal(vserver_limit(stage), QUOTA_UNLIMITED);
	stage_close(stage);
}

static struct quota_view view_of(struct stage *stage, const struct runtime_entry *entry)
{
	struct quota_view view;

	quota_read(stage->map, entry->pool, &view);
	return view;
}

/* Its first client takes from its engine's own share. */
static void a_new_limit_is_dealt_out(void **state)
{
	struct stage *stage = stage_run("add lb vserver web HTTP 0.0.0.0 0 -soMethod CONNECTION "
					"-soThreshold 100 -soQueueDepth 5\n");
	struct quota_view view = view_of(stage, &stage_vserver(stage, "web")->entry);

	(void)state;
	assert_int_equal(view.limit, 100);
	assert_int_equal(view.idle, 80);
	assert_int_equal(view.available, 20);
	assert_int_equal(view.open_engines, 2);
	assert_int_equal(stage_do(stage, "set lb vserver web -soThreshold 50"), 0);
	view = view_of(stage, &stage_vserver(stage, "web")->entry);
	assert_int_equal(view.idle + view.available, 50);
	stage_close(stage);
}

static void shares_and_mode_follow(void **state)
{
	struct stage *stage = stage_run(config);
	const struct runtime_entry *web = &stage_vserver(stage, "web")->entry;
	const struct runtime_entry *service = &stage_service(stage, "a")->entry;
	unsigned cores = view_of(stage, web).cores;

	(void)state;
	assert_int_equal(stage_do(stage, "set service a -maxClient 988"), 0);
	assert_int_equal(view_of(stage, web).limit, 1000);
	assert_int_equal(view_of(stage, web).split.exclusive_each, 800 / cores);
	assert_int_equal(stage_do(stage, "set ns param -exclusiveQuotaSpillOver 50"), 0);
	assert_int_equal(view_of(stage, web).split.exclusive_each, 500 / cores);
	assert_int_equal(view_of(stage, service).split.exclusive_each, 988 * 8 / 10 / cores);
	assert_int_equal(stage_do(stage, "set lb vserver web -soQuotaMode PATENT -soExclusive 0 "
					 "-soBatch 7"),
			 0);
	assert_int_equal(view_of(stage, web).mode, QUOTA_MODE_PATENT);
	assert_int_equal(view_of(stage, web).split.exclusive_each, 0);
	assert_int_equal(view_of(stage, web).split.batch, 70);
	assert_int_equal(view_of(stage, service).mode, QUOTA_MODE_EXACT);
	assert_int_equal(stage_do(stage, "unset lb vserver web -soExclusive"), 0);
	assert_int_equal(stage_do(stage, "set lb vserver web -soExclusiveEach 7"), 0);
	assert_int_equal(view_of(stage, web).split.exclusive_each, 7);
	assert_int_equal(stage_do(stage, "unset lb vserver web -soExclusiveEach"), 0);
	assert_int_equal(stage_do(stage, "set lb vserver web -soShared 40% -soSharedThreshold 10% "
					 "-soEngineThreshold 3"),
			 0);
	assert_int_equal(view_of(stage, web).split.exclusive_each, 600 / cores);
	assert_int_equal(view_of(stage, web).shared_threshold,
			 view_of(stage, web).split.shared / 10);
	assert_int_equal(view_of(stage, web).engine_threshold, 3);
	assert_true(view_of(stage, web).is_early);
	assert_int_equal(stage_do(stage, "unset lb vserver web -soShared -soSharedThreshold "
					 "-soEngineThreshold"),
			 0);
	assert_false(view_of(stage, web).is_early);
	assert_int_equal(stage_do(stage, "unset lb vserver web -soQuotaMode -soExclusive -soBatch"),
			 0);
	assert_int_equal(view_of(stage, web).mode, QUOTA_MODE_EXACT);
	assert_int_equal(view_of(stage, web).split.exclusive_each, 500 / cores);
	stage_close(stage);
}

static void states_count(void **state)
{
	struct stage *stage = stage_run(config);
	struct control *control = stage->control;

	(void)state;
	stage_service(stage, "a")->state = STATE_DOWN;
	muster_change(&control->runtime, control->plan, stage_service(stage, "a"));
	limit_apply_of(&control->runtime, control->plan, stage_service(stage, "a"));
	assert_int_equal(vserver_limit(stage), 12);
	stage_service(stage, "b")->state = STATE_DOWN;
	muster_change(&control->runtime, control->plan, stage_service(stage, "b"));
	limit_apply(&control->runtime, control->plan);
	assert_int_equal(vserver_limit(stage), 0);
	stage_close(stage);
}

static void threshold_is_the_limit(void **state)
{
	struct stage *stage = stage_run("add lb vserver web HTTP 0.0.0.0 0 -soMethod CONNECTION "
					"-soThreshold 7\n");

	(void)state;
	assert_int_equal(vserver_limit(stage), 7);
	assert_int_equal(stage_do(stage, "set lb vserver web -soThreshold 70"), 0);
	assert_int_equal(vserver_limit(stage), 70);
	stage_close(stage);
}

/* A pool that was added to a live thing: engines register what is in flight first. */
static void a_new_pool_waits_until_all_have_heard(void **state)
{
	struct stage *stage = stage_run("add lb vserver web HTTP 0.0.0.0 0 -soMethod CONNECTION "
					"-soThreshold 7\n");
	struct runtime_entry *web = &stage_vserver(stage, "web")->entry;

	(void)state;
	web->named_in = stage->control->publisher.newest + 2;
	assert_int_equal(stage_do(stage, "set lb vserver web -soThreshold 8"), 0);
	assert_int_equal(vserver_limit(stage), 7);
	assert_int_equal(stage_do(stage, "set lb vserver web -comment x"), 0);
	assert_int_equal(vserver_limit(stage), 8);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dynamic_limit_follows),
		cmocka_unit_test(a_new_limit_is_dealt_out),
		cmocka_unit_test(shares_and_mode_follow),
		cmocka_unit_test(states_count),
		cmocka_unit_test(threshold_is_the_limit),
		cmocka_unit_test(a_new_pool_waits_until_all_have_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
