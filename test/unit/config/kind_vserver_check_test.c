/* SPDX-License-Identifier: Apache-2.0
 * The rules of spillover: which options must and must not be there, what a backup may be, and that
 * a refusal changes nothing.
 */
#include "scene.h"

static const char base[] = "add lb vserver spare HTTP 0.0.0.0 0\n"
			   "add lb vserver web HTTP 10.0.0.1 80 -soMethod CONNECTION -soThreshold "
			   "100 -backupVServer spare\n";

static void test_threshold(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_bad(scene, "add lb vserver x HTTP 10.0.0.2 80 -soMethod CONNECTION",
		  "-soThreshold is missing");
	scene_bad(scene, "add lb vserver x HTTP 10.0.0.2 80 -soMethod BANDWIDTH",
		  "-soThreshold is missing");
	scene_bad(scene, "set lb vserver spare -soMethod HEALTH", "-soThreshold is missing");
	scene_bad(scene, "set lb vserver web -soMethod HEALTH -soThreshold 101", "1 to 100");
	scene_bad(scene, "set lb vserver web -soThreshold 0", "1 to 4294967287");
	scene_bad(scene, "set lb vserver web -soThreshold 4294967288", "1 to 4294967287");
	scene_bad(scene, "set lb vserver web -soMethod DYNAMICCONNECTION -soThreshold 5",
		  "must not be given with DYNAMICCONNECTION");
	scene_good(scene, "set lb vserver web -soMethod DYNAMICCONNECTION\n");
	scene_has(scene, "web HTTP 10.0.0.1 80 -soMethod DYNAMICCONNECTION -backupVServer spare\n");
	scene_bad(scene, "set lb vserver web -soMethod CONNECTION", "-soThreshold is missing");
	scene_good(scene, "set lb vserver web -soMethod CONNECTION -soThreshold 4294967287\n");
	scene_good(scene, "unset lb vserver web -soMethod\n");
	scene_good(scene, "set lb vserver web -soMethod REQUEST -soThreshold 5\n");
	scene_bad(scene, "add lb vserver t TCP 10.0.0.3 80 -soMethod REQUEST -soThreshold 5",
		  "count HTTP requests");
	scene_bad(scene, "set lb vserver web -soMethod SSLSESSION -soThreshold 5",
		  "counts TLS sessions");
	scene_good(scene, "set lb vserver web -soMethod BANDWIDTH -soThreshold 5\n");
	scene_good(scene, "set lb vserver web -soMethod REQUESTRATE -soThreshold 5\n");
	scene_bad(scene, "add lb vserver t TCP 10.0.0.3 80 -soMethod REQUESTRATE -soThreshold 5",
		  "count HTTP requests");
}

static void test_data(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "add lb vserver t TCP 10.0.0.3 80 -lbMethod TOKEN -dataOffset 4 "
			  "-dataLength 8\n");
	scene_has(scene, "-dataOffset 4 -dataLength 8");
	scene_bad(scene, "set lb vserver t -dataLength 101", "1 to 100");
	scene_bad(scene, "set lb vserver t -dataOffset 25401", "0 to 25400");
	scene_bad(scene, "unset lb vserver t -dataLength", "-dataLength is missing");
	scene_good(scene, "unset lb vserver t -dataLength -dataOffset\n");
	scene_bad(scene, "set lb vserver t -dataOffset 1", "-dataLength is missing");
	scene_bad(scene, "set lb vserver web -dataLength 8", "virtual servers of TCP");
}

static void test_deal(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "set lb vserver web -soExclusive 50%\n");
	scene_has(scene, "-soExclusive 50 ");
	scene_bad(scene, "set lb vserver web -soShared 5", "exclude one another");
	scene_bad(scene, "set lb vserver web -soExclusiveEach 5",
		  "web has -soExclusive and -soExclusiveEach");
	scene_bad(scene, "add lb vserver x HTTP 10.0.0.2 80 -soShared 5 -soExclusiveEach 5",
		  "exclude one another");
	scene_good(scene, "unset lb vserver web -soExclusive\nset lb vserver web -soShared 25%\n");
	scene_has(scene, "-soShared 25% ");
	scene_bad(scene, "set lb vserver web -soShared 101%", "or 0% to 100%");
	scene_bad(scene, "set lb vserver web -soExclusive 101%", "0 to 100");
	scene_good(scene, "set lb vserver web -soEngineThreshold 12 -soSharedThreshold 3%\n");
	scene_has(scene, "-soEngineThreshold 12 -soSharedThreshold 3% ");
	scene_good(scene, "set lb vserver web -soEngineThreshold 100% -soSharedThreshold 0\n");
	scene_has(scene, "-soShared 25% -backupVServer spare\n");
	/* What is printed with all defaults can be read again. */
	scene_good(scene,
		   "add lb vserver paced HTTP 10.0.0.1 83 -soMethod BANDWIDTH -soThreshold 50 "
		   "-soEngineThreshold 100%\n");
	scene_bad(scene, "set lb vserver paced -soEngineThreshold 12", "counts uses");
	scene_good(scene, "set lb vserver paced -soMethod HEALTH -soSharedThreshold 0\n");
	scene_bad(scene, "set lb vserver paced -soSharedThreshold 1", "has no pool");
}

