/* SPDX-License-Identifier: Apache-2.0
 * Promised: as far as a mask reaches addresses are one; an IPv4 address and another never are;
 * texts differ; the hash is that of this table.
 */
#include "persist/persist.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static struct persist *table;

static struct persist_key key_of(const char *address, uint32_t mask, uint32_t bits)
{
	struct persist_key key;
	struct address parsed;

	assert_true(address_parse(str_of(address), 80, &parsed));
	persist_key_begin(&key, PERSIST_SOURCE, 1);
	persist_key_source(&key, &parsed, htonl(mask), bits);
	persist_key_end(table, &key);
	return key;
}

static void masks_make_one_of_many(void **state)
{
	(void)state;
	assert_true(key_of("10.1.2.3", 0xFFFF0000, 128).hash ==
		    key_of("10.1.9.9", 0xFFFF0000, 128).hash);
	assert_false(key_of("10.1.2.3", 0xFFFFFFFF, 128).hash ==
		     key_of("10.1.9.9", 0xFFFFFFFF, 128).hash);
	assert_true(key_of("2001:db8::1", 0, 64).hash == key_of("2001:db8::ffff", 0, 64).hash);
	assert_false(key_of("2001:db8::1", 0, 128).hash == key_of("2001:db8::2", 0, 128).hash);
	assert_true(key_of("2001:db8:a::1", 0, 45).hash == key_of("2001:db8:d::1", 0, 45).hash);
	assert_false(key_of("2001:db8:a::1", 0, 46).hash == key_of("2001:db8:d::1", 0, 46).hash);
}

static void texts_differ(void **state)
{
	struct persist_key one, other;

	(void)state;
	persist_key_begin(&one, PERSIST_RULE, 1);
	other = one;
	persist_key_text(table, &one, STR("a"));
	persist_key_text(table, &other, STR("b"));
	assert_false(one.source[0] == other.source[0] || one.source[1] == other.source[1]);
}

static void destination_counts(void **state)
{
	struct persist_key one, other;
	struct address here;

	(void)state;
	assert_true(address_parse(STR("127.0.0.1"), 80, &here));
	persist_key_begin(&one, PERSIST_DESTINATION, 1);
	other = one;
	persist_key_destination(&other, &here);
	persist_key_end(table, &one);
	persist_key_end(table, &other);
	assert_false(one.hash == other.hash);
}

/* Nobody who knows the program can tell which clients share a bucket. */
static void other_table_has_other_hashes(void **state)
{
	uint64_t hash = key_of("10.1.2.3", UINT32_MAX, 128).hash;

	(void)state;
	persist_free(table);
	table = persist_new(64);
	assert_non_null(table);
	assert_false(key_of("10.1.2.3", UINT32_MAX, 128).hash == hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_make_one_of_many),
		cmocka_unit_test(texts_differ),
		cmocka_unit_test(destination_counts),
		cmocka_unit_test(other_table_has_other_hashes),
	};
	int failed;

	table = persist_new(64);
	failed = table == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
	persist_free(table);
	return failed;
}
