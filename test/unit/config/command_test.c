/* SPDX-License-Identifier: Apache-2.0
 * A line becomes verb, object, places and options; what is wrong with it is said with its column
 * and the nearest name.
 */
#include "config/command.h"

#include "scene.h"

static const char *understood(const char *line, struct text *text)
{
	struct arena *arena = arena_new();
	struct report report = REPORT_EMPTY;
	struct command command;

	text_cut(text, 0);
	text_add(text, STR(""));
	switch (command_parse(str_of(line), arena, &command, &report)) {
	case COMMAND_OK:
		command_print(&command, text);
		break;
	case COMMAND_EMPTY:
		text_add(text, STR("-"));
		break;
	case COMMAND_BAD:
		assert_int_equal(report.faults, 1);
		report_print_entry(&report.entries[0], text);
		break;
	}
	report_free(&report);
	arena_free(arena);
	return text->at;
}

static const char *const good[][2] = {
	{ "", "-" },
	{ "# note", "-" },
	{ "exit", "exit" },
	{ "DONE", "exit" },
	{ "ADD SERVER web 10.0.0.1", "add server web 10.0.0.1" },
	{ "add lb vserver v http 10.0.0.1 80 -SOMETHOD connection -soThr 5",
	  "add lb vserver v http 10.0.0.1 80 -soMethod connection -soThreshold 5" },
	{ "add server web[1-3] 10.0.0.[1-3] -devno 5", "add server web[1-3] 10.0.0.[1-3]" },
	{ "add server \"web[1-3]\" 10.0.0.1", "add server \"web[1-3]\" 10.0.0.1" },
	{ "sh lb vs", "show lb vserver" },
	{ "unset service s -maxClient -cip", "unset service s -maxClient -cip" },
	{ "set service s -cip ENABLED X-Client -usip NO",
	  "set service s -cip ENABLED X-Client -usip NO" },
	{ "add lb monitor m HTTP -respCode 200 301-302 -interval 5 MSEC",
	  "add lb monitor m HTTP -respCode 200 301-302 -interval 5 MSEC" },
	{ "add service s 10.0.0.1 HTTP 80 -comment \"-devno\"",
	  "add service s 10.0.0.1 HTTP 80 -comment \"-devno\"" },
	{ "set system user u abc -encrypted -hashmethod SHA512",
	  "set system user u abc -encrypted -hashmethod SHA512" },
	{ "bind lb vserver v -policyName p -invoke policylabel q -priority 1",
	  "bind lb vserver v -policyName p -invoke policylabel q -priority 1" },
	{ "enable feature LB SSL", "enable ns feature LB SSL" },
	{ "stat lb vserver web", "stat lb vserver web" },
	{ "clear config", "clear ns config" },
};

static const char *const bad[][2] = {
	{ "frobnicate x", "column 1: unknown command frobnicate" },
	{ "shwo server", "column 1: unknown command shwo: did you mean show?" },
	{ "se server", "column 1: command se is ambiguous: it may be " },
	{ "add", "add what?" },
	{ "add servr x", "column 5: unknown object type servr: did you mean server?" },
	{ "add ser x", "column 5: object type ser is ambiguous: it may be server, service" },
	{ "add server", "name is missing: add server <name>@" },
	{ "add server a 10.0.0.1 extra", "column 23: too many arguments: extra" },
	{ "add lb vserver v HTTP -soTreshold 5",
	  "column 23: unknown option -soTreshold: did you mean -soThreshold?" },
	{ "add lb vserver v HTTP -so 5", "column 23: option -so is ambiguous: it may be -so" },
	{ "add lb vserver v HTTP -spilloverMethod NONE", "did you mean -soMethod?" },
	{ "add lb vserver v HTTP -zzz 5", "column 23: unknown option -zzz" },
	{ "add lb vserver v HTTP -soThreshold", "column 23: -soThreshold needs a value" },
	{ "add lb vserver v HTTP -soThreshold -soMethod NONE", "-soThreshold needs a value" },
	{ "add server \"open 10.0.0.1", "column 12: the quote that starts here has no end" },
	{ "bind lb vserver v s -weight 0", "column 29: 0 is out of range for weight: 1 to 100" },
	{ "add spillover action a", "-action is missing" },
	{ "set audit syslogParams -dateFormat DDMM", "DDMM is no dateFormat: one of MMDDYYYY" },
	{ "add cs vserver c HTTPX 10.0.0.1 80", "HTTPX is no serviceType: one of HTTP|" },
	{ "set snmp alarm NO-SUCH -time 1", "NO-SUCH is no trapName: one of " },
	{ "\"add\" server x 1.1.1.1", "unknown command add" },
};

static void test_good(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_string_equal(understood(good[i][0], &text), good[i][1]);
	text_free(&text);
}

static void test_bad(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strstr(understood(bad[i][0], &text), bad[i][1]) == NULL)
			fail_msg("%s: %s", bad[i][0], text.at);
	text_free(&text);
}

static void test_parts(void **state)
{
	struct arena *arena = arena_new();
	struct report report = REPORT_EMPTY;
	struct command command;

	(void)state;
	assert_int_equal(command_parse(STR("set lb vserver v -soThreshold 9 -comment x"), arena,
				       &command, &report),
			 COMMAND_OK);
	assert_int_equal(command.verb, VERB_SET);
	assert_ptr_equal(command.kind, &kind_vserver);
	assert_true(command_is_change(&command));
	assert_int_equal(command_column(&command, VSERVER_SO_THRESHOLD), 31);
	assert_int_equal(command_column(&command, VSERVER_BACKUP), 0);
	assert_non_null(command_option(&command, "COMMENT"));
	assert_null(command_option(&command, "backupVServer"));
	assert_int_equal(command_parse(STR("show ssl vserver v"), arena, &command, &report),
			 COMMAND_OK);
	assert_null(command.kind);
	assert_false(command_is_change(&command));
	report_free(&report);
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_good),
						   cmocka_unit_test(test_bad),
						   cmocka_unit_test(test_parts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
