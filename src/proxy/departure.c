/* SPDX-License-Identifier: Apache-2.0
 *
 * Who closes and comes back at once can be seen here before its end is: on another engine, or while
 * its server has yet to close. So everybody waits for a look or two; a little longer while clients
 * are leaving; and as many as are known to be on their way out wait for those.
 * With a limit of 0 and nobody there, nobody can leave.
 */
#include "proxy/departure.h"

#include "proxy/proxy.h"

enum {
	FULL_WAIT_MS = 2,     /* for an end that is not seen yet */
	LEAVING_WAIT_MS = 8,  /* the same while clients are leaving */
	ENDING_WAIT_MS = 200, /* for one that is seen */
	LEAVING_MS = 100      /* after the last departure: clients are not leaving any more */
};

/* Clients on all engines that have sent their last byte and wait for their server to end. */
static uint64_t count_ending(const struct vserver *vserver)
{
	const struct stat_vserver *first = vserver->stats - vserver->proxy->engine->index;
	uint64_t ending = 0;

	for (unsigned engine = 0; engine < vserver->balance.engines; engine++)
		ending += stat_read(&first[engine].clients_ending);
	return ending;
}

static void look(struct holding *holding, const struct quota_map *map, uint64_t now_ms)
{
	struct departures *departures = &holding->departures;
	struct quota_view view;
	uint64_t count;

	if (departures->looked_ms == now_ms || holding->pool == QUOTA_NONE)
		return;
	departures->looked_ms = now_ms;
	quota_read(map, holding->pool, &view);
	count = view.admitted - (uint64_t)view.used;
	if (count != departures->count)
		departures->seen_ms = now_ms;
	departures->count = count;
	departures->is_closed = view.limit == 0 && view.used == 0;
}

bool departure_is_near(struct proxy *proxy, struct holding *holding, const struct vserver *vserver,
		       uint64_t waited_ms)
{
	const struct departures *departures = &holding->departures;
	uint64_t now_ms = proxy->engine->loop.now_ms;

	look(holding, proxy->map, now_ms);
	if (departures->is_closed)
		return false;
	if (waited_ms < FULL_WAIT_MS)
		return true;
	if (waited_ms < LEAVING_WAIT_MS && departures->seen_ms != 0 &&
	    now_ms - departures->seen_ms < LEAVING_MS)
		return true;
	return vserver != NULL && waited_ms < ENDING_WAIT_MS &&
	       count_ending(vserver) > proxy->parked_before;
}
