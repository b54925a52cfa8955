/* SPDX-License-Identifier: Apache-2.0
 * Promised: who is held out is named, and held out again by who reads that; others are not.
 */
#include "control/held_out.h"

#include "stage.h"

static const char *const config = "add lb vserver spare HTTP 0.0.0.0 0\n"
				  "add lb vserver \"my web\" HTTP 0.0.0.0 0 -disablePrimaryOnDown "
				  "ENABLED -backupVServer spare\n"
				  "add lb vserver other HTTP 0.0.0.0 0 -backupVServer spare\n";

static struct runtime_vserver *vserver(struct stage *stage, const char *name)
{
	const struct object *object = config_find(stage->control->config, KIND_VSERVER,
						  str_of(name));

	assert_non_null(object);
	return runtime_vserver(&stage->control->runtime, object->uid);
}

static void there_and_back(void **state)
{
	struct stage *stage = stage_run(config);
	struct text text = TEXT_EMPTY;

	(void)state;
	held_out_print(stage->control, &text);
	assert_int_equal(text.length, 0);
	held_out_read(stage->control, STR("add something\n# held out my web\n# held out other\n"
					  "# held out nobody\n# held out"));
	assert_true(vserver(stage, "my web")->is_held_out);
	assert_false(vserver(stage, "other")->is_held_out);
	held_out_print(stage->control, &text);
	assert_string_equal(text.at, "# held out my web\n");
	text_free(&text);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
