/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/peak.h"

#include "proxy/proxy.h"

enum { LOOK_MS = 10 };

static struct loop *loop_of(const struct vserver *vserver)
{
	return &vserver->proxy->engine->loop;
}

/* The gauges of all engines: a limit need not be there. */
static void look(struct vserver *vserver)
{
	const struct stat_vserver *first = vserver->stats - vserver->proxy->engine->index;
	uint64_t clients = 0, requests = 0;

	vserver->peak.looked_ms = loop_of(vserver)->now_ms;
	for (unsigned engine = 0; engine < vserver->balance.engines; engine++) {
		clients += stat_read(&first[engine].clients);
		requests += stat_read(&first[engine].requests_active);
	}
	stat_raise(&vserver->stats->clients_peak, clients);
	stat_raise(&vserver->stats->requests_peak, requests);
}

static void on_timer(struct timer *timer)
{
	look(list_entry(timer, struct vserver, peak.timer));
}

void peak_init(struct peak *peak)
{
	*peak = (struct peak){ 0 };
	timer_init(&peak->timer, on_timer);
}

void peak_come(struct vserver *vserver)
{
	if (!timer_is_armed(&vserver->peak.timer))
		timer_arm(&loop_of(vserver)->timers, &vserver->peak.timer,
			  loop_of(vserver)->now_ms + LOOK_MS);
}

void peak_leave(struct vserver *vserver)
{
	if (loop_of(vserver)->now_ms - vserver->peak.looked_ms >= LOOK_MS)
		look(vserver);
}

void peak_end(struct vserver *vserver)
{
	timer_cancel(&loop_of(vserver)->timers, &vserver->peak.timer);
}