static void test_backup(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "add lb vserver tcp TCP 10.0.0.1 81\n");
	scene_bad(scene, "set lb vserver web -backupVServer spar", "did you mean spare?");
	scene_bad(scene, "set lb vserver tcp -backupVServer spare", "one protocol family");
	scene_bad(scene, "set lb vserver web -backupVServer web", "loop: web -> web");
	scene_bad(scene, "set lb vserver spare -backupVServer web", "loop: spare -> web -> spare");
	scene_bad(scene, "rm lb vserver spare", "in use by lb vserver web");
	scene_good(scene, "rename lb vserver spare reserve\n");
	scene_has(scene, "-backupVServer reserve\n");
	scene_good(scene, "rm lb vserver web reserve\n");
	scene_has_not(scene, "reserve");
}

static void test_address(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_bad(scene, "add lb vserver x HTTP 10.0.0.1 80", "taken by lb vserver web");
	scene_bad(scene, "add lb vserver x HTTP 10.0.0.1", "port is missing");
	scene_bad(scene, "add lb vserver x HTTP 300.0.0.1 80", "300.0.0.1 is no IPAddress");
	scene_good(scene, "add lb vserver x UDP 10.0.0.1 80\nadd lb vserver y HTTP ::1 80\n");
	scene_bad(scene, "add lb vserver z HTTP 0:0::1 80", "taken by lb vserver y");
	scene_good(scene, "add lb vserver none HTTP\n");
	scene_has(scene, "add lb vserver none HTTP 0.0.0.0 0\n");
	scene_bad(scene, "set lb vserver y -IPAddress 10.0.0.1", "taken by lb vserver web");
	scene_good(scene, "add lb vserver every HTTP * 81\n");
	scene_bad(scene, "add lb vserver all HTTP 0.0.0.0 81", "taken by lb vserver every");
}

static void test_redirect(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_bad(scene, "set lb vserver web -redirectURL foo", "absolute URL or a path");
	scene_bad(scene, "set lb vserver web -redirectURL http://", "absolute URL or a path");
	scene_bad(scene, "set lb vserver web -redirectURL \"/a b\"", "absolute URL or a path");
	scene_good(scene, "set lb vserver web -redirectURL /sorry -soBackupAction REDIRECT\n");
	scene_has(scene, "-soBackupAction REDIRECT -backupVServer spare -redirectURL /sorry\n");
	scene_good(scene, "set lb vserver web -redirectURL https://b.example/x?y=z\n");
}

static void test_persistence(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "set lb vserver web -persistenceType SOURCEIP -timeout 1440 "
			  "-persistMask 255.255.255.0 -v6persistmasklen 64\n");
	scene_has(scene, "-persistenceType SOURCEIP -timeout 1440 -persistMask 255.255.255.0 "
			 "-v6persistmasklen 64");
	scene_good(scene, "set lb vserver web -persistenceType RULE -rule "
			  "q/HTTP.REQ.HEADER(\"X-User\")/\n");
	scene_bad(scene, "unset lb vserver web -rule", "-rule is missing");
	scene_bad(scene, "set lb vserver web -rule HTTP.RES.STATUS", "-rule must be one of");
	scene_good(scene, "set lb vserver web -persistenceType COOKIEINSERT -cookieName c_1\n");
	scene_bad(scene, "set lb vserver web -cookieName \"c 1\"", "-cookieName must not");
	scene_bad(scene, "set lb vserver web -persistMask 255.0.255.0", "-persistMask must be");
	scene_bad(scene, "add lb vserver t TCP 10.0.0.9 80 -persistenceType COOKIEINSERT",
		  "needs a virtual server of HTTP");
	scene_bad(scene,
		  "add lb vserver t TCP 10.0.0.9 80 -persistenceType RULE -rule HTTP.REQ.URL",
		  "needs a virtual server of HTTP");
	scene_good(scene, "add lb vserver t TCP 10.0.0.9 80 -persistenceType RULE -rule "
			  "client.ip.src\n");
}

static void test_keys(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, base);
	scene_good(scene, "set lb vserver web -lbMethod URLHASH -hashLength 4096\n"
			  "set lb vserver web -lbMethod SOURCEIPHASH -netmask 255.255.0.0 "
			  "-v6netmasklen 64\n");
	scene_has(scene, "-netmask 255.255.0.0");
	scene_good(scene, "set lb vserver web -netmask 0xFFFFFF00\n");
	scene_bad(scene, "set lb vserver web -netmask 255.0.255.0", "mask of IPv4");
	scene_bad(scene, "set lb vserver web -netmask 0.0.0.0", "mask of IPv4");
	scene_bad(scene, "set lb vserver web -netmask ffff::", "mask of IPv4");
	scene_bad(scene, "set lb vserver web -netmask 0xFFFFFF0G", "mask of IPv4");
	scene_bad(scene, "set lb vserver web -hashLength 4097", "1 to 4096");
	scene_bad(scene, "set lb vserver web -v6netmasklen 129", "1 to 128");
	scene_good(scene, "unset lb vserver web -netmask -hashLength -v6netmasklen -lbMethod\n");
	scene_has_not(scene, "netmask");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_threshold), SCENE_TEST(test_backup),     SCENE_TEST(test_address),
		SCENE_TEST(test_data),      SCENE_TEST(test_deal),       SCENE_TEST(test_redirect),
		SCENE_TEST(test_keys),      SCENE_TEST(test_persistence)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
