/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_hosts(void **state)
{
	static const struct str good[] = {
		STR("a"),         STR("www.example.org"), STR("a:80"),      STR("a:"),
		STR("127.0.0.1"), STR("[::1]"),           STR("[::1]:443"), STR("a_b"),
		STR("a:65535"),   STR("xn--a"),           STR("a%20b"),     STR("[1::127.0.0.1]"),
	};
	static const struct str bad[] = {
		STR(""),     STR(":80"),   STR("a:65536"), STR("a:x"),      STR("a:80:80"),
		STR("a b"),  STR("a,b"),   STR("a/b"),     STR("u@a"),      STR("[::1"),
		STR("[]"),   STR("[::g]"), STR("::1"),     STR("a?b"),      STR("a#b"),
		STR("\x80"), STR("a\tb"),  STR("[::1]a"),  STR("a:000080"), STR("a\\b"),
		STR("<a>"),  STR("a:-1"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(target_is_host(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(target_is_host(bad[i]));
}

static void test_forms(void **state)
{
	static const struct {
		struct str target;
		enum h1_method method;
		struct str path, authority;
	} rows[] = {
		{ STR("/"), H1_GET, STR("/"), STR("") },
		{ STR("/a?b"), H1_GET, STR("/a?b"), STR("") },
		{ STR("//a"), H1_GET, STR("//a"), STR("") },
		{ STR("*"), H1_OPTIONS, STR("*"), STR("") },
		{ STR("http://h/p?q"), H1_GET, STR("/p?q"), STR("h") },
		{ STR("HTTPS://h:1/p"), H1_GET, STR("/p"), STR("h:1") },
		{ STR("http://h"), H1_GET, STR("/"), STR("h") },
		{ STR("http://h"), H1_OPTIONS, STR("*"), STR("h") },
		{ STR("http://[::1]:1/"), H1_GET, STR("/"), STR("[::1]:1") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h1_request request;
		struct h1_fault fault;

		request.target = rows[i].target;
		request.method = rows[i].method;
		assert_int_equal(target_read(&request, &fault), H1_DONE);
		assert_true(str_equal(request.path, rows[i].path));
		assert_true(str_equal(request.authority, rows[i].authority));
	}
}

static void test_no_form(void **state)
{
	static const struct str rows[] = {
		STR(""),         STR("*"),           STR("a"),          STR("?q"),
		STR("h:80"),     STR("http:/h/"),    STR("ftp://h/"),   STR("http://"),
		STR("http:///"), STR("http://u@h/"), STR("http://h?q"), STR("http://h:x/"),
		STR("**"),       STR("http//h/"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h1_request request;
		struct h1_fault fault;

		request.target = rows[i];
		request.method = H1_GET;
		assert_int_equal(target_read(&request, &fault), H1_BAD);
		assert_int_equal(fault.status, 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_no_form),
	};

	return cmocka_run_group_tests_name("http/target", tests, NULL, NULL);
}
