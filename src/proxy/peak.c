/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/peak.h"

#include "proxy/proxy.h"

enum { LOOK_MS = 10 };

static struct loop *loop_of(const struct vserver *vserver)
{
	return &vserver->proxy->engine->loop;
}

static void raise_to(struct stat_number *number, const struct quota_map *map, uint32_t pool)
{
	struct quota_view view;

	if (pool == QUOTA_NONE)
		return;
	quota_read(map, pool, &view);
	stat_raise(number, view.used > 0 ? (uint64_t)view.used : 0);
}

static void look(struct vserver *vserver)
{
	const struct quota_map *map = vserver->proxy->map;

	vserver->peak.looked_ms = loop_of(vserver)->now_ms;
	raise_to(&vserver->stats->clients_peak, map, vserver->clients.pool);
	raise_to(&vserver->stats->requests_peak, map, vserver->requests.pool);
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
