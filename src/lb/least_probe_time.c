/* SPDX-License-Identifier: Apache-2.0
 * The service whose monitors are answered soonest: its uses, one more, times the response time that
 * they have learned. It asks nothing of the traffic, and so tells services apart that have none.
 */
#include "lb/lb_priv.h"
#include "lb/least_priv.h"

const struct lb_method lb_least_probe_time = {
	.name = "LRTM",
	.help = "the service whose monitors are answered soonest, for what it has to do",
	.state_size = sizeof(struct least_state),
	.load = LB_LOAD_PROBE_TIME,
	.choose = least_choose,
};
