/* SPDX-License-Identifier: Apache-2.0
 * The service from which the first byte comes soonest: its uses, one more, times the mean time from
 * the end of a request to the first byte of its answer. So a fast one gets more, but not all, and
 * one that slows down under its load loses clients at once.
 */
#include "lb/lb_priv.h"
#include "lb/least_priv.h"

const struct lb_method lb_least_response_time = {
	.name = "LEASTRESPONSETIME",
	.help = "the service that answers soonest, for what it has to do",
	.state_size = sizeof(struct least_state),
	.load = LB_LOAD_RESPONSE_TIME,
	.choose = least_choose,
};
