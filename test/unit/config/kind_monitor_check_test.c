/* SPDX-License-Identifier: Apache-2.0
 * What options of a monitor cannot stand together is refused, with the reason.
 */
#include "config/kind_monitor_check.h"

#include "scene.h"

static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m HTTP\n");
	scene_bad(scene, "set lb monitor m HTTP -respCode 20", "no status code");
	scene_bad(scene, "set lb monitor m HTTP -respCode 300-200", "no status code");
	scene_bad(scene, "set lb monitor m HTTP -interval 1 -resptimeout 1", "below -interval");
	scene_bad(scene, "set lb monitor m HTTP -failureRetries 4", "above -retries");
	scene_bad(scene, "set lb monitor m HTTP -transparent YES", "not done");
	scene_bad(scene, "set lb monitor m HTTP -ipTunnel YES", "not done");
	scene_bad(scene, "set lb monitor m HTTP -tos YES", "not done");
	scene_good(scene, "set lb monitor m HTTP -transparent NO -ipTunnel NO -tos NO\n");
	scene_bad(scene, "add lb monitor e TCP-ECV -trofsstring bye", "-trofsstring needs -recv");
}

/* What means nothing to a type is kept and said. */
static void test_no_use(void **state)
{
	struct scene *scene = *state;

	scene_warns(scene, "add lb monitor t TCP -recv x",
		    "-recv has no effect on a monitor of type TCP");
	scene_has(scene, "\nadd lb monitor t TCP -recv x\n");
	scene_warns(scene, "add lb monitor p PING -destPort 80", "-destPort has no effect");
	scene_warns(scene, "add lb monitor q TCP -LRTM DISABLED -deviation 5",
		    "no average is learned");
	scene_warns(scene, "add lb monitor h HTTP -action LOG", "-action has no effect");
	scene_warns(scene, "add lb monitor u USER -scriptName nsftp.pl", "begins with /");
	scene_warns(scene, "add lb monitor v USER -scriptName /x -dispatcherIP 127.0.0.1",
		    "programs are run without a dispatcher");
	scene_good(scene, "add lb monitor d DNS-TCP -query a.b\nadd lb monitor l LDNS-DNS -query "
			  "a.b -destPort 54\n"
			  "add lb monitor i HTTP-INLINE -action NONE -trofscode 503\n"
			  "add lb monitor w USER -scriptName /x -scriptArgs y\n"
			  "unset lb monitor t TCP -recv\n");
}

static void test_secure(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor m HTTP -secure YES\nadd lb monitor n LDAP -secure YES\n");
	scene_has(scene, "\nadd lb monitor m HTTP -secure YES\n");
	scene_bad(scene, "add lb monitor o PING -secure YES", "not for PING");
	scene_bad(scene, "add lb monitor o MYSQL -secure YES", "not for MYSQL");
	/* Some of the built-in ones are by themselves, and that can be changed. */
	scene_good(scene, "set lb monitor https HTTP -secure YES\n");
	scene_has_not(scene, "monitor https");
	scene_good(scene, "set lb monitor https HTTP -secure NO\n");
	scene_has(scene, "\nset lb monitor https HTTP -secure NO\n");
	scene_good(scene, "unset lb monitor https HTTP -secure\n");
	scene_has_not(scene, "monitor https");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_bad), SCENE_TEST(test_no_use),
						   SCENE_TEST(test_secure) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
