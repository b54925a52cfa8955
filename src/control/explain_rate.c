/* SPDX-License-Identifier: Apache-2.0 */
#include "control/explain_priv.h"
#include "os/clock.h"
#include "service/pace.h"

#include <stdio.h>

/* The clock of the engines' loops. */
static uint64_t now_us(void)
{
	return clock_ms() * 1000;
}

static void print_level(struct explain *in, const struct quota_rate *rate, uint64_t per_second,
			const char *unit)
{
	struct quota_rate_view view;

	quota_rate_read(rate, &view);
	text_print(in->text, "limit %" PRIu64 " %s, %" PRIu64 " at once, %" PRIu64 " there now",
		   per_second, unit, view.burst, quota_rate_free(rate, now_us()));
	if (view.burst > quota_rate_most_at_once(rate))
		text_print(in->text, " and up to %" PRIu64 " more ready on the engines",
			   view.burst - quota_rate_most_at_once(rate));
}

/* Whether it is at its limit. */
static bool tell_bandwidth(struct explain *in, const struct rate *limit, const char *what,
			   const char *then)
{
	const struct quota_rate *rate = rate_shared(limit);
	bool is_reached;

	if (rate == NULL)
		return false;
	is_reached = quota_rate_is_reached(rate, now_us(), PACE_CALM_MS * 1000);
	text_print(in->text, "\t\tbandwidth%s: ", what);
	print_level(in, rate, limit->per_second / BYTES_OF_KBIT, "kbit/s, in bytes");
	text_print(in->text, "; %s\n",
		   is_reached ? then : "it was not at its limit within the last second");
	return is_reached;
}

static void tell_requests(struct explain *in, const struct rate *limit, const char *what)
{
	const struct quota_rate *rate = rate_shared(limit);

	if (rate == NULL)
		return;
	text_print(in->text, "\t\trequest rate%s: ", what);
	print_level(in, rate, limit->per_second, "a second");
	text_print(in->text, "; asked for each request: %s\n",
		   quota_rate_free(rate, now_us()) > 0
			   ? "one passes now"
			   : "one is too many now, unless its engine has some ready");
}

enum reason explain_rate(struct explain *in, const struct runtime_vserver *vserver)
{
	const struct runtime *runtime = &in->control->runtime;
	bool is_at = tell_bandwidth(in, &vserver->bandwidth, "",
				    "it is at its limit, new clients spill");
	bool is_at_all = tell_bandwidth(in, &runtime->bandwidth, " of the whole appliance",
					"it is at its limit, new clients are not served");

	if (vserver->plan->protocol == PROTOCOL_HTTP) {
		tell_requests(in, &vserver->request_rate, "");
		tell_requests(in, &runtime->request_rate, " of the whole appliance");
	}
	if (is_at)
		return REASON_BANDWIDTH;
	return is_at_all ? REASON_ALL_BANDWIDTH : REASON_NONE;
}

bool explain_rate_of_service(struct explain *in, const struct runtime_service *service)
{
	char what[160];

	snprintf(what, sizeof(what), " of %s", service->entry.name);
	return tell_bandwidth(in, &service->bandwidth, what,
			      "it is at its limit, others come first");
}
