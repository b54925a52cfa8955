/* SPDX-License-Identifier: Apache-2.0
 * The text of a filter becomes the bytes that a directory reads, and what is no filter is none.
 */
#include "monitor/ldap_filter.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

static void assert_bytes(const char *filter, const char *bytes, size_t length)
{
	struct ber_writer writer;
	struct str written;

	ber_begin(&writer);
	assert_true(ldap_filter_put(&writer, str_of(filter)));
	assert_false(writer.is_full);
	written = ber_written(&writer);
	assert_int_equal(written.length, length);
	assert_memory_equal(written.at, bytes, length);
}

#define IS(filter, bytes) assert_bytes(filter, bytes, sizeof(bytes) - 1)

static void test_comparisons(void **state)
{
	(void)state;
	IS("", "\x87\x0bobjectClass");
	IS("(a=*)", "\x87\x01"
		    "a");
	IS("(a=b)", "\xa3\x06\x04\x01"
		    "a\x04\x01"
		    "b");
	IS("a=b", "\xa3\x06\x04\x01"
		  "a\x04\x01"
		  "b");
	IS("(a>=5)", "\xa5\x06\x04\x01"
		     "a\x04\x01"
		     "5");
	IS("(a<=5)", "\xa6\x06\x04\x01"
		     "a\x04\x01"
		     "5");
	IS("(a~=5)", "\xa8\x06\x04\x01"
		     "a\x04\x01"
		     "5");
	IS("(a=\\2a\\28)", "\xa3\x07\x04\x01"
			   "a\x04\x02*(");
	IS("(a=)", "\xa3\x05\x04\x01"
		   "a\x04\x00");
}

static void test_substrings(void **state)
{
	(void)state;
	IS("(a=b*c*d)", "\xa4\x0e\x04\x01"
			"a\x30\x09\x80\x01"
			"b\x81\x01"
			"c\x82\x01"
			"d");
	IS("(a=*c*)", "\xa4\x08\x04\x01"
		      "a\x30\x03\x81\x01"
		      "c");
	IS("(a=b*)", "\xa4\x08\x04\x01"
		     "a\x30\x03\x80\x01"
		     "b");
}

static void test_several(void **state)
{
	(void)state;
	IS("(&(a=*)(!(b=*)))", "\xa0\x08\x87\x01"
			       "a\xa2\x03\x87\x01"
			       "b");
	IS("(|(a=*))", "\xa1\x03\x87\x01"
		       "a");
}

static void test_none(void **state)
{
	static const char *const rows[] = {
		"(",
		")",
		"()",
		"(((",
		"(a)",
		"(=b)",
		"(a=b",
		"a=b)",
		"(a=b)(c=d)",
		"(&)",
		"(&(a=b)",
		"(&a=b)",
		"(!(a=b)(c=d))",
		"(a=(b))",
		"(a:=b)",
		"(a=**)",
		"(a=\\2)",
		"(a=\\zz)",
		"(a=b*\\)",
		"((a=b))",
		"(a b=c)",
		"(&(&(&(&(&(&(&(&(&(a=b))))))))))",
		"(|(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a=*)(a="
		"*)"
		"(a=*))",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ldap_filter_is_good(str_of(rows[i])))
			fail_msg("%s is taken", rows[i]);
	assert_true(ldap_filter_is_good(STR("(&(objectClass=person)(|(uid=p*)(uid=q)))")));
}

static void test_long(void **state)
{
	char filter[6000] = "(a=";

	(void)state;
	memset(filter + 3, 'x', sizeof(filter) - 3);
	assert_false(ldap_filter_is_good((struct str){ filter, sizeof(filter) }));
	filter[400] = ')';
	assert_true(ldap_filter_is_good((struct str){ filter, 401 }));
	filter[400] = 'x';
	filter[sizeof(filter) - 1] = ')';
	assert_false(ldap_filter_is_good((struct str){ filter, sizeof(filter) }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparisons), cmocka_unit_test(test_substrings),
		cmocka_unit_test(test_several),     cmocka_unit_test(test_none),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
