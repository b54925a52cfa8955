/* SPDX-License-Identifier: Apache-2.0
 * Lists, versions, the running configuration, and things that are not there.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 9001 -healthMonitor NO -maxClient 30\n"
	"add service b 127.0.0.1 HTTP 9002 -healthMonitor NO -maxClient 12\n"
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod DYNAMICCONNECTION\n"
	"bind lb vserver web a\n"
	"bind lb vserver web b\n";

static void lists_and_objects(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "show service"), 0);
	stage_must_say(stage, "1) a ");
	stage_must_say(stage, "2) b ");
	assert_int_equal(stage_do(stage, "show server"), 0);
	assert_int_equal(stage_do(stage, "show lb monitor"), 0);
	stage_must_say(stage, "tcp-default");
	assert_int_equal(stage_do(stage, "show lb vserver nobody"), 1);
	stage_must_say(stage, "nobody");
	stage_close(stage);
}

static void about_the_appliance(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "show ns runningConfig"), 0);
	stage_must_say(stage, "add service a 127.0.0.1 HTTP 9001 -maxClient 30");
	assert_int_equal(stage_do(stage, "show ns version"), 0);
	stage_must_say(stage, SPILLWAY_VERSION);
	assert_int_equal(stage_do(stage, "show ns config"), 0);
	stage_must_say(stage, "saved: yes");
	assert_int_equal(stage_do(stage, "SHOW  engines"), 1); /* one blank, as written */
	assert_int_equal(stage_do(stage, "Show Engines"), 0);
	stage_must_say(stage, "engines: 2");
	assert_int_equal(stage_do(stage, "show names lb vserver"), 0);
	assert_int_equal(stage_do(stage, "show names service"), 0);
	stage_must_say(stage, "a\n");
	assert_int_equal(stage_do(stage, "show names nonsense"), 1);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lists_and_objects),
					    cmocka_unit_test(about_the_appliance) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
