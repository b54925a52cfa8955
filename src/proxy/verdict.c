/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/verdict.h"

#include "conn/trail.h"
#include "proxy/departure.h"
#include "proxy/proxy.h"

enum { UNDECIDED_WAIT_MS = 2 }; /* for a unit that is in another engine's hands */

static struct quota_core *core_of(const struct vserver *vserver)
{
	return vserver->proxy->quota;
}

static enum verdict is_disabled(struct admission *in, struct vserver *vserver)
{
	(void)in;
	return vserver->is_configured && vserver->is_enabled ? VERDICT_PASS : VERDICT_SPILL;
}

static enum verdict is_down(struct admission *in, struct vserver *vserver)
{
	(void)in;
	return vserver_is_up(vserver) ? VERDICT_PASS : VERDICT_SPILL;
}

static enum verdict has_policy(struct admission *in, struct vserver *vserver)
{
	return spill_policy_test(vserver, in->peer) ? VERDICT_SPILL : VERDICT_PASS;
}

/* Who is a client already may be known to a service that is on its way out. */
static enum verdict has_no_service(struct admission *in, struct vserver *vserver)
{
	(void)in;
	return vserver_has_service(vserver) ? VERDICT_PASS : VERDICT_SPILL;
}

/* Another appliance that backs us up would send the client back, and so on. */
static enum verdict is_loop(struct admission *in, struct vserver *vserver)
{
	uint32_t here = vserver->proxy->appliance;

	if (in->trail == NULL || vserver == in->reached || !vserver->leads_on)
		return VERDICT_PASS;
	return in->trail->count == TRAIL_MAX || trail_has(in->trail, here) ? VERDICT_SPILL
									   : VERDICT_PASS;
}

static enum verdict is_held_out(struct admission *in, struct vserver *vserver)
{
	(void)in;
	return vserver->spill.is_held_out ? VERDICT_SPILL : VERDICT_PASS;
}

static enum verdict is_unhealthy(struct admission *in, struct vserver *vserver)
{
	uint32_t least = vserver->spill.health_least;

	(void)in;
	return least > 0 && vserver_health(vserver) < least ? VERDICT_SPILL : VERDICT_PASS;
}

/* What is limited: requests or clients. */
static bool limits_requests(const struct vserver *vserver)
{
	return vserver->requests.pool != QUOTA_NONE;
}

static enum verdict is_on_ramp(struct admission *in, struct vserver *vserver)
{
	struct proxy *proxy = vserver->proxy;
	const struct holding *holding = limits_requests(vserver) ? &vserver->requests
								 : &vserver->clients;

	if (limits_requests(vserver) ? !in->is_request : in->is_request && vserver == in->reached)
		return VERDICT_PASS;
	return ramp_spills(&vserver->ramp, proxy->map, holding, proxy->engine->loop.now_ms,
			   &proxy->seed)
		       ? VERDICT_SPILL
		       : VERDICT_PASS;
}

static uint64_t now_us(const struct vserver *vserver)
{
	return vserver->proxy->engine->loop.now_ms * 1000;
}

/* The persistence table is looked at only when it matters. */
static bool is_known(const struct admission *in, const struct vserver *vserver)
{
	if (in->is_request)
		return in->knows != NULL && in->knows(in->context, vserver);
	return in->known == vserver || persistence_knows(vserver, in->peer);
}

/* T2 of a rate, which has no other shared pool than what may come at once. */
static bool is_in_reserve(const struct vserver *vserver, const struct quota_rate *rate)
{
	const struct model_spill *spill = &vserver->spill;
	uint64_t reserve = spill->rate_reserve;

	if (rate == NULL || (reserve == 0 && spill->rate_reserve_percent == 0))
		return false;
	reserve += quota_rate_most_at_once(rate) * spill->rate_reserve_percent / 100;
	return !quota_rate_has_room(rate, now_us(vserver), reserve);
}

/* The limit of a vserver that has one. */
static const struct quota_rate *rate_of(const struct vserver *vserver)
{
	return vserver->pace.rate != NULL ? vserver->pace.rate : vserver->request_rate;
}

static enum verdict spill_early(struct vserver *vserver)
{
	vserver->reason = REASON_EARLY;
	return VERDICT_SPILL;
}

