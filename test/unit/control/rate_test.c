/* SPDX-License-Identifier: Apache-2.0
 * Promised: a rate exists from its first limit on, follows changes, and is not seen without one.
 */
#include "control/rate.h"

#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct quota_rate_view view_of(const struct rate *rate)
{
	struct quota_rate_view view;

	quota_rate_read(rate->shared, &view);
	return view;
}

static void follows_its_limit(void **unused)
{
	struct rate_place place = { NULL, 4, 1 };
	struct rate rate = { 0 };
	struct quota_rate *shared;

	(void)unused;
	rate_set_bytes(&rate, place, 0);
	assert_null(rate_shared(&rate));
	rate_set_bytes(&rate, place, 2000000);
	shared = rate_shared(&rate);
	assert_int_equal(view_of(&rate).per_second, 2000000);
	assert_int_equal(view_of(&rate).burst, 200000);
	rate_set_bytes(&rate, place, 1000);
	assert_ptr_equal(rate_shared(&rate), shared);
	assert_int_equal(view_of(&rate).burst, 65536);
	rate_set_bytes(&rate, place, 0);
	assert_null(rate_shared(&rate));
	/* More than the arithmetic holds is as much as it holds. */
	rate_set_bytes(&rate, place, UINT64_MAX / 2);
	assert_ptr_equal(rate_shared(&rate), shared);
	assert_int_equal(view_of(&rate).per_second, QUOTA_RATE_MOST);
	rate_fini(&rate, NULL);
	assert_null(rate_shared(&rate));
}

static void requests_come_at_once_for_a_second(void **unused)
{
	struct rate_place place = { NULL, 1, 1 };
	struct rate rate = { 0 };
	uint64_t now_us = clock_ms() * 1000;

	(void)unused;
	rate_set_requests(&rate, place, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(quota_rate_take(rate_shared(&rate), 0, now_us, 1, 1), 1);
	assert_int_equal(quota_rate_take(rate_shared(&rate), 0, now_us, 1, 1), 0);
	rate_fini(&rate, NULL);
}

/* Under the name that it had last; its burst is not there again. */
static void the_next_process_finds_it(void **unused)
{
	struct rate_place place = { vault_new(1 << 16), 1, 1 }, other = { place.vault, 1, 2 };
	struct rate rate = { 0 }, renamed = { 0 }, lost = { 0 };
	uint64_t now_us = clock_ms() * 1000;

	(void)unused;
	rate_set_bytes(&rate, place, 1);
	assert_int_equal(quota_rate_take(rate_shared(&rate), 0, now_us, 60000, 60000), 60000);
	rate_set_bytes(&rate, other, 1);
	vault_recover(place.vault);
	rate_set_bytes(&lost, place, 1);
	assert_int_equal(quota_rate_take(rate_shared(&lost), 0, now_us, 60000, 60000), 60000);
	rate_set_bytes(&renamed, other, 1);
	assert_ptr_equal(rate_shared(&renamed), rate_shared(&rate));
	assert_int_equal(quota_rate_take(rate_shared(&renamed), 0, now_us, 60000, 60000), 0);
	rate_fini(&lost, place.vault);
	rate_fini(&renamed, place.vault);
	vault_free(place.vault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_its_limit),
		cmocka_unit_test(requests_come_at_once_for_a_second),
		cmocka_unit_test(the_next_process_finds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
