/* SPDX-License-Identifier: Apache-2.0
 * Promised: the expressions that name one text are understood in any case, and nothing else is.
 */
#include "model/extract.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static void good(const char *rule, enum extract_from from, const char *name)
{
	struct extract extract;

	assert_true(extract_parse(str_of(rule), &extract));
	assert_int_equal(extract.from, from);
	assert_true(str_equal(extract.name, str_of(name)));
}

static void understands_what_names_a_text(void **state)
{
	(void)state;
	good("HTTP.REQ.URL", EXTRACT_URL, "");
	good(" http.req.hostname ", EXTRACT_HOST, "");
	good("CLIENT.IP.SRC", EXTRACT_SOURCE, "");
	good("HTTP.REQ.URL.QUERY.VALUE(\"sid\")", EXTRACT_QUERY, "sid");
	good("HTTP.REQ.HEADER(\"X-User\")", EXTRACT_HEADER, "X-User");
	good("http.req.cookie.VALUE(\"Sid\")", EXTRACT_COOKIE, "Sid");
}

static void refuses_the_rest(void **state)
{
	static const char *const rules[] = { "",
					     "none",
					     "HTTP.REQ",
					     "HTTP.REQ.URL.LENGTH",
					     "HTTP.REQ.HEADER(\"\")",
					     "HTTP.REQ.HEADER(\"a b\")",
					     "HTTP.REQ.HEADER(\"a\"",
					     "HTTP.REQ.HEADER(a)",
					     "HTTP.REQ.HEADER(\"a\").LENGTH",
					     "HTTP.REQ.HEADER(\"a\\\"b\")",
					     "HTTP.REQ.HEADER(\"" };
	struct extract extract;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		assert_false(extract_parse(str_of(rules[i]), &extract));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_what_names_a_text),
		cmocka_unit_test(refuses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
