/* SPDX-License-Identifier: Apache-2.0
 * Promised: each kind of key depends on what it says and on nothing else, as far as the masks
 * reach.
 */
#include "lb/lb_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct address peer, other, reached;
static const struct lb_key_masks whole;

static uint64_t key(enum lb_key kind, const struct address *who, const char *url, const char *host)
{
	struct lb_key_client client = { who, &reached, str_of(url), str_of(host), { 0 } };

	return lb_key_make(kind, &whole, &client);
}

static void parts(void **state)
{
	(void)state;
	assert_int_equal(key(LB_KEY_NONE, &peer, "/a", "b"), 0);
	assert_int_equal(key(LB_KEY_SOURCE, &peer, "/a", "b"), key(LB_KEY_SOURCE, &peer, "/c", ""));
	assert_int_not_equal(key(LB_KEY_SOURCE, &peer, "", ""), key(LB_KEY_SOURCE, &other, "", ""));
	assert_int_equal(key(LB_KEY_DESTINATION, &peer, "", ""),
			 key(LB_KEY_DESTINATION, &other, "", ""));
	assert_int_not_equal(key(LB_KEY_SOURCE_DESTINATION, &peer, "", ""),
			     key(LB_KEY_SOURCE, &peer, "", ""));
	assert_int_equal(key(LB_KEY_URL, &peer, "/a", "b"), key(LB_KEY_URL, &other, "/a", "c"));
	assert_int_not_equal(key(LB_KEY_URL, &peer, "/a", ""), key(LB_KEY_URL, &peer, "/b", ""));
	assert_int_equal(key(LB_KEY_DOMAIN, &peer, "", "A.test:80"),
			 key(LB_KEY_DOMAIN, &peer, "", "a.TEST"));
}

static void masks(void **state)
{
	struct lb_key_masks some = { .hash_length = 2, .netmask = htonl(0xffffff00) };
	struct lb_key_client one = { &peer, NULL, STR("/abc"), STR(""), STR("") };
	struct lb_key_client two = { &other, NULL, STR("/axy"), STR(""), STR("") };

	(void)state;
	assert_int_equal(lb_key_make(LB_KEY_SOURCE, &some, &one),
			 lb_key_make(LB_KEY_SOURCE, &some, &two));
	assert_int_equal(lb_key_make(LB_KEY_URL, &some, &one),
			 lb_key_make(LB_KEY_URL, &some, &two));
	/* What is not known is left out. */
	assert_int_equal(lb_key_make(LB_KEY_SOURCE_DESTINATION, &whole, &one),
			 lb_key_make(LB_KEY_SOURCE, &whole, &one));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parts), cmocka_unit_test(masks) };

	if (!address_parse(STR("10.1.2.3"), 5, &peer) ||
	    !address_parse(STR("10.1.2.4"), 5, &other) ||
	    !address_parse(STR("127.0.0.1"), 80, &reached))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