/* New clients wait until the rate was below the limit for a while; those that are there are paced.
 */
static enum verdict is_at_bandwidth(struct admission *in, struct vserver *vserver)
{
	if (pace_is_reached(&vserver->pace))
		return VERDICT_SPILL;
	if (is_in_reserve(vserver, vserver->pace.rate) && !is_known(in, vserver))
		return spill_early(vserver);
	return VERDICT_PASS;
}

/* Likewise over all virtual servers. Who is a client already is only paced. */
static enum verdict is_at_all_bandwidth(struct admission *in, struct vserver *vserver)
{
	(void)in;
	return pace_is_reached(&vserver->proxy->pace) ? VERDICT_SPILL : VERDICT_PASS;
}

/* Takes one: after it only the rate of the appliance is asked. */
static enum verdict is_at_request_rate(struct admission *in, struct vserver *vserver)
{
	if (vserver->request_rate == NULL)
		return VERDICT_PASS;
	if (is_in_reserve(vserver, vserver->request_rate) && !is_known(in, vserver))
		return spill_early(vserver);
	return quota_rate_take(vserver->request_rate, vserver->proxy->engine->index,
			       now_us(vserver), 1, 1) == 1
		       ? VERDICT_PASS
		       : VERDICT_SPILL;
}

static enum verdict is_at_all_request_rate(struct admission *in, struct vserver *vserver)
{
	const struct proxy *proxy = vserver->proxy;

	(void)in;
	if (proxy->request_rate == NULL ||
	    quota_rate_take(proxy->request_rate, proxy->engine->index, now_us(vserver), 1, 1) == 1)
		return VERDICT_PASS;
	if (vserver->request_rate != NULL)
		quota_rate_give(vserver->request_rate, proxy->engine->index, 1);
	return VERDICT_SPILL;
}

static struct holding *clients_of(struct vserver *vserver)
{
	return &vserver->clients;
}

static struct holding *requests_of(struct vserver *vserver)
{
	return &vserver->requests;
}

static struct holding *all_clients_of(struct vserver *vserver)
{
	return &vserver->proxy->clients;
}

static struct holding *all_requests_of(struct vserver *vserver)
{
	return &vserver->proxy->requests;
}

/* In the order in which they are asked; those that hold something when they pass come last. */
static const struct test {
	enum reason reason;
	unsigned asks; /* enum admission_ask: of whom */
	enum verdict (*test)(struct admission *in, struct vserver *vserver);
	struct holding *(*holding)(struct vserver *vserver); /* instead: it must have room */
} tests[] = {
	{ REASON_DISABLED, ASK_CLIENT | ASK_GUEST, is_disabled, NULL },
	{ REASON_DOWN, ASK_CLIENT | ASK_GUEST, is_down, NULL },
	{ REASON_DOWN, ASK_REQUEST, has_no_service, NULL },
	{ REASON_HELD_OUT, ASK_CLIENT | ASK_GUEST, is_held_out, NULL },
	{ REASON_LOOP, ASK_CLIENT | ASK_GUEST, is_loop, NULL },
	{ REASON_HEALTH, ASK_CLIENT | ASK_GUEST, is_unhealthy, NULL },
	{ REASON_RAMP, ASK_ALL, is_on_ramp, NULL },
	{ REASON_POLICY, ASK_CLIENT | ASK_GUEST, has_policy, NULL },
	{ REASON_BANDWIDTH, ASK_CLIENT | ASK_GUEST, is_at_bandwidth, NULL },
	{ REASON_ALL_BANDWIDTH, ASK_CLIENT, is_at_all_bandwidth, NULL },
	{ REASON_CLIENTS, ASK_CLIENT | ASK_GUEST, NULL, clients_of },
	{ REASON_REQUESTS, ASK_REQUEST | ASK_GUEST, NULL, requests_of },
	{ REASON_ALL_CLIENTS, ASK_CLIENT, NULL, all_clients_of },
	{ REASON_ALL_REQUESTS, ASK_REQUEST | ASK_GUEST, NULL, all_requests_of },
	{ REASON_REQUEST_RATE, ASK_REQUEST | ASK_GUEST, is_at_request_rate, NULL },
	{ REASON_ALL_REQUEST_RATE, ASK_REQUEST | ASK_GUEST, is_at_all_request_rate, NULL },
};

