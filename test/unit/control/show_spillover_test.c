/* SPDX-License-Identifier: Apache-2.0
 * What an operator reads of the pools with `show spillover`, of one virtual server or of all, and
 * that a name that is not there is an error.
 */
#include "stage.h"

static const char *const config =
	"add lb vserver web HTTP 0.0.0.0 0 -soMethod CONNECTION -soThreshold 7\n"
	"add lb vserver free HTTP 0.0.0.0 0\n";

static void audit(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	/* Its engines do not turn. */
	assert_int_equal(stage_do(stage, "show spillover audit"), 0);
	stage_must_say(stage, "web: not counted, an engine is busy");
	stage_must_say(stage, "free: no limit");
	assert_int_equal(stage_do(stage, "show spillover audit free"), 0);
	assert_false(stage_said(stage, "web"));
	assert_int_equal(stage_do(stage, "show spillover audit nobody"), 1);
	stage_must_say(stage, "ERROR: there is no lb vserver nobody");
	stage_close(stage);
}

/* The limits that are rates have no units to count, and say what they are. */
static void audit_of_a_rate(void **state)
{
	struct stage *stage = stage_run(
		"add lb vserver wide HTTP 0.0.0.0 0 -soMethod BANDWIDTH -soThreshold 8\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show spillover audit"), 0);
	stage_must_say(stage,
		       "wide: rate 1000 bytes a second  at once 65536  passed 0  refusals 0");
	assert_false(stage_said(stage, "no limit"));
	stage_close(stage);
}

static void events(void **state)
{
	struct stage *stage = stage_run(config);
	uint32_t pool = stage_vserver(stage, "web")->entry.pool;
	struct quota_core *core = quota_core_new(stage->map, 0);

	(void)state;
	while (quota_take(core, pool) == QUOTA_OK)
		continue;
	quota_note_spill(core, pool, quota_why(core));
	assert_int_equal(stage_do(stage, "set lb vserver web -soThreshold 5"), 0);
	assert_int_equal(stage_do(stage, "show spillover events web"), 0);
	stage_must_say(stage, "  web  control: opened");
	stage_must_say(stage, "  web  control: limit 7\n");
	stage_must_say(stage, "  web  engine 0: spilled 1 (full)\n");
	stage_must_say(stage, "  web  control: limit 5\n");
	stage_must_say(stage, "  web  control: debt 2\n");
	assert_false(stage_said(stage, "  free  "));
	assert_int_equal(stage_do(stage, "show spillover events"), 0);
	stage_must_say(stage, "  free  control: opened");
	assert_int_equal(stage_do(stage, "show spillover events nobody"), 1);
	quota_core_free(core);
	stage_close(stage);
}

static void names_are_quoted_as_everywhere(void **state)
{
	struct stage *stage = stage_run(
		"add lb vserver \"my web\" HTTP 0.0.0.0 0 -soMethod REQUEST -soThreshold 7\n"
		"add lb vserver my HTTP 0.0.0.0 0 -soMethod CONNECTION -soThreshold 5\n");

	(void)state;
	assert_int_equal(stage_do(stage, "show spillover audit \"my web\""), 0);
	stage_must_say(stage, "my web: not counted");
	assert_int_equal(stage_do(stage, "SHOW  Spillover audit 'my web' "), 0);
	stage_must_say(stage, "my web: not counted");
	/* All its pools: that of the requests, too. */
	assert_int_equal(stage_do(stage, "show spillover events \"my web\""), 0);
	stage_must_say(stage, "  my web  control: limit 7");
	assert_false(stage_said(stage, "limit 5"));
	assert_int_equal(stage_do(stage, "show spillover events my web"), 1);
	stage_must_say(stage, "ERROR: column 26: one name at most; a name with blanks is quoted");
	assert_int_equal(stage_do(stage, "show spillover events \"my web"), 1);
	stage_must_say(stage, "ERROR: column 23");
	stage_close(stage);
}

static void others_are_the_references(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	assert_int_equal(stage_do(stage, "show spillover policy"), 0);
	assert_int_equal(stage_do(stage, "show spillover nonsense"), 1);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(audit),
		cmocka_unit_test(audit_of_a_rate),
		cmocka_unit_test(events),
		cmocka_unit_test(names_are_quoted_as_everywhere),
		cmocka_unit_test(others_are_the_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
