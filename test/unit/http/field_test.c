/* SPDX-License-Identifier: Apache-2.0 */
#include "http/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct h1_field fields[H1_FIELDS_MAX];
static unsigned count;
static struct field_census census;
static struct h1_fault fault;

static enum h1_result read_section(struct str text, size_t *used)
{
	char *copy = malloc(text.length + 1); /* no byte of it is behind the section */
	const char *at = copy + 1;

	memcpy(copy + 1, text.at, text.length);

	enum h1_result result = field_read_all(&at, at + text.length, fields, H1_FIELDS_MAX, &count,
					       &census, &fault);

	*used = (size_t)(at - copy) - 1;
	for (unsigned i = 0; result == H1_DONE && i < count; i++) {
		fields[i].name.at = text.at + (fields[i].name.at - copy) - 1;
		fields[i].value.at = text.at + (fields[i].value.at - copy) - 1;
	}
	free(copy);
	return result;
}

/* No other name of the same length is taken for it, wherever it differs. */
static void expect_others(struct str name)
{
	for (size_t i = 0; i < name.length; i++) {
		char *copy = malloc(name.length); /* no byte of it is behind the name */

		memcpy(copy, name.at, name.length);
		assert_int_not_equal(field_id((struct str){ copy, name.length }), H1_FIELD_OTHER);
		copy[i] = '!';
		assert_int_equal(field_id((struct str){ copy, name.length }), H1_FIELD_OTHER);
		free(copy);
	}
}

static void test_ids(void **state)
{
	static const struct {
		struct str name;
		enum h1_field_id id;
	} rows[] = {
		{ STR("te"), H1_FIELD_TE },
		{ STR("Via"), H1_FIELD_VIA },
		{ STR("HOST"), H1_FIELD_HOST },
		{ STR("Cookie"), H1_FIELD_COOKIE },
		{ STR("Expect"), H1_FIELD_EXPECT },
		{ STR("Upgrade"), H1_FIELD_UPGRADE },
		{ STR("Trailer"), H1_FIELD_TRAILER },
		{ STR("Connection"), H1_FIELD_CONNECTION },
		{ STR("kEEP-aLIVE"), H1_FIELD_KEEP_ALIVE },
		{ STR("Set-Cookie"), H1_FIELD_SET_COOKIE },
		{ STR("Content-Length"), H1_FIELD_CONTENT_LENGTH },
		{ STR("HTTP2-Settings"), H1_FIELD_HTTP2_SETTINGS },
		{ STR("Proxy-Connection"), H1_FIELD_PROXY_CONNECTION },
		{ STR("Transfer-Encoding"), H1_FIELD_TRANSFER_ENCODING },
		{ STR("Proxy-Authenticate"), H1_FIELD_PROXY_AUTHENTICATE },
		{ STR("Proxy-Authorization"), H1_FIELD_PROXY_AUTHORIZATION },
		{ STR("Hosts"), H1_FIELD_OTHER },
		{ STR("Hos"), H1_FIELD_OTHER },
		{ STR("Most"), H1_FIELD_OTHER },
		{ STR("t"), H1_FIELD_OTHER },
		{ STR("Proxy-Authorizations"), H1_FIELD_OTHER },
		{ STR("A-Field-With-A-Name-Longer-Than-Any"), H1_FIELD_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(field_id(rows[i].name), rows[i].id);
		if (rows[i].id != H1_FIELD_OTHER)
			expect_others(rows[i].name);
	}
}

static void test_values_are_trimmed(void **state)
{
	size_t used;

	(void)state;
	assert_int_equal(
		read_section(STR("A:1\r\nB: \t 2 3\t \r\nC:\r\nD: \x80\xff\t\"\r\n\r\nX"), &used),
		H1_DONE);
	assert_int_equal(used, 32); /* all but the X */
	assert_int_equal(count, 4);
	assert_true(str_equal(fields[0].value, STR("1")));
	assert_true(str_equal(fields[1].name, STR("B")));
	assert_true(str_equal(fields[1].value, STR("2 3")));
	assert_true(str_equal(fields[2].value, STR("")));
	assert_true(str_equal(fields[3].value, STR("\x80\xff\t\"")));
}

static void test_refused_lines(void **state)
{
	static const struct str rows[] = {
		STR("A\r\n\r\n"),
		STR(":b\r\n\r\n"),
		STR(" A: b\r\n\r\n"),
		STR("\tA: b\r\n\r\n"),
		STR("A : b\r\n\r\n"),
		STR("A\t: b\r\n\r\n"),
		STR("A b: c\r\n\r\n"),
		STR("A: b\n\r\n"),
		STR("A: b\r\n\n"),
		STR("A: b\rc\r\n\r\n"),
		STR("A: b\r\r\n\r\n"),
		STR("A: b\r\n c\r\n\r\n"),
		STR("A: b\r\n\tc\r\n\r\n"),
		STR("A: b\0c\r\n\r\n"),
		STR("A: b\x01\r\n\r\n"),
		STR("A: b\x7f\r\n\r\n"),
		STR("A\0: b\r\n\r\n"),
		STR("A\x80: b\r\n\r\n"),
		STR("A(: b\r\n\r\n"),
		STR("\"A\": b\r\n\r\n"),
		STR("A: b\r\n\rX"),
		STR("\n"),
		STR("Content_Length: 1\r\n\r\n"),
		STR("content_length: 1\r\n\r\n"),
		STR("Transfer_Encoding: chunked\r\n\r\n"),
	};
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_section(rows[i], &used), H1_BAD);
		assert_int_equal(fault.status, 400);
		assert_int_equal(used, 0);
	}
}

