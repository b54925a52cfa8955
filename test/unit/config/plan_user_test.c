/* SPDX-License-Identifier: Apache-2.0
 * Every service knows the virtual servers that use it, by itself or as a member of a group.
 */
#include "config/plan_user.h"

#include "scene.h"

static void test_users(void **state)
{
	struct scene *scene = *state;
	const struct plan_service *services;
	struct plan *plan;

	scene_good(scene, "add server a 10.0.0.1\n"
			  "add service s a HTTP 80\nadd service alone a HTTP 81\n"
			  "add serviceGroup g HTTP\nbind serviceGroup g a 82\n"
			  "add lb vserver v HTTP 10.1.0.1 80\nadd lb vserver w HTTP 10.1.0.2 80\n"
			  "bind lb vserver v s\nbind lb vserver w g\nbind lb vserver w s\n");
	plan = plan_new(scene->config);
	services = plan->services;
	assert_int_equal(plan->service_count, 3);
	assert_int_equal(services[0].user_count, 2);
	assert_string_equal(plan->vservers[services[0].users[0]].name.at, "v");
	assert_string_equal(plan->vservers[services[0].users[1]].name.at, "w");
	assert_int_equal(services[1].user_count, 0);
	assert_int_equal(services[2].user_count, 1);
	assert_string_equal(plan->vservers[services[2].users[0]].name.at, "w");
	plan_free(plan);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_users) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
