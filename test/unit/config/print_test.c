/* SPDX-License-Identifier: Apache-2.0
 * What is printed loads without a fault and prints the same again, to the byte; with defaults it
 * says everything.
 */
#include "config/print.h"

#include "scene.h"

static void print(const struct config *config, bool with_defaults, struct text *text)
{
	text_cut(text, 0);
	text_add(text, STR(""));
	print_config(config, with_defaults, text);
}

static void check_round(const struct config *config, bool with_defaults)
{
	struct text first = TEXT_EMPTY, second = TEXT_EMPTY;
	struct config *again = config_new();
	struct report report = REPORT_EMPTY;

	print(config, with_defaults, &first);
	if (!config_load(again, text_str(&first), &report)) {
		report_print(&report, NULL, &second);
		fail_msg("%s", second.at);
	}
	print(again, with_defaults, &second);
	assert_string_equal(first.at, second.at);
	report_free(&report);
	config_free(again);
	text_free(&first);
	text_free(&second);
}

static void test_whole_appliance(void **state)
{
	struct scene *scene = *state;

	assert_true(config_load_file(scene->config, TEST_DATA "/appliance.conf", &scene->report));
	check_round(scene->config, false);
	check_round(scene->config, true);
}

/* Names and texts of every kind survive. */
static void test_quoting(void **state)
{
	struct scene *scene = *state;

	scene_good(scene,
		   "add server \"two words\" 10.0.0.1 -comment \"a\\\"b\\\\c'd\\n\\x01\"\n"
		   "add server \"-dash\" 10.0.0.2\nadd server \"#hash\" 10.0.0.3\n"
		   "add server \"q/x/\" 10.0.0.4\nadd server \"a[1-2]\" 10.0.0.5\n"
		   "add service \"s s\" \"two words\" HTTP 80\n"
		   "add lb vserver \"v v\" HTTP 10.1.0.1 80\nbind lb vserver \"v v\" \"s s\"\n"
		   "add cs vserver \"c c\" HTTP 10.1.0.2 80\n"
		   "add responder policy p q{HTTP.REQ.URL.EQ(\"/a b\")} RESET\n");
	scene_has(scene, "add server \"two words\" 10.0.0.1 -comment \"a\\\"b\\\\c'd\\n\\x01\"\n");
	scene_has(scene, "bind lb vserver \"v v\" \"s s\"\n");
	scene_has(scene, "add responder policy p \"HTTP.REQ.URL.EQ(\\\"/a b\\\")\" RESET\n");
	check_round(scene->config, false);
}

/* However long the chain of backups, and in whatever order it was made. */
static void test_backup_order(void **state)
{
	struct scene *scene = *state;
	struct text line = TEXT_EMPTY;

	scene_good(scene, "add lb vserver v[0-199] HTTP\n");
	for (unsigned i = 0; i < 199; i++) {
		text_cut(&line, 0);
		text_print(&line, "set lb vserver v%u -backupVServer v%u\n", i, i + 1);
		scene_good(scene, line.at);
	}
	scene_bad(scene, "set lb vserver v199 -backupVServer v0", "closes a loop");
	check_round(scene->config, false);
	text_free(&line);
}

static void test_defaults(void **state)
{
	struct scene *scene = *state;
	struct text text = TEXT_EMPTY;

	scene_good(scene, "add lb vserver v TCP 10.0.0.1 80 -lbMethod LEASTCONNECTION\n");
	scene_has(scene, "\nadd lb vserver v TCP 10.0.0.1 80\n");
	print_object(config_find(scene->config, KIND_VSERVER, STR("v")), true, &text);
	assert_non_null(strstr(text.at, " -lbMethod LEASTCONNECTION "));
	assert_non_null(strstr(text.at, " -cltTimeout 9000 "));
	assert_null(strstr(text.at, "soThreshold"));
	text_free(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_whole_appliance),
		SCENE_TEST(test_quoting),
		SCENE_TEST(test_backup_order),
		SCENE_TEST(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
