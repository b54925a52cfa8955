/* SPDX-License-Identifier: Apache-2.0
 * A file applies what is right and reports every line that is not; a change counts once; what
 * changes nothing is told apart.
 */
#include "config/config.h"

#include "scene.h"

#include <unistd.h>

static const char issue[] =
	"add service a1 127.0.0.1 HTTP 9001 -maxClient 100\n"
	"add service a2 127.0.0.1 HTTP 9002 -maxClient 100\n"
	"add service b1 127.0.0.1 HTTP 9003\n"
	"add lb vserver spare HTTP 0.0.0.0 0\n"
	"add lb vserver web HTTP 127.0.0.1 8080 -lbMethod LEASTCONNECTION -soMethod CONNECTION "
	"-soThreshold 100 -backupVServer spare\n"
	"bind lb vserver web a1\n"
	"bind lb vserver web a2\n"
	"bind lb vserver spare b1\n"
	"add service t1 127.0.0.1 TCP 9101\n"
	"add lb vserver tcp1 TCP 127.0.0.1 8081 -lbMethod ROUNDROBIN\n"
	"bind lb vserver tcp1 t1\n";

static void test_issue(void **state)
{
	struct scene *scene = *state;

	assert_true(config_load(scene->config, str_of(issue), &scene->report));
	assert_int_equal(scene->report.count, 0);
	assert_int_equal(config_generation(scene->config), 11);
	assert_int_equal(config_count(scene->config, KIND_SERVICE), 4);
	assert_int_equal(config_count(scene->config, KIND_VSERVER), 3);
}

static void test_every_bad_line(void **state)
{
	struct scene *scene = *state;

	assert_false(config_load(scene->config,
				 STR("\r\n# note\nadd service a 10.0.0.1 HTTP 80\r\n"
				     "add service a 10.0.0.1 HTTP 80\n"
				     "add service b 10.0.0.1 HTTP port\n"
				     "show service a\n"
				     "exit\n"
				     "add service c 10.0.0.1 HTTP 81"),
				 &scene->report));
	assert_int_equal(scene->report.faults, 2);
	assert_int_equal(scene->report.entries[0].line, 4);
	assert_int_equal(scene->report.entries[1].line, 5);
	assert_int_equal(scene->report.entries[1].column, 29);
	assert_int_equal(scene->report.entries[2].line, 6);
	assert_int_equal(scene->report.entries[2].level, REPORT_WARNING);
	assert_int_equal(config_count(scene->config, KIND_SERVICE), 2);
}

static void test_lines(void **state)
{
	struct scene *scene = *state;
	uint64_t before = config_generation(scene->config);

	assert_true(config_line(scene->config, STR(""), &scene->report));
	assert_true(config_line(scene->config, STR(" # x"), &scene->report));
	assert_true(config_line(scene->config, STR("exit"), &scene->report));
	assert_false(config_line(scene->config, STR("show service"), &scene->report));
	assert_false(config_line(scene->config, STR("clear lb vserver x"), &scene->report));
	assert_int_equal(config_generation(scene->config), before);
	assert_true(config_line(scene->config, STR("add server a ::1"), &scene->report));
	assert_int_equal(config_generation(scene->config), before + 1);
}

static void test_files(void **state)
{
	struct scene *scene = *state;

	assert_false(config_load_file(scene->config, TEST_DATA "/no such file", &scene->report));
	assert_non_null(strstr(scene_said(scene), "cannot be read"));
	assert_true(config_load_file(scene->config, TEST_DATA "/appliance.conf", &scene->report));
	assert_int_equal(scene->report.faults, 0);
}

/* Some editors begin a file with the mark of UTF-8. */
static void test_marked_file(void **state)
{
	static const char content[] = "\xef\xbb\xbf"
				      "add server x 10.0.0.1\r\n";
	struct scene *scene = *state;
	char path[] = "/tmp/config_test.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, sizeof(content) - 1), sizeof(content) - 1);
	close(fd);
	assert_true(config_load_file(scene->config, path, &scene->report));
	scene_has(scene, "\nadd server x 10.0.0.1\n");
	unlink(path);
}

static void test_walk(void **state)
{
	struct scene *scene = *state;
	const struct object *object;
	unsigned count = 0;

	scene_good(scene, issue);
	for (object = config_next(scene->config, KIND_SERVICE, NULL); object != NULL;
	     object = config_next(scene->config, KIND_SERVICE, object), count++)
		assert_ptr_equal(config_find_uid(scene->config, object->uid), object);
	assert_int_equal(count, 4);
	assert_non_null(config_find_target(scene->config, STR("a1")));
	assert_null(config_find_target(scene->config, STR("web")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_issue), SCENE_TEST(test_every_bad_line), SCENE_TEST(test_lines),
		SCENE_TEST(test_files), SCENE_TEST(test_marked_file),    SCENE_TEST(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
