/* SPDX-License-Identifier: Apache-2.0
 * Promised: what is on its way out is named with the end of its delay, and goes on its way again,
 * for what is left of it, with who reads that; what is out, or whose time is over, is out.
 */
#include "control/leaving.h"

#include "os/clock.h"
#include "stage.h"

static const char *const config = "add server host 127.0.0.1\n"
				  "add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
				  "add service b 127.0.0.1 HTTP 9002 -healthMonitor NO\n"
				  "add service \"my c\" host HTTP 9003 -healthMonitor NO\n"
				  "add serviceGroup g HTTP -healthMonitor NO\n"
				  "bind serviceGroup g host 9004\n"
				  "bind serviceGroup g 127.0.0.1 9005\n";

/* As the next data process would begin with it; the first ends. */
static struct stage *next_of(struct stage *stage, const char *more)
{
	struct stage *next;
	struct text kept = TEXT_EMPTY;

	leaving_print(stage->control, &kept);
	text_add(&kept, str_of(more));
	stage_close(stage);
	next = stage_open(config);
	text_free(&next->answer);
	leaving_read(next->control, text_str(&kept));
	next->answer = kept;
	control_publish(next->control);
	return next;
}

static enum service_state state_of(struct stage *stage, const char *name)
{
	struct runtime *runtime = &stage->control->runtime;

	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL &&
		    strcmp(runtime->services[id]->entry.name, name) == 0)
			return runtime->services[id]->state;
	fail_msg("there is no %s", name);
	return STATE_UNKNOWN;
}

static void goes_on_its_way(void **state)
{
	struct stage *stage = stage_run(config), *next;

	(void)state;
	assert_int_equal(stage_do(stage, "disable service a 3600"), 0);
	assert_int_equal(stage_do(stage, "disable service b"), 0);
	assert_int_equal(stage_do(stage, "disable service \"my c\" 50 -graceFul NO"), 0);
	assert_int_equal(
		stage_do(stage, "disable serviceGroup g 127.0.0.1 9005 -delay 70 -graceFul NO"), 0);
	next = next_of(stage, "");
	stage_must_say(next, " NO disable service \"my c\"\n");
	stage_must_say(next, " NO disable serviceGroup g 127.0.0.1 9005\n");
	assert_null(strstr(next->answer.at, "disable service b"));
	assert_int_equal(state_of(next, "a"), STATE_LEAVING);
	assert_int_equal(state_of(next, "my c"), STATE_LEAVING);
	assert_int_equal(state_of(next, "g?127.0.0.1?9005"), STATE_LEAVING);
	assert_int_equal(state_of(next, "g?host?9004"), STATE_UP);
	assert_in_range(stage_service(next, "my c")->way.delay_s, 1, 50);
	assert_in_range(stage_service(next, "a")->way.delay_s, 3000, 3600);
	stage_close(next);
}

static void a_server_takes_its_services_with_it(void **state)
{
	struct stage *stage = stage_run(config), *next;

	(void)state;
	assert_int_equal(stage_do(stage, "disable server host 600"), 0);
	next = next_of(stage, "");
	assert_int_equal(state_of(next, "my c"), STATE_LEAVING);
	assert_int_equal(state_of(next, "g?host?9004"), STATE_LEAVING);
	assert_int_equal(state_of(next, "a"), STATE_UP);
	stage_close(next);
}

static void what_is_over_or_strange_is_passed_over(void **state)
{
	struct stage *stage = stage_run(config), *next;

	(void)state;
	next = next_of(stage, "# leaving 1 NO disable service a\n# leaving\n# leaving x y z\n"
			      "# leaving 0 YES disable service nobody\n");
	assert_int_equal(state_of(next, "a"), STATE_UP);
	stage_close(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_its_way),
		cmocka_unit_test(a_server_takes_its_services_with_it),
		cmocka_unit_test(what_is_over_or_strange_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
