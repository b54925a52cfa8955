/* SPDX-License-Identifier: Apache-2.0
 * A text that no probe can use is refused when it is typed, and nothing of the command is taken.
 */
#include "config/kind_monitor_value.h"

#include "scene.h"

static void test_bad(void **state)
{
	struct scene *scene = *state;

	scene_bad(scene, "add lb monitor m DNS -query a.b -IPAddress 10.0.0.1 1.2.3",
		  "1.2.3 is no IPAddress: an IPv4 or IPv6 address");
	scene_bad(scene, "add lb monitor m DNS -query a..b", "a..b is no query: a domain name");
	scene_bad(scene, "add lb monitor m RADIUS -radNASip ::1", "is no radNASip: an IPv4");
	scene_bad(scene, "add lb monitor m SNMP -snmpOID sysUpTime", "no snmpOID: an object id");
	scene_bad(scene, "add lb monitor m SNMP -snmpThreshold 3x", "no snmpThreshold: a whole");
	scene_bad(scene, "add lb monitor m LDAP -filter (((", "((( is no filter: a filter of LDAP");
	scene_bad(scene, "add lb monitor m HTTP -httpRequest GET", "GET is no httpRequest: a meth");
	scene_bad(scene, "add lb monitor m HTTP -httpRequest \"GET /\\r\\nX: y\"", "httpRequest");
	scene_bad(scene, "add lb monitor m HTTP -httpRequest \"\"", "is no httpRequest");
	scene_bad(scene, "add lb monitor m USER", "USER needs -scriptName");
	scene_has_not(scene, "lb monitor m");
}

static void test_good(void **state)
{
	struct scene *scene = *state;

	scene_good(scene, "add lb monitor d DNS -query . -IPAddress 10.0.0.1 ::1\n"
			  "add lb monitor r RADIUS -radNASip 10.0.0.1\n"
			  "add lb monitor s SNMP -snmpOID .1.3.6.1.2.1.1.3.0 -snmpThreshold 90\n"
			  "add lb monitor l LDAP -filter (&(objectClass=person)(uid=p*))\n"
			  "add lb monitor h HTTP -httpRequest \"GET /a b\"\n"
			  "add lb monitor u USER -scriptName /bin/true\n"
			  "set lb monitor l LDAP -filter uid=probe\n"
			  "unset lb monitor h HTTP -httpRequest\n");
	scene_bad(scene, "unset lb monitor u USER -scriptName", "USER needs -scriptName");
	scene_bad(scene, "set lb monitor s SNMP -snmpOID x -interval 9", "is no snmpOID");
	scene_has(scene, "\nadd lb monitor s SNMP -snmpOID .1.3.6.1.2.1.1.3.0 -snmpThreshold 90\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_bad), SCENE_TEST(test_good) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
