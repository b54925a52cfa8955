/* SPDX-License-Identifier: Apache-2.0
 * Promised: each text is found where it stands, whole and undecoded, and a name that only begins
 * alike is another one.
 */
#include "persist/persist_text.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static const char head[] =
	"GET /p?ids=1&id=a%20b&id=2&empty=&flag HTTP/1.1\r\nHost: www.test:81\r\n"
	"Cookie: ids=9; id = x\r\nX-User: me \r\n"
	"cookie: a=b;id=two; tail=3;=;\r\nX-User: you\r\n\r\n";

static struct h1_request request;

static int set_up(void **state)
{
	struct h1_scan scan = { 0 };
	struct h1_fault fault;

	(void)state;
	return h1_read_request(&scan, head, sizeof(head) - 1, 8192, &request, &fault) != H1_DONE;
}

static void is(enum extract_from from, const char *name, const char *value)
{
	struct extract extract = { from, str_of(name) };
	struct str found = persist_text(&request, &extract);

	assert_int_equal(found.length, strlen(value));
	assert_true(str_equal(found, str_of(value)));
}

static void finds_what_is_there(void **state)
{
	(void)state;
	is(EXTRACT_URL, "", "/p?ids=1&id=a%20b&id=2&empty=&flag");
	is(EXTRACT_HOST, "", "www.test:81");
	is(EXTRACT_QUERY, "id", "a%20b");
	is(EXTRACT_HEADER, "x-user", "me");
	is(EXTRACT_COOKIE, "id", "two");
	is(EXTRACT_COOKIE, "ids", "9");
	is(EXTRACT_COOKIE, "tail", "3");
}

static void finds_nothing_else(void **state)
{
	(void)state;
	is(EXTRACT_NONE, "", "");
	is(EXTRACT_SOURCE, "", "");
	is(EXTRACT_QUERY, "i", "");
	is(EXTRACT_QUERY, "ID", "");
	is(EXTRACT_QUERY, "empty", "");
	is(EXTRACT_QUERY, "flag", "");
	is(EXTRACT_HEADER, "x-use", "");
	is(EXTRACT_COOKIE, "ail", "");
	request.path = STR("/p");
	is(EXTRACT_QUERY, "id", "");
	request.path = STR("/p?");
	is(EXTRACT_QUERY, "id", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_what_is_there, set_up),
		cmocka_unit_test_setup(finds_nothing_else, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
