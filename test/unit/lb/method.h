/* SPDX-License-Identifier: Apache-2.0
 * method.h - what every method that compares loads, and every one that hashes, must do.
 */
#pragma once

#include "lb/lb_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Two services, the second with `share` times the weight of the first: when the load follows the
 * choices, the second ends with `share` times the load. */
static inline void method_follows_load(const struct lb_method *method, enum lb_load load,
				       uint32_t share)
{
	struct lb_candidate candidates[2] = { { .is_eligible = true, .weight = 1, .id = 0 },
					      { .is_eligible = true, .weight = share, .id = 1 } };
	_Alignas(16) char state[LB_STATE_MAX] = { 0 };

	assert_int_equal(method->load, load);
	assert_int_equal(method->key, LB_KEY_NONE);
	assert_true(method->state_size <= LB_STATE_MAX);
	for (uint32_t turn = 0; turn < 20 * (share + 1); turn++)
		candidates[method->choose(state, candidates, 2, turn)].load += 1000;
	assert_int_equal(candidates[0].load, 20 * 1000);
	assert_int_equal(candidates[1].load, 20 * 1000 * share);
}

/* The key alone decides, whatever the loads are, and every service gets its part. */
static inline void method_follows_key(const struct lb_method *method, enum lb_key key)
{
	struct lb_candidate candidates[3];
	int seen[3] = { 0 };

	assert_int_equal(method->key, key);
	assert_int_equal(method->load, LB_LOAD_NONE);
	for (unsigned i = 0; i < 3; i++)
		candidates[i] = (struct lb_candidate){ .is_eligible = true, .weight = 1, .id = i };
	for (uint64_t turn = 0; turn < 3000; turn++) {
		int first = method->choose(NULL, candidates, 3, turn);

		seen[first]++;
		candidates[first].load += 1000;
		assert_int_equal(method->choose(NULL, candidates, 3, turn), first);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(seen[i], 900, 1100);
}
