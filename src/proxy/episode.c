/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/episode.h"

#include "proxy/proxy.h"
#include "proxy/verdict.h"

enum { CALM_MS = 100 }; /* without a spill */

static struct loop *loop_of(const struct vserver *vserver)
{
	return &vserver->proxy->engine->loop;
}

static void tell(const struct vserver *vserver, uint64_t number)
{
	engine_tell(vserver->proxy->engine,
		    (struct message){ .kind = MESSAGE_SPILL, .id = vserver->id, .number = number });
}

/* The reason, and which policy it was. */
static uint64_t why(const struct vserver *vserver, enum reason reason)
{
	const struct spill_policies *policies = &vserver->policies;

	if (reason != REASON_POLICY)
		return reason;
	return MESSAGE_SPILL_POLICY(reason, policies->list[policies->decisive].uid);
}

void episode_note(struct vserver *vserver, enum reason reason)
{
	struct episode *episode = &vserver->episode;

	episode->spilled_ms = loop_of(vserver)->now_ms;
	episode->reason = reason;
	if (episode->is_on)
		return;
	episode->is_on = true;
	tell(vserver, why(vserver, reason));
	timer_arm(&loop_of(vserver)->timers, &episode->timer, episode->spilled_ms + CALM_MS);
}

/* At the limit clients come and go, and each may be admitted or not: control hears of an end only
 * when it lasted. It need not wait for a next client. */
static void look(struct timer *timer)
{
	struct vserver *vserver = list_entry(timer, struct vserver, episode.timer);
	struct episode *episode = &vserver->episode;
	uint64_t calm_ms = loop_of(vserver)->now_ms - episode->spilled_ms;

	if (calm_ms >= CALM_MS && !verdict_reason_holds(vserver, episode->reason)) {
		episode->is_on = false;
		tell(vserver, REASON_NONE);
		return;
	}
	timer_arm(&loop_of(vserver)->timers, timer, loop_of(vserver)->now_ms + CALM_MS);
}

void episode_init(struct episode *episode)
{
	*episode = (struct episode){ .reason = REASON_NONE };
	timer_init(&episode->timer, look);
}

void episode_end(struct vserver *vserver)
{
	timer_cancel(&loop_of(vserver)->timers, &vserver->episode.timer);
}
