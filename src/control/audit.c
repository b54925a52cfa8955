/* SPDX-License-Identifier: Apache-2.0 */
#include "control/audit.h"

#include "admit/quota_audit.h"
#include "control/control_priv.h"
#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>
#include <sched.h>

static void wake_all(struct control *control)
{
	post_send_all(&control->post, (struct message){ .kind = MESSAGE_WAKE });
}

static void wait_for_all(struct control *control)
{
	uint64_t end_ms = clock_ms() + AUDIT_WAIT_MS;

	while (!quota_audit_is_ready(control->setup.map) && clock_ms() < end_ms)
		sched_yield();
}

enum audit_result audit_pool(struct control *control, uint32_t pool, const char *name,
			     int64_t *leak)
{
	bool was_begun = quota_audit_begin(control->setup.map, pool), was_counted;

	must(was_begun);
	wake_all(control);
	wait_for_all(control);
	was_counted = quota_audit_end(control->setup.map, leak);
	wake_all(control);
	if (was_counted && *leak != 0)
		log_write(LOG_LEVEL_ERROR,
			  "the quota pool of %s had %" PRId64 " units too %s: it is repaired", name,
			  *leak > 0 ? *leak : -*leak, *leak > 0 ? "few" : "many");
	return was_counted ? AUDIT_COUNTED : AUDIT_STALLED;
}

/* Nothing to be seen: it comes again in the next hour. */
static void sweep_one(struct control *control, const struct runtime_entry *entry)
{
	int64_t leak;

	if (entry->is_published && entry->limit >= 0)
		(void)!audit_pool(control, entry->pool, entry->name, &leak);
}

static void sweep_reserve(struct control *control, const struct reserve *reserve, const char *name)
{
	int64_t leak;

	if (reserve->pool != QUOTA_NONE && reserve->limit >= 0)
		(void)!audit_pool(control, reserve->pool, name, &leak);
}

static void sweep_vserver(struct control *control, const struct runtime_vserver *vserver)
{
	sweep_one(control, &vserver->entry);
	sweep_reserve(control, &vserver->requests, vserver->entry.name);
	sweep_reserve(control, &vserver->sessions, vserver->entry.name);
}

/* False: this hour's sweep is over. */
static bool sweep_next(struct control *control)
{
	const struct runtime *runtime = &control->runtime;
	uint32_t place = control->audits.next++;

	if (place < runtime->service_room) {
		if (runtime->services[place] != NULL)
			sweep_one(control, &runtime->services[place]->entry);
		return true;
	}
	place -= runtime->service_room;
	if (place == runtime->vserver_room) {
		sweep_reserve(control, &runtime->clients, "the appliance");
		sweep_reserve(control, &runtime->requests, "the appliance");
	}
	if (place >= runtime->vserver_room)
		return false;
	if (runtime->vservers[place] != NULL)
		sweep_vserver(control, runtime->vservers[place]);
	return true;
}

static void tick(struct timer *timer)
{
	struct control *control = list_entry(timer, struct control, audits.timer);
	struct audits *audits = &control->audits;
	uint64_t now_ms = control->loop.now_ms, next_ms = now_ms + AUDIT_STEP_MS;

	if (!sweep_next(control)) {
		audits->next = 0;
		next_ms = audits->sweep_end_ms > now_ms ? audits->sweep_end_ms : next_ms;
		audits->sweep_end_ms = next_ms + AUDIT_HOUR_MS;
	}
	timer_arm(&control->loop.timers, timer, next_ms);
}

void audit_init(struct control *control)
{
	timer_init(&control->audits.timer, tick);
}

void audit_fini(struct control *control)
{
	timer_cancel(&control->loop.timers, &control->audits.timer);
}

void audit_start(struct control *control)
{
	control->audits.sweep_end_ms = control->loop.now_ms + 2 * (uint64_t)AUDIT_HOUR_MS;
	timer_arm(&control->loop.timers, &control->audits.timer,
		  control->loop.now_ms + AUDIT_HOUR_MS);
}
