/* SPDX-License-Identifier: Apache-2.0
 * Promised: the values of SipHash-2-4 as its authors printed them, for every length of the rest.
 */
#include "base/sip.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static const struct sip_key key = { { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u } };

/* The appendix of the paper: the message 00 01 .. 0e. */
static void is_that_of_the_paper(void **state)
{
	unsigned char message[15];

	(void)state;
	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (unsigned char)i;
	assert_true(sip_hash(&key, message, sizeof(message)) == 0xa129ca6149be45e5u);
}

/* The authors' table of vectors: lengths 0, 1, 7 and 8. */
static void is_that_of_the_table(void **state)
{
	unsigned char message[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

	(void)state;
	assert_true(sip_hash(&key, message, 0) == 0x726fdb47dd0e0e31u);
	assert_true(sip_hash(&key, message, 1) == 0x74f839c593dc67fdu);
	assert_true(sip_hash(&key, message, 7) == 0xab0200f58b01d137u);
	assert_true(sip_hash(&key, message, 8) == 0x93f5f5799a932462u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_that_of_the_paper),
		cmocka_unit_test(is_that_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
