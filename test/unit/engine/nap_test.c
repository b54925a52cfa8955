/* SPDX-License-Identifier: Apache-2.0
 * Promised: a loop naps only while some events gather between its sleeps, in the mean, and not very
 * many, and while a nap gathers twice as many; a client that waits alone for each answer is never
 * made to wait, nor after a burst.
 */
#include "engine/nap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* How many of `sleeps`, with so many events after each of them and after each nap, are naps. */
static unsigned naps_of(struct nap *nap, unsigned sleeps, unsigned gathered, unsigned napped)
{
	unsigned naps = 0;
	uint64_t events = nap->events;

	for (unsigned i = 0; i < sleeps; i++)
		naps += nap_is_due(nap, events += nap->is_on ? napped : gathered);
	return naps;
}

static void few_are_not_made_to_wait(void **unused)
{
	struct nap nap = { .is_allowed = true };

	(void)unused;
	assert_int_equal(naps_of(&nap, 1000, 1, 50), 0);
	assert_int_equal(naps_of(&nap, 1000, NAP_LEAST - 1, 50), 0);
}

/* All but the samples. */
static void many_are_gathered(void **unused)
{
	struct nap nap = { .is_allowed = true };

	(void)unused;
	(void)naps_of(&nap, 400, NAP_LEAST + 1, 20);
	assert_int_equal(naps_of(&nap, 160, NAP_LEAST + 1, 20), 150);
}

static void where_nothing_is_gained_it_does_not(void **unused)
{
	struct nap nap = { .is_allowed = true };

	(void)unused;
	(void)naps_of(&nap, 400, NAP_LEAST + 1, 20);
	(void)naps_of(&nap, 1000, NAP_MOST + 1, 60);
	assert_int_equal(naps_of(&nap, 1000, NAP_MOST + 1, 60), 0);
}

/* Four at work beside a thousand idle ones: a nap finds those four, and nobody else. */
static void where_a_nap_finds_no_more_it_is_a_sample(void **unused)
{
	struct nap nap = { .is_allowed = true };

	(void)unused;
	(void)naps_of(&nap, 400, NAP_LEAST + 1, 20);
	(void)naps_of(&nap, 400, NAP_LEAST + 1, NAP_LEAST + 2);
	assert_int_equal(naps_of(&nap, 160, NAP_LEAST + 1, NAP_LEAST + 2), 10);
}

static void a_burst_is_forgotten_soon(void **unused)
{
	struct nap nap = { .is_allowed = true };

	(void)unused;
	assert_true(naps_of(&nap, 1, 1000000, 50) + naps_of(&nap, 1000, 1, 1) <= 300);
	(void)naps_of(&nap, 400, NAP_LEAST + 1, 20);
	assert_true(naps_of(&nap, 1000, 1, 1) <= 300);
	assert_int_equal(naps_of(&nap, 1000, 1, 1), 0);
}

static void who_may_not_does_not(void **unused)
{
	struct nap nap = { 0 };

	(void)unused;
	assert_int_equal(naps_of(&nap, 1000, NAP_LEAST + 1, 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_not_made_to_wait),
		cmocka_unit_test(many_are_gathered),
		cmocka_unit_test(where_nothing_is_gained_it_does_not),
		cmocka_unit_test(where_a_nap_finds_no_more_it_is_a_sample),
		cmocka_unit_test(a_burst_is_forgotten_soon),
		cmocka_unit_test(who_may_not_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
