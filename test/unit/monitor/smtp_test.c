/* SPDX-License-Identifier: Apache-2.0
 * An SMTP greeting and EHLO.
 */
#include "hearing.h"

static struct hearing on;

static void test_smtp(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_begin(&on, &smtp_protocol);
	hearing_hears(&on, "220 mail\r\n");
	assert_string_equal(hearing_said(&on), "EHLO spillway\r\n");
	hearing_hears(&on, "250-mail\r\n250-SIZE\r\n250 HELP\r\n");
	hearing_is(&on, TALK_GOOD, "greeted");
	hearing_begin(&on, &smtp_protocol);
	hearing_hears(&on, "554 go away\r\n");
	hearing_is(&on, TALK_BAD, "the server says \"554 go away\", expected 220");
	hearing_begin(&on, &smtp_protocol);
	hearing_hears(&on, "SSH-2.0\r\n");
	hearing_is(&on, TALK_BAD, "the answer is no reply with a code");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
