/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/admission.h"

#include "conn/trail.h"
#include "proxy/proxy.h"

enum { UNDECIDED_WAIT_MS = 2 }; /* for a unit that is in another engine's hands */

static struct vserver *backup_of(const struct vserver *vserver)
{
	return proxy_vserver(vserver->proxy, vserver->backup);
}

/* --- what is held --- */

static void count_client(struct vserver *serving)
{
	serving->clients++;
	stat_add(&serving->stats->clients, 1);
	stat_add(&serving->stats->clients_total, 1);
	stat_add(&serving->proxy->stats->clients, 1);
}

void admission_leave(struct vserver *serving)
{
	must_be_on(serving->proxy->engine);
	must(serving->clients > 0);
	serving->clients--;
	stat_subtract(&serving->stats->clients, 1);
	stat_subtract(&serving->proxy->stats->clients, 1);
	/* One client is as good as another: while there are more than uses, the first that leaves
	 * takes one of the surplus with it. */
	if (serving->excess > 0)
		serving->excess--;
	else
		quota_give(serving->proxy->quota, serving->pool);
	proxy_client_left(serving->proxy);
}

/* --- the reasons --- */

/* What a test says of a virtual server and a client. */
enum verdict {
	VERDICT_PASS,  /* no reason: on with the next test */
	VERDICT_SPILL, /* for the reason of the test */
	VERDICT_AGAIN  /* not to be said yet */
};

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

/* Another appliance that backs us up would send the client back, and so on. */
static enum verdict is_loop(struct admission *in, struct vserver *vserver)
{
	uint32_t here = vserver->proxy->appliance;

	if (in->trail == NULL || vserver == in->reached || !vserver->leads_on)
		return VERDICT_PASS;
	return in->trail->count == TRAIL_MAX || trail_has(in->trail, here) ? VERDICT_SPILL
									   : VERDICT_PASS;
}

/* Holds a use when it passes, and so it comes last. */
static enum verdict take_use(struct admission *in, struct vserver *vserver)
{
	switch (quota_take(vserver->proxy->quota, vserver->pool)) {
	case QUOTA_OK:
		return VERDICT_PASS;
	case QUOTA_AGAIN:
		if (in->waited_ms < UNDECIDED_WAIT_MS)
			return VERDICT_AGAIN;
		stat_add(&vserver->stats->spilled_undecided, 1);
		return VERDICT_SPILL;
	case QUOTA_FULL:
		if (quota_why(vserver->proxy->quota) != QUOTA_WHY_HYSTERESIS &&
		    departure_is_near(vserver, in->waited_ms))
			return VERDICT_AGAIN;
		quota_note_spill(vserver->proxy->quota, vserver->pool);
		return VERDICT_SPILL;
	}
	must_not_reach();
}

static bool has_no_use(const struct vserver *vserver)
{
	return quota_is_full(vserver->proxy->map, vserver->pool);
}

/* In the order in which they are asked. */
static const struct {
	enum reason reason;
	enum verdict (*test)(struct admission *in, struct vserver *vserver);
	bool (*holds)(const struct vserver *vserver); /* of those that begin an episode */
} tests[] = {
	{ REASON_DISABLED, is_disabled, NULL },
	{ REASON_DOWN, is_down, NULL },
	{ REASON_LOOP, is_loop, NULL },
	{ REASON_CLIENTS, take_use, has_no_use },
};

enum { TESTS = sizeof(tests) / sizeof(tests[0]) };

bool admission_reason_holds(const struct vserver *vserver, enum reason reason)
{
	for (unsigned i = 0; i < TESTS; i++)
		if (tests[i].reason == reason && tests[i].holds != NULL)
			return tests[i].holds(vserver);
	return false;
}

/* Leaves the reason in the slot, for the end of the walk. */
static enum verdict ask(struct admission *in, struct vserver *vserver)
{
	enum verdict verdict = VERDICT_PASS;

	vserver->reason = REASON_NONE;
	for (unsigned i = 0; i < TESTS && verdict == VERDICT_PASS; i++) {
		verdict = tests[i].test(in, vserver);
		if (verdict == VERDICT_SPILL)
			vserver->reason = tests[i].reason;
	}
	if (verdict != VERDICT_AGAIN)
		stat_add(&vserver->stats->asked[vserver->reason], 1);
	if (reason_is_full(vserver->reason))
		episode_note(vserver, vserver->reason);
	return verdict;
}

/* --- the end of the walk --- */

static bool was_full(const struct vserver *vserver)
{
	return reason_is_full(vserver->reason);
}

/* Those before `serving` on the way from the one that was reached have spilled the client. */
static void count_spills(struct vserver *reached, struct vserver *serving)
{
	if (reached == serving)
		return;
	for (struct vserver *vserver = reached; vserver != serving; vserver = backup_of(vserver)) {
		if (was_full(vserver))
			stat_add(&vserver->stats->spilled, 1);
		else
			stat_add(&vserver->stats->spilled_down, 1);
	}
	stat_add(&serving->stats->spilled_in, 1);
}

static enum admit accept_past_limit(struct admission *in, struct vserver *serving)
{
	in->serving = serving;
	serving->excess++;
	stat_add(&serving->stats->accepted_over, 1);
	count_client(serving);
	count_spills(in->reached, serving);
	return ADMIT_OK;
}

static bool redirects(const struct vserver *vserver)
{
	if (vserver->redirect_url == NULL)
		return false;
	return !was_full(vserver) || vserver->so_backup_action == SO_BACKUP_DEFAULT ||
	       vserver->so_backup_action == SO_BACKUP_REDIRECT;
}

static enum admit refuse(struct admission *in, struct vserver *decider)
{
	struct stat_vserver *stats = in->reached->stats;

	stat_add(decider != NULL ? &stats->redirected : &stats->dropped, 1);
	if (was_full(in->reached))
		stat_add(&stats->refused, 1);
	else
		stat_add(&stats->refused_down, 1);
	in->serving = decider != NULL ? decider : in->reached;
	return decider != NULL ? ADMIT_REDIRECT : ADMIT_REFUSE;
}

/* Nobody in the chain had room. The last in the chain whose action lets the client in or sends it
 * away decides; where none does it is dropped. */
static enum admit end_of_chain(struct admission *in)
{
	struct vserver *accepting = NULL, *redirecting = NULL;
	uint32_t hops = in->reached->proxy->vserver_room;

	for (struct vserver *vserver = in->reached; vserver != NULL && hops > 0; hops--) {
		if (was_full(vserver) && vserver->so_backup_action == SO_BACKUP_ACCEPT) {
			accepting = vserver;
			redirecting = NULL;
		} else if (redirects(vserver)) {
			redirecting = vserver;
			accepting = NULL;
		}
		vserver = backup_of(vserver);
	}
	if (accepting != NULL)
		return accept_past_limit(in, accepting);
	return refuse(in, redirecting);
}

static enum admit serve(struct admission *in, struct vserver *serving)
{
	in->serving = serving;
	count_client(serving);
	count_spills(in->reached, serving);
	return ADMIT_OK;
}

enum admit admission_decide(struct admission *in)
{
	uint32_t hops = in->reached->proxy->vserver_room; /* the configuration refuses loops */

	must_be_on(in->reached->proxy->engine);
	for (struct vserver *vserver = in->reached; vserver != NULL && hops > 0; hops--) {
		switch (ask(in, vserver)) {
		case VERDICT_PASS:
			return serve(in, vserver);
		case VERDICT_AGAIN:
			return ADMIT_AGAIN;
		case VERDICT_SPILL:
			vserver = backup_of(vserver);
			break;
		}
	}
	return end_of_chain(in);
}
