/* SPDX-License-Identifier: Apache-2.0
 * Promised: who served what a virtual server spilled is shown by name, over all engines, also after
 * it was renamed or has left the chain; -clearstats begins anew.
 */
#include "control/show.h"

#include "stage.h"

static void shown(void **state)
{
	struct stage *stage = stage_run("add lb vserver last TCP\n"
					"add lb vserver spare TCP -backupVServer last\n"
					"add lb vserver web TCP -backupVServer spare\n");
	const struct config *config = stage->control->config;
	struct runtime_vserver *web = runtime_vserver(
		&stage->control->runtime, config_find(config, KIND_VSERVER, STR("web"))->uid);
	struct destination *last = web->destinations.first->next;

	(void)state;
	stat_add(&last->stats[0].clients, 3);
	stat_add(&last->stats[1].clients, 4);
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage,
		       "spilled over to: spare (DOWN), 0\n\tspilled over to: last (DOWN), 7");
	assert_int_equal(stage_do(stage, "rename lb vserver last end"), 0);
	assert_int_equal(stage_do(stage, "unset lb vserver spare -backupVServer"), 0);
	assert_int_equal(stage_do(stage, "stat lb vserver web -clearstats full"), 0);
	stage_must_say(stage, "Spilled over to end: 7\n");
	stat_add(&last->stats[0].clients, 1);
	assert_int_equal(stage_do(stage, "stat lb vserver web"), 0);
	stage_must_say(stage, "Spilled over to end: 1\n");
	assert_int_equal(stage_do(stage, "rm lb vserver end"), 0);
	assert_int_equal(stage_do(stage, "stat lb vserver web"), 0);
	assert_null(strstr(stage->answer.at, "Spilled over to end"));
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
