/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/admission.h"

#include "proxy/proxy.h"
#include "proxy/verdict.h"

static struct vserver *backup_of(const struct vserver *vserver)
{
	return proxy_vserver(vserver->proxy, vserver->backup);
}

static struct quota_core *core_of(const struct vserver *vserver)
{
	return vserver->proxy->quota;
}

/* --- what is counted of a decision --- */

static void count_asked(const struct admission *in, struct vserver *vserver)
{
	spill_policy_count(&vserver->policies);
	/* A client's requests are not news to who has it. */
	if (vserver->reason != REASON_NONE || verdict_ask_of(in, vserver) != ASK_REQUEST)
		stat_add(&vserver->stats->asked[vserver->reason], 1);
	if (vserver->full_pool != QUOTA_NONE)
		quota_note_spill(core_of(vserver), vserver->full_pool, vserver->full_why);
	if (UNLIKELY(vserver->shadow != REASON_NONE)) {
		stat_add(&vserver->stats->shadowed, 1);
		episode_note(vserver, vserver->shadow);
	}
	/* Who is kept by a backup is no news of the limit. */
	if (UNLIKELY(reason_is_full(vserver->reason)) && vserver->reason != REASON_KEPT)
		episode_note(vserver, vserver->reason);
}

/* Once for each client, however often it had to ask. */
static void count_all_asked(const struct admission *in)
{
	struct vserver *vserver = in->reached;

	for (; vserver != in->last; vserver = backup_of(vserver))
		count_asked(in, vserver);
	count_asked(in, vserver);
}

/* --- who is served --- */

static void count_client(struct vserver *serving)
{
	peak_come(serving);
	stat_add(&serving->stats->clients, 1);
	stat_add(&serving->stats->clients_total, 1);
}

static void count_served(const struct admission *in)
{
	struct vserver *serving = in->serving;

	if (in->is_request) {
		peak_come(serving);
		stat_add(&serving->stats->requests_active, 1);
		stat_add(&serving->stats->requests_total, 1);
	}
	if (verdict_ask_of(in, serving) != ASK_REQUEST)
		count_client(serving);
	if (in->is_request)
		return;
	stat_add(&serving->proxy->stats->clients, 1);
	persistence_spill_note(in->reached, in->peer, serving);
}

void admission_leave(struct vserver *serving)
{
	must_be_on(serving->proxy->engine);
	peak_leave(serving);
	stat_subtract(&serving->stats->clients, 1);
	stat_subtract(&serving->proxy->stats->clients, 1);
	verdict_give(serving, ASK_CLIENT);
	proxy_client_left(serving->proxy);
}

/* The short way of nearly all requests: nothing stands against them, and no test need be asked. */
static bool requests_are_free(const struct vserver *vserver)
{
	return vserver->request_rate == NULL && vserver->proxy->request_rate == NULL &&
	       vserver->requests.pool == QUOTA_NONE && vserver->proxy->requests.pool == QUOTA_NONE;
}

void admission_request_over(struct vserver *serving, bool is_guest)
{
	must_be_on(serving->proxy->engine);
	peak_leave(serving);
	stat_subtract(&serving->stats->requests_active, 1);
	if (is_guest)
		stat_subtract(&serving->stats->clients, 1);
	if (!is_guest && requests_are_free(serving)) {
		holding_give(&serving->requests, core_of(serving));
		holding_give(&serving->proxy->requests, core_of(serving));
		return;
	}
	verdict_give(serving, is_guest ? ASK_GUEST : ASK_REQUEST);
	if (is_guest)
		proxy_client_left(serving->proxy);
}

/* --- the end of the walk --- */

static bool was_full(const struct vserver *vserver)
{
	return reason_is_full(vserver->reason);
}

/* Those before `serving` on the way from the one that was reached have spilled the client. */
static void count_spills(struct vserver *reached, struct vserver *serving)
{
	unsigned distance = 0;

	if (reached == serving)
		return;
	for (struct vserver *vserver = reached; vserver != serving; vserver = backup_of(vserver))
		distance++;
	for (struct vserver *vserver = reached; vserver != serving; vserver = backup_of(vserver)) {
		if (--distance < vserver->destination_count)
			stat_add(&vserver->destinations[distance]->clients, 1);
		if (was_full(vserver))
			stat_add(&vserver->stats->spilled, 1);
		else
			stat_add(&vserver->stats->spilled_down, 1);
	}
	stat_add(&serving->stats->spilled_in, 1);
}

