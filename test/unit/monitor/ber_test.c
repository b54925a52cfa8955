/* SPDX-License-Identifier: Apache-2.0
 * What is written is read again; broken lengths are refused.
 */
#include "monitor/ber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ber_writer writer;

static void number_again(int64_t number)
{
	struct ber_reader in;
	int64_t again;

	ber_begin(&writer);
	ber_put_number(&writer, BER_INTEGER, number);
	in = ber_reader_of(ber_written(&writer).at, ber_written(&writer).length);
	assert_true(ber_take_number(&in, BER_INTEGER, &again));
	assert_true(again == number && in.at == in.end);
}

static void test_numbers(void **state)
{
	static const int64_t rows[] = { 0,    1,    127,   128,        255,       256,      -1,
					-128, -129, 32767, 2147483647, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		number_again(rows[i]);
}

static void test_nested(void **state)
{
	static const char long_text[300];
	struct ber_reader in, inside, text;
	size_t size;

	(void)state;
	ber_begin(&writer);
	ber_put(&writer, BER_OCTETS, long_text, sizeof(long_text));
	ber_wrap(&writer, BER_SEQUENCE, BER_WRITE_MAX);
	assert_int_equal(ber_written(&writer).length, 308);
	assert_int_equal(ber_size(ber_written(&writer).at, 307, 9999, &size), BER_MORE);
	assert_int_equal(ber_size(ber_written(&writer).at, 308, 9999, &size), BER_WHOLE);
	assert_int_equal(ber_size(ber_written(&writer).at, 308, 100, &size), BER_BROKEN);
	in = ber_reader_of(ber_written(&writer).at, 308);
	assert_true(ber_take_tag(&in, BER_SEQUENCE, &inside));
	assert_true(ber_take_tag(&inside, BER_OCTETS, &text));
	assert_int_equal(text.end - text.at, 300);
}

static void test_oid(void **state)
{
	static const char expected[] = "\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00";

	(void)state;
	ber_begin(&writer);
	assert_true(ber_put_oid(&writer, STR(".1.3.6.1.2.1.1.3.0")));
	assert_memory_equal(ber_written(&writer).at, expected, 10);
	assert_true(ber_put_oid(&writer, STR("1.3.6.1.4.1.2021.10")));
	assert_false(ber_put_oid(&writer, STR("1")));
	assert_false(ber_put_oid(&writer, STR("1.x")));
	assert_false(ber_put_oid(&writer, STR("3.1")));
}

static void test_broken(void **state)
{
	static const struct str rows[] = { STR("\x30"), STR("\x30\x80"), STR("\x30\x05\x01"),
					   STR("\x1f\x01\x01"),
					   STR("\x30\x85\x01\x01\x01\x01\x01") };
	struct ber_reader inside;
	unsigned tag;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ber_reader in = ber_reader_of(rows[i].at, rows[i].length);

		assert_false(ber_take(&in, &tag, &inside));
	}
}

static void test_full(void **state)
{
	static const char much[BER_WRITE_MAX + 1];

	(void)state;
	ber_begin(&writer);
	ber_put(&writer, BER_OCTETS, much, sizeof(much));
	assert_true(writer.is_full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_nested),
		cmocka_unit_test(test_oid),     cmocka_unit_test(test_broken),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
