/* SPDX-License-Identifier: Apache-2.0
 * A delay and -graceFul are read where they may stand; of two that are disabled at once wins.
 */
#include "config/leave.h"

#include "scene.h"

static struct leave leave_of(struct scene *scene, const char *service)
{
	return config_find(scene->config, KIND_SERVICE, str_of(service))->leave;
}

static void test_read(void **state)
{
	struct scene *scene = *state;
	struct leave leave;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80\ndisable service s 30 -graceFul YES\n");
	leave = leave_of(scene, "s");
	assert_int_not_equal(leave.uid, 0);
	assert_int_equal(leave.delay_s, 30);
	assert_true(leave.is_graceful);
	scene_good(scene, "disable service s 0 -graceFul NO\n");
	assert_int_equal(leave_of(scene, "s").uid, 0);
	scene_good(scene, "disable service s -graceFul YES\n");
	assert_true(leave_of(scene, "s").uid > leave.uid);
	scene_good(scene, "enable service s\n");
	assert_int_equal(leave_of(scene, "s").uid, 0);
}

/* What is refused changes nothing. */
static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add service s 10.0.0.1 HTTP 80\ndisable service s 30\n");
	scene_bad(scene, "disable service s five", "five is no delay");
	scene_bad(scene, "disable service s 1h", "1h is no delay");
	assert_int_equal(leave_of(scene, "s").delay_s, 30);
}

static void test_both(void **state)
{
	struct leave now = { 0 }, early = { .uid = 3, .delay_s = 5 }, late = { .uid = 9 };

	(void)state;
	assert_int_equal(leave_both(now, early).uid, 0);
	assert_int_equal(leave_both(late, now).uid, 0);
	assert_int_equal(leave_both(early, late).uid, 9);
	assert_int_equal(leave_both(late, early).uid, 9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_read), SCENE_TEST(test_bad),
						   SCENE_TEST(test_both) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
