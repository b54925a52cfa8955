/* SPDX-License-Identifier: Apache-2.0 */
#include "control/hold.h"

#include "control/control_priv.h"

static bool is_all_known(const struct control *control)
{
	for (uint32_t id = 0; id < control->runtime.service_room; id++) {
		const struct runtime_service *service = control->runtime.services[id];

		if (service != NULL && !health_is_known(service, control->loop.now_ms))
			return false;
	}
	return true;
}

static void release(struct control *control)
{
	if (control->hold == HOLD_ANSWER)
		control->is_published = false; /* once more, for those who wait for its number */
	control->hold = HOLD_NONE;
	timer_cancel(&control->loop.timers, &control->hold_timer);
	control_publish(control);
}

static void end(struct timer *timer)
{
	release(list_entry(timer, struct control, hold_timer));
}

static void begin(struct control *control, enum hold hold)
{
	control->hold = hold;
	timer_arm(&control->loop.timers, &control->hold_timer,
		  control->loop.now_ms + HEALTH_PATIENCE_MS);
}

void hold_init(struct control *control)
{
	control->hold = HOLD_NONE;
	timer_init(&control->hold_timer, end);
}

void hold_fini(struct control *control)
{
	timer_cancel(&control->loop.timers, &control->hold_timer);
}

void hold_start(struct control *control)
{
	begin(control, HOLD_START);
	hold_heard(control);
}

void hold_heard(struct control *control)
{
	if (control->hold != HOLD_NONE && is_all_known(control))
		release(control);
}

uint64_t hold_answer(struct control *control)
{
	/* Whoever changes something need not wait for what was there before. */
	if (control->hold == HOLD_START &&
	    control->plan_generation != config_generation(control->config))
		release(control);
	control_publish(control);
	if (control->hold == HOLD_NONE && !is_all_known(control))
		begin(control, HOLD_ANSWER);
	return control->publisher.newest + (control->hold != HOLD_NONE);
}
