/* SPDX-License-Identifier: Apache-2.0
 * A server is shown with its address, and one with a name with what is known of that.
 */
#include "stage.h"

static void test_show(void **state)
{
	struct stage *stage = stage_run("add server a 127.0.0.1\nadd server b b.example\n");

	(void)state;
	stage_turns(stage, 3);
	assert_int_equal(stage_do(stage, "show server"), 0);
	stage_must_say(stage, "1) a  127.0.0.1  ENABLED\n");
	stage_must_say(stage, "2) b  b.example (there is no dns nameServer)  ENABLED\n");
	assert_int_equal(stage_do(stage, "show server b"), 0);
	stage_must_say(stage, "\taddress: there is no dns nameServer\n");
	stage_must_say(stage, "\tdomainResolveRetry: 5\n");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_show) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
