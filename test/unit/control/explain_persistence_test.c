/* SPDX-License-Identifier: Apache-2.0
 * Promised: of each type whom it leads to, by what was given; or what more must be given, or that
 * it cannot be known before the request.
 */
#include "control/explain.h"

#include "stage.h"

static const char *const config =
	"add service a 127.0.0.1 HTTP 80 -healthMonitor NO -CustomServerID one\n"
	"add service b 127.0.0.1 HTTP 81 -healthMonitor NO -state DISABLED\n"
	"add lb vserver web HTTP 0.0.0.0 0 -rule 'HTTP.REQ.URL.QUERY.VALUE(\"at\")'\n"
	"bind lb vserver web a\nbind lb vserver web b\n";

static void check(struct stage *stage, const char *set, const char *more, const char *wanted)
{
	char line[200];

	snprintf(line, sizeof(line), "set lb vserver web %s", set);
	assert_int_equal(stage_do(stage, line), 0);
	snprintf(line, sizeof(line), "explain lb vserver web %s", more);
	assert_int_equal(stage_do(stage, line), 0);
	stage_must_say(stage, wanted);
}

static void what_is_missing(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	check(stage, "-persistenceType SOURCEIP", "", "by source address, give -clientIP to see");
	check(stage, "-persistenceType SRCIPDESTIP", "-clientIP 10.0.0.1", "and that may be any");
	check(stage, "-persistenceType COOKIEINSERT", "", "a cookie of the client decides first");
	check(stage, "-persistenceType RULE", "", "reads the URL, give -url to see");
	check(stage, "-persistenceType RULE", "-url /", "the URL has nothing that its -rule names");
	check(stage, "-persistenceType RULE", "-url /?at=x", "no entry for this client");
	check(stage, "-rule 'HTTP.REQ.HEADER(\"x\")'", "-url /", "reads a field of the request");
	check(stage, "-rule HTTP.REQ.HOSTNAME", "-url /", "give -url to see");
	check(stage, "-rule HTTP.REQ.HOSTNAME", "-url http://h/", "no entry for this client");
	stage_close(stage);
}

static void who_is_named(void **state)
{
	struct stage *stage = stage_run(config);

	(void)state;
	check(stage, "-persistenceType URLPASSIVE", "-url /?at=7F0000010050", "the URL names a");
	stage_must_say(stage, "service: a, as before");
	check(stage, "-persistenceType URLPASSIVE", "-url /?at=7F0000010051", "the URL names b");
	stage_must_say(stage, "the only one that has room: a");
	check(stage, "-persistenceType CUSTOMSERVERID", "-url /?at=one", "the URL names a");
	check(stage, "-persistenceType CUSTOMSERVERID", "-url /?at=two", "the URL names none of");
	check(stage, "-persistenceBackup SOURCEIP", "-url /?at=two",
	      "-persistenceBackup: by source address, give -clientIP to see");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_missing),
					    cmocka_unit_test(who_is_named) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
