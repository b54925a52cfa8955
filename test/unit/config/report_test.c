/* SPDX-License-Identifier: Apache-2.0
 * Faults and warnings are counted, and printed with their place.
 */
#include "config/report.h"

#include "scene.h"

static void test_places(void **state)
{
	struct report report = REPORT_EMPTY;
	struct text text = TEXT_EMPTY;

	(void)state;
	report_fault(&report, 0, "bad %d", 1);
	report_warning(&report, 7, "odd");
	report.line = 12;
	report_fault(&report, 20, "unknown option %s", "-soTreshold");
	report_fault(&report, 0, "whole line");
	assert_int_equal(report.faults, 3);
	assert_int_equal(report.warnings, 1);
	report_print(&report, NULL, &text);
	assert_string_equal(text.at, "bad 1\n"
				     "column 7: warning: odd\n"
				     "line 12, column 20: unknown option -soTreshold\n"
				     "line 12: whole line\n");
	text_cut(&text, 0);
	report_print_entry(&report.entries[1], &text);
	assert_string_equal(text.at, "column 7: warning: odd");
	text_free(&text);
	report_free(&report);
	assert_int_equal(report.count, 0);
}

static void test_file(void **state)
{
	struct report report = REPORT_EMPTY;
	struct text text = TEXT_EMPTY;

	(void)state;
	report.line = 3;
	report_fault(&report, 1, "x");
	report_warning(&report, 0, "y");
	report.line = 0;
	report_fault(&report, 0, "cannot be read");
	report_print(&report, "a.conf", &text);
	assert_string_equal(text.at, "a.conf:3:1: x\n"
				     "a.conf:3: warning: y\n"
				     "a.conf: cannot be read\n");
	text_free(&text);
	report_free(&report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_places),
						   cmocka_unit_test(test_file) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