static void test_unfinished_is_more(void **state)
{
	struct str text = STR("Name: value\r\nOther: x\r\n\r\n");
	size_t used;

	(void)state;
	for (size_t length = 0; length < text.length; length++) {
		assert_int_equal(read_section((struct str){ text.at, length }, &used), H1_MORE);
		assert_int_equal(used, 0);
	}
	assert_int_equal(read_section(text, &used), H1_DONE);
	assert_int_equal(used, text.length);
}

static void test_count_is_bounded(void **state)
{
	static char text[8 * (H1_FIELDS_MAX + 2)];

	(void)state;
	for (unsigned lines = H1_FIELDS_MAX - 1; lines <= H1_FIELDS_MAX + 1; lines++) {
		size_t length = 0, used;

		for (unsigned i = 0; i < lines; i++)
			length += (size_t)snprintf(text + length, sizeof(text) - length,
						   "Host:x\r\n");
		memcpy(text + length, "\r\n", 2);

		enum h1_result result = read_section((struct str){ text, length + 2 }, &used);

		if (lines > H1_FIELDS_MAX) {
			assert_int_equal(result, H1_BAD);
			assert_int_equal(fault.status, 431);
			continue;
		}
		assert_int_equal(result, H1_DONE);
		assert_int_equal(count, lines);
		assert_int_equal(census.count[H1_FIELD_HOST], lines);
		assert_int_equal(census.last[H1_FIELD_HOST], lines - 1);
	}
}

static void test_elements(void **state)
{
	struct str list = STR(" ,a, b c ,,\t,d,"), element;

	(void)state;
	assert_true(field_next_element(&list, &element));
	assert_true(str_equal(element, STR("a")));
	assert_true(field_next_element(&list, &element));
	assert_true(str_equal(element, STR("b c")));
	assert_true(field_next_element(&list, &element));
	assert_true(str_equal(element, STR("d")));
	assert_false(field_next_element(&list, &element));
}

static void test_spelling(void **state)
{
	(void)state;
	assert_true(field_is_spelled(STR("X_Forwarded-FOR"), STR("x-forwarded-for")));
	assert_false(field_is_spelled(STR("X-Forwarded-Fo"), STR("x-forwarded-for")));
	assert_false(field_is_spelled(STR("X.Forwarded-For"), STR("x-forwarded-for")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_values_are_trimmed),
		cmocka_unit_test(test_refused_lines),
		cmocka_unit_test(test_unfinished_is_more),
		cmocka_unit_test(test_count_is_bounded),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_spelling),
	};

	return cmocka_run_group_tests_name("http/field", tests, NULL, NULL);
}
