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
	struct rate rate = { 0 };
	struct quota_rate *shared;

	(void)unused;
	rate_set_bytes(&rate, 4, 0);
	assert_null(rate_shared(&rate));
	rate_set_bytes(&rate, 4, 2000000);
	shared = rate_shared(&rate);
	assert_int_equal(view_of(&rate).per_second, 2000000);
	assert_int_equal(view_of(&rate).burst, 200000);
	rate_set_bytes(&rate, 4, 1000);
	assert_ptr_equal(rate_shared(&rate), shared);
	assert_int_equal(view_of(&rate).burst, 65536);
	rate_set_bytes(&rate, 4, 0);
	assert_null(rate_shared(&rate));
	/* More than the arithmetic holds is as much as it holds. */
	rate_set_bytes(&rate, 4, UINT64_MAX / 2);
	assert_ptr_equal(rate_shared(&rate), shared);
	assert_int_equal(view_of(&rate).per_second, QUOTA_RATE_MOST);
	rate_fini(&rate);
	assert_null(rate_shared(&rate));
}

static void requests_come_at_once_for_a_second(void **unused)
{
	struct rate rate = { 0 };
	uint64_t now_us = clock_ms() * 1000;

	(void)unused;
	rate_set_requests(&rate, 1, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(quota_rate_take(rate_shared(&rate), 0, now_us, 1, 1), 1);
	assert_int_equal(quota_rate_take(rate_shared(&rate), 0, now_us, 1, 1), 0);
	rate_fini(&rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_its_limit),
		cmocka_unit_test(requests_come_at_once_for_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
