/* SPDX-License-Identifier: Apache-2.0
 * The options of a virtual server: their defaults, and what is known but has no effect yet says so.
 */
#include "scene.h"

static const char base[] = "add lb vserver spare HTTP 0.0.0.0 0\n"
			   "add lb vserver web HTTP 10.0.0.1 80 -soMethod CONNECTION -soThreshold "
			   "100 -backupVServer spare\n";

static void test_not_yet(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_warns(scene, "set lb vserver web -persistenceType CALLID", "by itself");
	scene_warns(scene, "set lb vserver web -lbMethod CUSTOMLOAD",
		    "least loaded service is taken");
	scene_warns(scene, "add lb vserver s SSL 10.0.0.1 443", "left out of the traffic");
	scene_good(scene, "unset lb vserver web -persistenceType -timeout -lbMethod\n");
	scene_has_not(scene, "persistenceType");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_not_yet) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
