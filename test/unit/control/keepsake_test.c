/* SPDX-License-Identifier: Apache-2.0
 * Promised: there is no file until something needs it; then it is for its owner only, and the next
 * appliance has the secret of the cookies and holds out who was held out; garbage is passed over,
 * and replaced.
 */
#include "control/keepsake.h"

#include "persist/persist.h"
#include "stage.h"

#include <sys/stat.h>

static const char *const cookies =
	"add lb vserver web HTTP 0.0.0.0 0 -persistenceType COOKIEINSERT\n";
static const char *const held = "add lb vserver spare HTTP 0.0.0.0 0\n"
				"add lb vserver web HTTP 0.0.0.0 0 -disablePrimaryOnDown ENABLED "
				"-backupVServer spare\n";

static struct persist *table;
static char state_path[80];

static int set_up(void **state)
{
	(void)state;
	table = persist_new(64);
	snprintf(state_path, sizeof(state_path), "/tmp/control_test.%d.conf.state", (int)getpid());
	return table == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	persist_free(table);
	unlink(state_path);
	return 0;
}

/* The stage has no table of its own. */
static struct stage *run(const char *config)
{
	struct stage *stage = stage_run(config);

	stage->control->setup.persist = table;
	keepsake_read(stage->control);
	keepsake_write(stage->control);
	return stage;
}

static void only_when_it_is_needed(void **state)
{
	struct stage *stage = run("add lb vserver web HTTP 0.0.0.0 0\n");
	struct stat status;

	(void)state;
	assert_false(file_exists(state_path));
	assert_int_equal(stage_do(stage, "set lb vserver web -persistenceType COOKIEINSERT"), 0);
	assert_int_equal(stat(state_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	stage_close(stage);
}

static void the_secret_is_the_same(void **state)
{
	struct sip_key before = *persist_secret(table);

	(void)state;
	stage_close(run(cookies));
	persist_free(table);
	table = persist_new(64);
	assert_memory_not_equal(&before, persist_secret(table), sizeof(before));
	stage_close(run(cookies));
	assert_memory_equal(&before, persist_secret(table), sizeof(before));
}

static void held_out_stays_so(void **state)
{
	struct stage *stage = run(held);

	(void)state;
	stage_vserver(stage, "web")->is_held_out = true;
	keepsake_write(stage->control);
	stage_close(stage);
	stage = run(held);
	assert_true(stage_vserver(stage, "web")->is_held_out);
	stage_vserver(stage, "web")->is_held_out = false;
	keepsake_write(stage->control);
	stage_close(stage);
	stage = run(held);
	assert_false(stage_vserver(stage, "web")->is_held_out);
	stage_close(stage);
}

static void garbage_is_passed_over(void **state)
{
	static const char *const garbage[] = { "\x01\x02garbage", "# cookie secret 12\n",
					       "# cookie secret 0123456789abcdefX123456789abcdef\n",
					       "# held out", "\n\n\n" };
	struct sip_key before = *persist_secret(table);
	struct text content = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		assert_int_equal(file_write(state_path, str_of(garbage[i])), 0);
		stage_close(run(cookies));
		assert_memory_equal(&before, persist_secret(table), sizeof(before));
	}
	assert_int_equal(file_read(state_path, 1000, &content), 0);
	assert_non_null(strstr(content.at, "# cookie secret "));
	text_free(&content);
}

static void a_folder_in_its_place_changes_nothing(void **state)
{
	struct stage *stage;

	(void)state;
	assert_int_equal(mkdir(state_path, 0700), 0);
	stage = run(cookies);
	assert_true(stage->control->keepsake_failed);
	assert_int_equal(stage_do(stage, "add lb vserver other HTTP 0.0.0.0 0"), 0);
	stage_close(stage);
	assert_int_equal(rmdir(state_path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_when_it_is_needed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_secret_is_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(held_out_stays_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(garbage_is_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_in_its_place_changes_nothing, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
