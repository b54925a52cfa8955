/* SPDX-License-Identifier: Apache-2.0 */
#include "control/shortage.h"

#include "os/socket.h"
#include "record/log.h"

static void end(struct timer *timer)
{
	struct shortage *shortage = list_entry(timer, struct shortage, timer);

	shortage->is_on = false;
	log_write(LOG_LEVEL_NOTICE, "new clients are taken again");
}

void shortage_init(struct shortage *shortage, struct loop *loop)
{
	*shortage = (struct shortage){ .loop = loop };
	timer_init(&shortage->timer, end);
}

void shortage_fini(struct shortage *shortage)
{
	timer_cancel(&shortage->loop->timers, &shortage->timer);
}

static void begin(struct shortage *shortage, unsigned engine, int error)
{
	timer_cancel(&shortage->loop->timers, &shortage->timer);
	if (shortage->is_on)
		return;
	shortage->is_on = true;
	log_write(LOG_LEVEL_WARNING, "new clients wait until others leave: %s (engine %u)",
		  socket_error_text(-error), engine);
}

void shortage_tell(struct shortage *shortage, unsigned engine, int error)
{
	uint64_t bit = (uint64_t)1 << (engine % 64);

	if (error != 0) {
		shortage->paused[engine / 64] |= bit;
		begin(shortage, engine, error);
		return;
	}
	shortage->paused[engine / 64] &= ~bit;
	if (shortage->is_on && (shortage->paused[0] | shortage->paused[1]) == 0)
		timer_arm(&shortage->loop->timers, &shortage->timer,
			  shortage->loop->now_ms + SHORTAGE_OVER_MS);
}

bool shortage_has(const struct shortage *shortage, unsigned engine)
{
	return shortage->paused[engine / 64] >> (engine % 64) & 1;
}
