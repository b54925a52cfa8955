/* SPDX-License-Identifier: Apache-2.0
 * A question is what RFC 1035 says; of an answer the addresses of the type asked for are taken, and
 * what is not our answer, or broken at any byte, does no harm.
 */
#include "base/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static unsigned char question[DNS_QUESTION_MAX];
static size_t asked;

static size_t ask(const char *name, bool is_ipv6)
{
	asked = dns_ask(str_of(name), is_ipv6, 0x1234, question);
	return asked;
}

/* The question as an answer with an alias and two addresses behind it. */
static size_t answer_with(unsigned char *bytes, unsigned flags, unsigned records)
{
	static const unsigned char alias[] = { 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12 };
	static const unsigned char first[] = {
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 7
	};
	static const unsigned char second[] = {
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 127, 0, 0, 8
	};
	size_t length = asked;

	memcpy(bytes, question, asked);
	bytes[2] = (unsigned char)(flags >> 8);
	bytes[3] = (unsigned char)flags;
	bytes[7] = (unsigned char)records;
	memcpy(bytes + length, alias, sizeof(alias));
	length += sizeof(alias);
	memcpy(bytes + length, first, sizeof(first));
	length += sizeof(first);
	memcpy(bytes + length, second, sizeof(second));
	return length + sizeof(second);
}

static enum dns_result read_it(const unsigned char *bytes, size_t length, struct dns_answer *answer)
{
	return dns_read(bytes, length, question, asked, answer);
}

static void test_question(void **state)
{
	static const unsigned char expected[] = { 0x12, 0x34, 1, 0,   0,   1,   0, 0, 0, 0, 0, 0,
						  1,    'a',  3, 'c', 'o', 'm', 0, 0, 1, 0, 1 };

	(void)state;
	assert_int_equal(ask("a.com", false), sizeof(expected));
	assert_memory_equal(question, expected, sizeof(expected));
	assert_int_equal(ask("a.com.", true), sizeof(expected));
	assert_int_equal(question[asked - 3], 28);
	assert_int_equal(ask("", false), 0);
	assert_int_equal(ask("a..b", false), 0);
	assert_int_equal(
		ask("0123456789012345678901234567890123456789012345678901234567890123.x", false),
		0);
}

static void test_answer(void **state)
{
	unsigned char bytes[512];
	struct dns_answer answer;
	struct address expected;
	size_t length;

	(void)state;
	ask("a.com", false);
	length = answer_with(bytes, 0x8180, 3);
	bytes[13] = 'A'; /* case does not matter */
	assert_int_equal(read_it(bytes, length, &answer), DNS_FOUND);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.ttl_s, 5);
	assert_true(address_parse(STR("127.0.0.7"), 0, &expected));
	assert_true(address_equal(&answer.addresses[0], &expected));
}

static void test_not_ours(void **state)
{
	unsigned char bytes[512];
	struct dns_answer answer;
	size_t length;

	(void)state;
	ask("a.com", false);
	length = answer_with(bytes, 0x0180, 3); /* a question */
	assert_int_equal(read_it(bytes, length, &answer), DNS_NOT_OURS);
	length = answer_with(bytes, 0x8180, 3);
	bytes[1] ^= 1; /* another number */
	assert_int_equal(read_it(bytes, length, &answer), DNS_NOT_OURS);
	length = answer_with(bytes, 0x8180, 3);
	bytes[13] = 'b'; /* another name */
	assert_int_equal(read_it(bytes, length, &answer), DNS_NOT_OURS);
}

static void test_failures(void **state)
{
	unsigned char bytes[512];
	struct dns_answer answer;
	size_t length;

	(void)state;
	ask("a.com", false);
	length = answer_with(bytes, 0x8183, 0);
	assert_int_equal(read_it(bytes, length, &answer), DNS_FAILED);
	assert_non_null(strstr(answer.why, "NXDOMAIN"));
	length = answer_with(bytes, 0x8180, 1); /* an alias only */
	assert_int_equal(read_it(bytes, length, &answer), DNS_FAILED);
	assert_string_equal(answer.why, "no such address");
}

/* What came of it is there; the rest comes over TCP. */
static void test_truncated(void **state)
{
	unsigned char bytes[512];
	struct dns_answer answer;
	size_t length;

	(void)state;
	ask("a.com", false);
	length = answer_with(bytes, 0x8380, 9);
	assert_int_equal(read_it(bytes, length, &answer), DNS_TRUNCATED);
	assert_int_equal(answer.count, 2);
	assert_int_equal(read_it(bytes, asked, &answer), DNS_TRUNCATED);
	assert_int_equal(answer.count, 0);
}

/* As monitors read: every record with its type and data; the root has a name, too. */
static void test_records(void **state)
{
	unsigned char bytes[512];
	struct dns_reader in = { bytes, 0, 0 };
	struct dns_record record;
	struct dns_head head;

	(void)state;
	ask("a.com", false);
	in.length = answer_with(bytes, 0x8180, 3);
	assert_true(dns_read_head(&in, &head));
	assert_int_equal(head.id, 0x1234);
	assert_int_equal(head.flags, 0x8180);
	assert_int_equal(head.questions, 1);
	assert_int_equal(head.answers, 3);
	assert_true(dns_skip_question(&in));
	assert_true(dns_read_record(&in, &record));
	assert_int_equal(record.type, 5);
	assert_true(dns_read_record(&in, &record));
	assert_int_equal(record.type, DNS_TYPE_A);
	assert_int_equal(record.ttl_s, 60);
	assert_int_equal(record.size, 4);
	assert_memory_equal(record.data, "\x7f\0\0\x07", 4);
	assert_true(dns_read_record(&in, &record));
	assert_false(dns_read_record(&in, &record));
	assert_int_equal(dns_question(STR("."), DNS_TYPE_NS, 7, question), 17);
	assert_int_equal(question[12], 0);
	assert_int_equal(question[14], DNS_TYPE_NS);
	assert_int_equal(ask(".", false), 0);
}

/* Cut at every byte: an answer, a failure or nothing of ours, and never more than there is. */
static void test_cut(void **state)
{
	unsigned char bytes[512];
	struct dns_answer answer;
	size_t length;

	(void)state;
	ask("a.com", false);
	length = answer_with(bytes, 0x8180, 3);
	for (size_t i = 0; i < length; i++) {
		unsigned char *exact = malloc(i + 1);

		memcpy(exact, bytes, i);
		assert_int_not_equal(read_it(exact, i, &answer), DNS_FOUND);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),  cmocka_unit_test(test_answer),
		cmocka_unit_test(test_not_ours),  cmocka_unit_test(test_failures),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_records),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
