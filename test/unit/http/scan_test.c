/* SPDX-License-Identifier: Apache-2.0 */
#include "http/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_letter_or_digit(int byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z');
}

static unsigned classes_of(int byte)
{
	unsigned classes = 0;

	if (is_letter_or_digit(byte) || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL))
		classes |= SCAN_TOKEN;
	if (byte == '\t' || (byte >= ' ' && byte != 0x7f))
		classes |= SCAN_VALUE;
	if (byte > ' ' && byte < 0x7f && byte != '#')
		classes |= SCAN_TARGET;
	if (is_letter_or_digit(byte) || (byte != 0 && strchr("-._~%!$&'()*+;=", byte) != NULL))
		classes |= SCAN_HOST;
	return classes;
}

static void test_classes(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++)
		assert_int_equal(scan_classes[byte], classes_of(byte));
}

/* Every byte at every place of runs of every length around the width of the registers; the memory
 * is exactly as long as the run, so that a look behind it shows under ASan. */
static void test_wide_and_scalar_agree(void **state)
{
	(void)state;
	for (size_t length = 0; length <= 49; length++) {
		for (size_t place = 0; place < length; place++) {
			for (int byte = 0; byte < 256; byte++) {
				char *bytes = malloc(length);

				memset(bytes, 'a', length);
				bytes[place] = (char)byte;

				const char *end = bytes + length;

				assert_ptr_equal(scan_value(bytes, end),
						 scan_run(bytes, end, SCAN_VALUE));
				assert_ptr_equal(scan_token(bytes, end),
						 scan_run(bytes, end, SCAN_TOKEN));
				assert_ptr_equal(scan_target(bytes, end),
						 scan_run(bytes, end, SCAN_TARGET));
				free(bytes);
			}
		}
	}
}

static void test_first_of_two_ends_the_run(void **state)
{
	char bytes[64];

	(void)state;
	for (size_t first = 0; first < 32; first++) {
		memset(bytes, 'a', sizeof(bytes));
		bytes[first] = '\r';
		bytes[first + 9] = '\0';
		assert_ptr_equal(scan_value(bytes, bytes + 64), bytes + first);
		assert_ptr_equal(scan_target(bytes, bytes + 64), bytes + first);
		assert_ptr_equal(scan_token(bytes, bytes + 64), bytes + first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_wide_and_scalar_agree),
		cmocka_unit_test(test_first_of_two_ends_the_run),
	};

	return cmocka_run_group_tests_name("http/scan", tests, NULL, NULL);
}
