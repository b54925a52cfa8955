/* SPDX-License-Identifier: Apache-2.0
 * A URL is cut into its parts; what is none is refused with words.
 */
#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void good(const char *text, bool is_secure, const char *host, unsigned port,
		 const char *target)
{
	struct url url;
	const char *why;

	if (!url_parse(str_of(text), &url, &why))
		fail_msg("%s: %s", text, why);
	assert_int_equal(url.is_secure, is_secure);
	assert_true(str_equal(url.host, str_of(host)));
	assert_int_equal(url.port, port);
	assert_true(str_equal(url.target, str_of(target)));
}

static void bad(const char *text, const char *words)
{
	struct url url;
	const char *why = "";

	assert_false(url_parse(str_of(text), &url, &why));
	if (strstr(why, words) == NULL)
		fail_msg("%s: not %s", text, words);
}

static void test_good(void **state)
{
	(void)state;
	good("http://127.0.0.1", false, "127.0.0.1", 80, "/");
	good("HTTP://127.0.0.1:8080/a/b?c=d", false, "127.0.0.1", 8080, "/a/b?c=d");
	good("https://[::1]/x", true, "::1", 443, "/x");
	good("http://[::1]:81", false, "::1", 81, "/");
	good("http://hook.example/", false, "hook.example", 80, "/");
}

static void test_bad(void **state)
{
	(void)state;
	bad("", "begins with http://");
	bad("ftp://a/", "begins with http://");
	bad("http:///x", "host");
	bad("http://a b/", "blanks");
	bad("http://a/\r\nHost: b", "blanks");
	bad("http://a/#x", "#");
	bad("http://a:0/", "port");
	bad("http://a:70000/", "o");
	bad("http://a?x", "path");
	bad("http://user@a/", "host");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_good),
					    cmocka_unit_test(test_bad) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
