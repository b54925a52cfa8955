/* SPDX-License-Identifier: Apache-2.0
 * Promised: a pool is counted as soon as every engine has ended a turn, and what is missing is
 * said; an engine that does not end its turn is not waited for; the engines are woken for it; the
 * sweep of an hour reaches every pool with a limit once.
 */
#include "control/audit.h"

#include "admit/quota_core_priv.h"
#include "stage.h"

#include <pthread.h>
#include <sched.h>

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"add lb vserver free HTTP 0.0.0.0 0\n"
	"add lb vserver asked HTTP 0.0.0.0 0 -soMethod REQUEST -soThreshold 5\n";

static _Atomic bool is_over;

static void *turn(void *map)
{
	struct quota_core *cores[STAGE_ENGINES];

	for (unsigned i = 0; i < STAGE_ENGINES; i++)
		cores[i] = quota_core_new(map, i);
	while (!atomic_load(&is_over)) {
		for (unsigned i = 0; i < STAGE_ENGINES; i++)
			quota_turn_end(cores[i]);
		sched_yield();
	}
	for (unsigned i = 0; i < STAGE_ENGINES; i++)
		quota_core_free(cores[i]);
	return NULL;
}

static pthread_t begin_turns(struct stage *stage)
{
	pthread_t thread;

	atomic_store(&is_over, false);
	assert_int_equal(pthread_create(&thread, NULL, turn, stage->map), 0);
	return thread;
}

static void end_turns(pthread_t thread)
{
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
}

/* On a busy machine the thread may not run for a while. */
static int64_t count(struct stage *stage, const struct runtime_entry *entry)
{
	int64_t leak = 0;
	enum audit_result result;

	do
		result = audit_pool(stage->control, entry->pool, entry->name, &leak);
	while (result == AUDIT_STALLED);
	assert_int_equal(result, AUDIT_COUNTED);
	return leak;
}

static void counts_when_all_have_turned(void **state)
{
	struct stage *stage = stage_run(config);
	const struct runtime_entry *web = &stage_vserver(stage, "web")->entry;
	pthread_t thread = begin_turns(stage);

	(void)state;
	assert_int_equal(count(stage, web), 0);
	(void)quota_pool_add(quota_pool_at(stage->map, web->pool), -3, 0);
	assert_int_equal(count(stage, web), 3);
	assert_int_equal(count(stage, web), 0);
	end_turns(thread);
	stage_play_engines(stage);
	assert_true(stage->heard[0][MESSAGE_WAKE] >= 6);
	stage_close(stage);
}

static void does_not_wait_for_ever(void **state)
{
	struct stage *stage = stage_run(config);
	const struct runtime_entry *web = &stage_vserver(stage, "web")->entry;
	struct quota_view view;
	int64_t leak;

	(void)state;
	assert_int_equal(audit_pool(stage->control, web->pool, "web", &leak), AUDIT_STALLED);
	quota_read(stage->map, web->pool, &view);
	assert_int_equal(view.audits, 0);
	stage_close(stage);
}

static uint64_t audits_of(const struct stage *stage, uint32_t pool)
{
	struct quota_view view;

	quota_read(stage->map, pool, &view);
	return view.audits;
}

/* Once an hour, but for those that find the thread asleep: so after some hours, each at least once.
 */
static void an_hour_sees_what_counts_requests_too(void **state)
{
	struct stage *stage = stage_run(config);
	struct audits *audits = &stage->control->audits;
	uint32_t pool = stage_vserver(stage, "asked")->requests.pool;
	uint32_t all;
	pthread_t thread;

	(void)state;
	assert_int_equal(stage_do(stage, "set spillover param -maxClient 9"), 0);
	stage_play_engines(stage);
	all = stage->control->runtime.clients.pool;
	assert_true(pool != QUOTA_NONE && all != QUOTA_NONE);
	thread = begin_turns(stage);
	for (unsigned i = 0; audits_of(stage, pool) == 0 || audits_of(stage, all) == 0; i++) {
		audits->timer.fire(&audits->timer);
		assert_true(i < 100000);
	}
	end_turns(thread);
	stage_close(stage);
}

static void an_hour_sees_each_limit_once(void **state)
{
	struct stage *stage = stage_run(config);
	struct audits *audits = &stage->control->audits;
	pthread_t thread = begin_turns(stage);
	struct quota_view a, b, web, open;

	(void)state;
	for (unsigned i = 0; audits->next > 0 || i == 0; i++) {
		audits->timer.fire(&audits->timer);
		assert_true(i < 1000);
	}
	end_turns(thread);
	quota_read(stage->map, stage_service(stage, "a")->entry.pool, &a);
	quota_read(stage->map, stage_service(stage, "b")->entry.pool, &b);
	quota_read(stage->map, stage_vserver(stage, "web")->entry.pool, &web);
	quota_read(stage->map, stage_vserver(stage, "free")->entry.pool, &open);
	assert_in_range(a.audits + web.audits, 1, 2); /* one may have found the thread asleep */
	assert_int_equal(b.audits + open.audits, 0);
	assert_true(timer_is_armed(&audits->timer));
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_when_all_have_turned),
		cmocka_unit_test(does_not_wait_for_ever),
		cmocka_unit_test(an_hour_sees_each_limit_once),
		cmocka_unit_test(an_hour_sees_what_counts_requests_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
