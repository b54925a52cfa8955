/* SPDX-License-Identifier: Apache-2.0
 * A line of the agent decides, and what it cannot mean is a failure.
 */
#include "hearing.h"

static struct hearing on;

static void expect(const char *said, enum talk_verdict verdict, const char *text)
{
	hearing_of(&on);
	hearing_begin(&on, &agent_protocol);
	hearing_hears(&on, said);
	hearing_over(&on);
	hearing_is(&on, verdict, text);
}

static void test_agent(void **state)
{
	(void)state;
	expect("up maxconn:30\n", TALK_GOOD, "the agent says up maxconn:30");
	assert_int_equal(on.ear.talk.capacity.most, 30);
	expect("50%", TALK_GOOD, "the agent says 50%");
	expect("drain\r\n", TALK_GOOD, "the agent says drain");
	expect("maint\n", TALK_BAD, "the server says maint");
	expect("down # disk full\n", TALK_BAD, "the server says down # disk full");
	expect("hello\n", TALK_BAD, "the agent says \"hello\"");
	expect("\n", TALK_BAD, "the agent says \"\"");
}

static void test_endless(void **state)
{
	static char line[2000];

	(void)state;
	memset(line, 'x', sizeof(line));
	hearing_of(&on);
	hearing_begin(&on, &agent_protocol);
	hearing_bytes(&on, line, sizeof(line));
	hearing_is(&on, TALK_BAD, "the agent's line is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
