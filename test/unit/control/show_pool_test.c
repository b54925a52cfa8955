/* SPDX-License-Identifier: Apache-2.0
 * Every number of a pool is told of the whole and of each engine, and the engines make the whole;
 * so is the pool of a resource that is not the client connections.
 */
#include "control/show.h"

#include "stage.h"

static const char *const config = "add lb vserver web HTTP 0.0.0.0 0 -soMethod CONNECTION "
				  "-soThreshold 100 -soQuotaMode PATENT\n"
				  "add lb vserver api HTTP 0.0.0.0 0 -soMethod REQUEST "
				  "-soThreshold 40\n";

/* 40 for each engine, 20 shared in batches of 2: engine 0 takes 60 and spills 4 while engine 1
 * keeps 37 that nobody asks for. */
static void play(struct quota_core **cores, uint32_t pool)
{
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(quota_take(cores[1], pool), QUOTA_OK);
	for (unsigned i = 0; i < 64; i++)
		if (quota_take(cores[0], pool) == QUOTA_FULL)
			quota_note_spill(cores[0], pool, quota_why(cores[0]));
}

static void the_whole_and_its_engines(void **state)
{
	struct stage *stage = stage_run(config);
	struct quota_core *cores[STAGE_ENGINES];

	(void)state;
	for (unsigned i = 0; i < STAGE_ENGINES; i++)
		cores[i] = quota_core_new(stage->map, i);
	play(cores, stage_vserver(stage, "web")->entry.pool);
	assert_int_equal(stage_do(stage, "stat lb vserver web -detail"), 0);
	stage_must_say(stage, "\tLimit: 100\n\tFree: 37\n\tNot dealt out: 0\n");
	stage_must_say(stage, "\tEngines that keep uses: 2\n");
	stage_must_say(stage, "\tUsed: 63\n");
	stage_must_say(stage, "\tAdmitted: 63\n");
	stage_must_say(stage, "\t\tengine 0 Admitted: 60\n");
	stage_must_say(stage, "\t\tengine 0 Peak of an engine: 60\n");
	stage_must_say(stage, "\t\tengine 0 Admitted by its own: 50\n");
	stage_must_say(stage, "\t\tengine 0 Admitted by sharing: 10\n");
	stage_must_say(stage, "\t\tengine 0 Shared changes: 10\n");
	stage_must_say(stage, "\t\tengine 1 Admitted by its own: 3\n");
	stage_must_say(stage, "\tPremature spills: 4\n\tStranded at spills: 148\n");
	stage_must_say(stage, "\t\tengine 0 Premature spills: 4\n");
	stage_must_say(stage, "\t\tengine 1 Premature spills: 0\n");
	stage_must_say(stage, "\tSpillover: NORMAL\n");
	assert_int_equal(stage_do(stage, "show lb vserver web"), 0);
	stage_must_say(stage, "engine  exclusive       used   borrowed       idle       peak");
	stage_must_say(stage, "     0         40         60         20          0         60\n");
	for (unsigned i = 0; i < STAGE_ENGINES; i++)
		quota_core_free(cores[i]);
	stage_close(stage);
}

static void a_pool_of_requests(void **state)
{
	struct stage *stage = stage_run(config);
	struct quota_core *core = quota_core_new(stage->map, 1);

	(void)state;
	assert_int_equal(quota_take(core, stage_vserver(stage, "api")->requests.pool), QUOTA_OK);
	assert_int_equal(stage_do(stage, "stat lb vserver api"), 0);
	stage_must_say(stage, "\tAdmitted of requests in flight: 1\n");
	assert_false(stage_said(stage, "engine 1"));
	assert_int_equal(stage_do(stage, "stat lb vserver api -detail"), 0);
	stage_must_say(stage, "\t\tengine 1 Admitted of requests in flight: 1\n");
	stage_must_say(stage, "\t\tengine 0 Admitted of requests in flight: 0\n");
	quota_core_free(core);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_whole_and_its_engines),
					    cmocka_unit_test(a_pool_of_requests) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
