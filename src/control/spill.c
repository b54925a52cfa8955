/* SPDX-License-Identifier: Apache-2.0 */
#include "control/spill.h"

#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>

bool spill_is_on(const struct runtime_vserver *vserver)
{
	return (vserver->spilling[0] | vserver->spilling[1]) != 0;
}

uint64_t spill_time_ms(const struct runtime_vserver *vserver)
{
	uint64_t running = spill_is_on(vserver) ? clock_wall_ms() - vserver->spill_since_ms : 0;

	return vserver->spill_ms_total + running;
}

static uint64_t count_spilled(const struct runtime *runtime, const struct runtime_vserver *vserver)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < runtime->engine_count; i++)
		sum += stat_read(&vserver->stats[i].spilled) +
		       stat_read(&vserver->stats[i].refused);
	return sum;
}

static void begin(const struct runtime *runtime, struct runtime_vserver *vserver,
		  const char *destination)
{
	struct quota_view view;

	quota_read(runtime->map, vserver->entry.pool, &view);
	vserver->spill_since_ms = clock_wall_ms();
	vserver->episodes++;
	log_write(LOG_LEVEL_NOTICE,
		  "vserver %s spills: the limit of %" PRId64 " is reached (%" PRId64
		  " uses); new clients go to %s",
		  vserver->entry.name, view.limit, view.used, destination);
}

static void end(const struct runtime *runtime, struct runtime_vserver *vserver)
{
	uint64_t lasted = clock_wall_ms() - vserver->spill_since_ms;
	struct quota_view view;

	quota_read(runtime->map, vserver->entry.pool, &view);
	vserver->spill_ms_total += lasted;
	log_write(LOG_LEVEL_NOTICE,
		  "vserver %s has room again after %" PRIu64 ".%03u s: %" PRId64 " of %" PRId64
		  " uses; spilled so far: %" PRIu64,
		  vserver->entry.name, lasted / 1000, (unsigned)(lasted % 1000), view.used,
		  view.limit, count_spilled(runtime, vserver));
}

void spill_tell(struct runtime *runtime, struct runtime_vserver *vserver, unsigned engine,
		bool is_spilling, const char *destination)
{
	bool was_on = spill_is_on(vserver);
	uint64_t bit = (uint64_t)1 << (engine % 64);

	if (is_spilling)
		vserver->spilling[engine / 64] |= bit;
	else
		vserver->spilling[engine / 64] &= ~bit;
	if (!was_on && spill_is_on(vserver))
		begin(runtime, vserver, destination);
	else if (was_on && !spill_is_on(vserver))
		end(runtime, vserver);
}