bool admission_handshake_begin(struct vserver *serving)
{
	must_be_on(serving->proxy->engine);
	if (holding_take(&serving->handshakes, core_of(serving)) == QUOTA_OK)
		return true;
	quota_note_spill(core_of(serving), serving->handshakes.pool,
			 quota_why(core_of(serving)));
	serving->reason = REASON_SESSIONS;
	stat_add(&serving->stats->asked[REASON_SESSIONS], 1);
	episode_note(serving, REASON_SESSIONS);
	return false;
}

void admission_session_over(struct vserver *serving)
{
	must_be_on(serving->proxy->engine);
	holding_give(&serving->handshakes, core_of(serving));
}

static enum admit accept_past_limit(struct admission *in, struct vserver *serving)
{
	in->serving = serving;
	verdict_hold(serving, verdict_ask_of(in, serving));
	stat_add(&serving->stats->accepted_over, 1);
	count_served(in);
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

	if (in->is_request)
		stat_add(&stats->requests_total, 1);
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
	struct vserver *accepting = NULL, *redirecting = NULL, *vserver = in->reached;

	count_all_asked(in);
	for (const struct vserver *before = NULL; before != in->last;
	     before = vserver, vserver = backup_of(vserver)) {
		if (was_full(vserver) && vserver->so_backup_action == SO_BACKUP_ACCEPT) {
			accepting = vserver;
			redirecting = NULL;
		} else if (redirects(vserver)) {
			redirecting = vserver;
			accepting = NULL;
		}
	}
	if (accepting != NULL)
		return accept_past_limit(in, accepting);
	return refuse(in, redirecting);
}

static enum admit serve(struct admission *in, struct vserver *serving)
{
	in->serving = serving;
	count_all_asked(in);
	count_served(in);
	count_spills(in->reached, serving);
	return ADMIT_OK;
}

static enum admit serve_free_request(struct admission *in)
{
	in->serving = in->reached;
	holding_force(&in->reached->requests);
	holding_force(&in->reached->proxy->requests);
	count_served(in);
	return ADMIT_OK;
}

/* Who in the chain served this client last; NULL: nobody, or it is not known. */
static struct vserver *find_known(const struct admission *in)
{
	uint64_t tag = in->is_request ? 0 : persistence_spill_find(in->reached, in->peer);
	struct vserver *vserver = in->reached;

	for (uint32_t hops = in->reached->proxy->vserver_room; tag != 0 && hops > 0; hops--) {
		if (vserver == NULL || vserver->persistence.owner == tag)
			return vserver;
		vserver = backup_of(vserver);
	}
	return NULL;
}

/* A backup that served the client last comes before those who stand before it in the chain. */
static enum verdict ask_known(struct admission *in)
{
	enum verdict verdict;

	if (in->known == NULL || in->known == in->reached)
		return VERDICT_SPILL;
	verdict = verdict_ask(in, in->known);
	for (struct vserver *vserver = in->reached; verdict == VERDICT_PASS && vserver != in->known;
	     vserver = backup_of(vserver)) {
		vserver->reason = REASON_KEPT;
		vserver->shadow = REASON_NONE;
		vserver->full_pool = QUOTA_NONE;
		spill_policy_forget(&vserver->policies);
	}
	return verdict;
}

enum admit admission_decide(struct admission *in)
{
	uint32_t hops = in->reached->proxy->vserver_room; /* the configuration refuses loops */
	struct vserver *vserver = in->reached;

	must_be_on(in->reached->proxy->engine);
	if (in->is_request && requests_are_free(in->reached) && vserver_has_service(in->reached))
		return serve_free_request(in);
	in->known = find_known(in);
	switch (ask_known(in)) {
	case VERDICT_PASS:
		return serve(in, in->known);
	case VERDICT_AGAIN:
		return ADMIT_AGAIN;
	case VERDICT_QUEUE:
		in->serving = in->known;
		return ADMIT_QUEUE;
	case VERDICT_SPILL:
		break;
	}
	while (vserver != NULL && hops-- > 0) {
		switch (verdict_ask(in, vserver)) {
		case VERDICT_PASS:
			return serve(in, vserver);
		case VERDICT_AGAIN:
			return ADMIT_AGAIN;
		case VERDICT_QUEUE:
			in->serving = vserver;
			return ADMIT_QUEUE;
		case VERDICT_SPILL:
			break;
		}
		if (reason_is_of_all(vserver->reason))
			break;
		vserver = backup_of(vserver);
	}
	return end_of_chain(in);
}

bool admission_try(struct admission *in)
{
	must_be_on(in->reached->proxy->engine);
	must(in->is_request);
	if (verdict_ask(in, in->reached) != VERDICT_PASS)
		return false;
	(void)serve(in, in->reached);
	return true;
}