enum { TESTS = sizeof(tests) / sizeof(tests[0]) };

enum admission_ask verdict_ask_of(const struct admission *in, const struct vserver *vserver)
{
	const struct vserver *host = in->host != NULL ? in->host : in->reached;

	if (!in->is_request)
		return ASK_CLIENT;
	return vserver == host ? ASK_REQUEST : ASK_GUEST;
}

/* Who is known may have what others may not. */
static bool is_for_kept(enum quota_why why)
{
	return why == QUOTA_WHY_EARLY || why == QUOTA_WHY_RESERVE;
}

static enum quota_result take_one(const struct admission *in, struct vserver *vserver,
				  struct holding *holding)
{
	enum quota_result result = holding_take(holding, core_of(vserver));

	if (result == QUOTA_FULL && is_for_kept(quota_why(core_of(vserver))) &&
	    is_known(in, vserver))
		result = holding_take_known(holding, core_of(vserver));
	return result;
}

/* Why a pool says that it is full, in the words of the operator. */
static enum reason reason_of(const struct vserver *vserver, const struct holding *holding,
			     enum reason full)
{
	struct quota_view view;

	if (is_for_kept(quota_why(core_of(vserver))))
		return REASON_EARLY;
	if (quota_why(core_of(vserver)) != QUOTA_WHY_HYSTERESIS)
		return full;
	quota_read(vserver->proxy->map, holding->pool, &view);
	return view.used < view.limit ? REASON_RETURN : full;
}

static bool is_worth_waiting(const struct admission *in, struct vserver *vserver,
			     struct holding *holding)
{
	const struct vserver *leaving = holding == &vserver->clients ? vserver : NULL;

	return !vserver->spill.is_shadow && quota_why(core_of(vserver)) != QUOTA_WHY_HYSTERESIS &&
	       departure_is_near(vserver->proxy, holding, leaving, in->waited_ms);
}

/* Full: is there a line to stand in? */
static bool may_queue(const struct admission *in, const struct vserver *vserver,
		      const struct holding *holding)
{
	bool is_its_own = holding == &vserver->clients || holding == &vserver->requests;

	return in->may_queue && !vserver->spill.is_shadow && is_its_own &&
	       vserver->queue_depth > 0 && quota_why(core_of(vserver)) == QUOTA_WHY_FULL &&
	       vserver_takes_clients(vserver);
}

static bool adopt(struct admission *in, struct holding *holding)
{
	if (in->granted != holding)
		return false;
	in->granted = NULL;
	holding_adopt(holding);
	return true;
}

static enum verdict take_use(struct admission *in, struct vserver *vserver, const struct test *test)
{
	struct holding *holding = test->holding(vserver);

	if (adopt(in, holding))
		return VERDICT_PASS;
	vserver->reason = test->reason;
	switch (take_one(in, vserver, holding)) {
	case QUOTA_OK:
		return VERDICT_PASS;
	case QUOTA_AGAIN:
		if (in->waited_ms < UNDECIDED_WAIT_MS ||
		    (in->waited_ms != ADMISSION_NO_WAIT &&
		     quota_why(core_of(vserver)) == QUOTA_WHY_AUDIT))
			return VERDICT_AGAIN;
		stat_add(&vserver->stats->spilled_undecided, 1);
		return VERDICT_SPILL;
	case QUOTA_FULL:
		vserver->full_why = quota_why(core_of(vserver));
		vserver->reason = reason_of(vserver, holding, test->reason);
		in->full = holding;
		if (may_queue(in, vserver, holding))
			return VERDICT_QUEUE;
		if (is_worth_waiting(in, vserver, holding))
			return VERDICT_AGAIN;
		vserver->full_pool = holding->pool;
		return VERDICT_SPILL;
	}
	must_not_reach();
}

/* A share of the clients comes and goes: the limit is what lasts. */
static bool is_near_limit(const struct vserver *vserver)
{
	struct quota_view view;
	const struct holding *holding = limits_requests(vserver) ? &vserver->requests
								 : &vserver->clients;

	quota_read(vserver->proxy->map, holding->pool, &view);
	return ramp_share(vserver->ramp.percent, view.used, view.limit) > 0;
}

