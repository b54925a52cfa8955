/* SPDX-License-Identifier: Apache-2.0
 * What is kept by difference is what a count of all services would find, whatever changes, and in
 * whatever order.
 */
#include "control/muster.h"

#include "control/news.h"

#include "stage.h"

static const char *const names[] = { "a", "b", "c", "d" };

static const char *const config =
	"add service a 127.0.0.1 TCP 9001 -healthMonitor NO\n"
	"add service b 127.0.0.1 TCP 9002 -healthMonitor NO -maxClient 5\n"
	"add service c 127.0.0.1 TCP 9003 -healthMonitor NO -maxClient 7\n"
	"add service d 127.0.0.1 TCP 9004 -healthMonitor NO -maxClient 9\n"
	"add lb vserver one TCP 0.0.0.0 0\n"
	"add lb vserver two TCP 0.0.0.0 0\n"
	"bind lb vserver one a\nbind lb vserver one b\n"
	"bind lb vserver two b\nbind lb vserver two c\n"
	"bind lb vserver two d\n";

static void assert_counted(struct stage *stage, const char *name, unsigned first, unsigned last)
{
	const struct muster *muster = &stage_vserver(stage, name)->muster;
	unsigned up = 0, serving = 0, in_service = 0;
	int64_t capacity = 0;

	for (unsigned i = first; i <= last; i++) {
		const struct runtime_service *service = stage_service(stage, names[i]);
		bool is_up = service->state == STATE_UP;

		up += is_up;
		serving += service->is_up;
		in_service += service->state != STATE_OUT;
		if (is_up && (service->plan->max_client == 0 || capacity < 0))
			capacity = -1;
		else if (is_up)
			capacity += service->plan->max_client;
	}
	assert_int_equal(muster->up, up);
	assert_int_equal(muster->serving, serving);
	assert_int_equal(muster->in_service, in_service);
	assert_int_equal(muster_capacity(muster), capacity);
}

static void say(struct stage *stage, unsigned number, bool is_well)
{
	struct runtime_service *service = stage_service(stage, names[number]);

	service->is_judged = true;
	service->is_well = is_well;
	news_heard(stage->control, service, state_settle(service));
}

static void command(struct stage *stage, unsigned number, unsigned what)
{
	static const char *const verbs[] = { "enable service %s", "disable service %s",
					     "disable service %s -graceFul YES",
					     "set service %s -maxClient 3" };
	char line[64];

	snprintf(line, sizeof(line), verbs[what], names[number]);
	assert_int_equal(stage_do(stage, line), 0);
	stage_turns(stage, 30); /* what leaves has nobody, and is out */
}

static void differences_sum_up(void **state)
{
	struct stage *stage = stage_run(config);
	unsigned luck = 1;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		luck = luck * 1103515245 + 12345;
		if (i % 8 == 0)
			command(stage, luck >> 20 & 3, luck >> 24 & 3);
		else
			say(stage, luck >> 20 & 3, luck >> 24 & 1);
		assert_counted(stage, "one", 0, 1);
		assert_counted(stage, "two", 1, 3);
	}
	stage_close(stage);
}

static void one_without_a_limit_is_enough(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(muster_capacity(&stage_vserver(stage, "one")->muster), PLAN_UNLIMITED);
	assert_int_equal(muster_capacity(&stage_vserver(stage, "two")->muster), 21);
	say(stage, 0, false);
	assert_int_equal(muster_capacity(&stage_vserver(stage, "one")->muster), 5);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_sum_up),
		cmocka_unit_test(one_without_a_limit_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