bool verdict_reason_holds(struct vserver *vserver, enum reason reason)
{
	if (reason == REASON_HEALTH)
		return vserver_health(vserver) < vserver->spill.health_least;
	if (reason == REASON_RAMP)
		return is_near_limit(vserver);
	if (reason == REASON_BANDWIDTH)
		return pace_is_reached(&vserver->pace);
	if (reason == REASON_ALL_BANDWIDTH)
		return pace_is_reached(&vserver->proxy->pace);
	if (reason == REASON_ALL_REQUEST_RATE)
		return vserver->proxy->request_rate != NULL &&
		       quota_rate_is_reached(vserver->proxy->request_rate, now_us(vserver),
					     PACE_CALM_MS * 1000);
	if (reason == REASON_REQUEST_RATE)
		return vserver->request_rate != NULL &&
		       quota_rate_is_reached(vserver->request_rate, now_us(vserver),
					     PACE_CALM_MS * 1000);
	if (reason == REASON_EARLY && rate_of(vserver) != NULL)
		return is_in_reserve(vserver, rate_of(vserver));
	if (reason == REASON_RETURN || reason == REASON_EARLY)
		reason = limits_requests(vserver) ? REASON_REQUESTS : REASON_CLIENTS;
	if (reason == REASON_POLICY)
		return spill_policy_holds(vserver);
	for (unsigned i = 0; i < TESTS; i++)
		if (tests[i].reason == reason && tests[i].holding != NULL)
			return holding_is_full(tests[i].holding(vserver), vserver->proxy->map);
	return false;
}

/* What the first `count` tests hold. */
static void give_first(struct vserver *vserver, enum admission_ask ask, unsigned count)
{
	while (count-- > 0)
		if (tests[count].holding != NULL && (tests[count].asks & ask) != 0)
			holding_give(tests[count].holding(vserver), core_of(vserver));
}

static enum verdict test_one(struct admission *in, struct vserver *vserver, const struct test *test)
{
	if (test->holding != NULL)
		return take_use(in, vserver, test);
	vserver->reason = test->reason;
	return test->test(in, vserver);
}

/* What would spill is served, past the limit, and counted as if. */
static bool is_only_shadow(struct vserver *vserver, const struct test *test)
{
	if (!vserver->spill.is_shadow || !reason_is_full(vserver->reason) ||
	    reason_is_of_all(vserver->reason))
		return false;
	if (test->holding != NULL)
		holding_force(test->holding(vserver));
	vserver->shadow = vserver->reason;
	return true;
}

static enum verdict test_all(struct admission *in, struct vserver *vserver, enum admission_ask ask)
{
	for (unsigned i = 0; i < TESTS; i++) {
		const struct test *test = &tests[i];
		enum verdict verdict;

		if ((test->asks & ask) == 0)
			continue;
		verdict = test_one(in, vserver, test);
		if (verdict == VERDICT_PASS ||
		    (verdict == VERDICT_SPILL && is_only_shadow(vserver, test)))
			continue;
		give_first(vserver, ask, i);
		return verdict;
	}
	vserver->reason = REASON_NONE;
	return VERDICT_PASS;
}

enum verdict verdict_ask(struct admission *in, struct vserver *vserver)
{
	in->last = vserver;
	vserver->full_pool = QUOTA_NONE;
	vserver->shadow = REASON_NONE;
	spill_policy_forget(&vserver->policies);
	return test_all(in, vserver, verdict_ask_of(in, vserver));
}

void verdict_give(struct vserver *vserver, enum admission_ask ask)
{
	give_first(vserver, ask, TESTS);
}

void verdict_hold(struct vserver *serving, enum admission_ask ask)
{
	for (unsigned i = 0; i < TESTS; i++) {
		struct holding *holding;

		if (tests[i].holding == NULL || (tests[i].asks & ask) == 0)
			continue;
		holding = tests[i].holding(serving);
		if (holding_take(holding, core_of(serving)) != QUOTA_OK)
			holding_force(holding);
	}
}
