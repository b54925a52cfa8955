/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "control/runtime.h"
#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	const char *name, *words;
} states[] = {
	[STATE_UNKNOWN] = { "UNKNOWN", "not known" },
	[STATE_UP] = { "UP", "up" },
	[STATE_DOWN] = { "DOWN", "down" },
	[STATE_OUT] = { "OUT OF SERVICE", "out of service" },
	[STATE_LEAVING] = { "GOING OUT OF SERVICE", "going out of service" },
	[STATE_DOWN_LEAVING] = { "DOWN WHEN GOING OUT OF SERVICE",
				 "down when going out of service" },
};

const char *state_name(enum service_state state)
{
	return states[state].name;
}

const char *state_words(enum service_state state)
{
	return states[state].words;
}

bool state_is_leaving(const struct runtime_service *service)
{
	return service->plan != NULL && !service->plan->is_enabled && service->way.uid != 0 &&
	       service->way.over == NULL;
}

static enum service_state judge(const struct runtime_service *service)
{
	if (state_is_leaving(service))
		return service->is_well ? STATE_LEAVING : STATE_DOWN_LEAVING;
	if (!service->plan->is_enabled)
		return STATE_OUT;
	if (!service->is_judged)
		return STATE_UNKNOWN;
	return service->is_well ? STATE_UP : STATE_DOWN;
}

static void print_way(const struct runtime_service *service, char *why, size_t room)
{
	const struct state_way *way = &service->way;
	const char *verdict = service->is_well ? "" : service->verdict;
	char delay[48] = "";

	if (way->delay_s > 0)
		snprintf(delay, sizeof(delay), ", for %" PRIu32 " s at most", way->delay_s);
	snprintf(why, room, "disabled%s%s%s%s", delay,
		 way->is_graceful ? ", until nobody is served any more" : "",
		 service->is_well ? "" : "; ", verdict);
}

static void print_why(const struct runtime_service *service, enum service_state state, char *why,
		      size_t room)
{
	switch (state) {
	case STATE_UNKNOWN:
	case STATE_UP:
	case STATE_DOWN:
		snprintf(why, room, "%s", service->verdict);
		return;
	case STATE_OUT:
		snprintf(why, room, "disabled%s%s", service->way.over != NULL ? ", " : "",
			 service->way.over != NULL ? service->way.over : "");
		return;
	case STATE_LEAVING:
	case STATE_DOWN_LEAVING:
		print_way(service, why, room);
		return;
	}
}

/* Down, or its time is over; who is disabled at once lets others finish, and who left because
 * nobody was served has nobody. */
static bool is_to_cut(const struct runtime_service *service)
{
	if (!service->plan->flushes)
		return false;
	return service->state != STATE_OUT || (service->way.over != NULL && !service->way.is_empty);
}

bool state_settle(struct runtime_service *service)
{
	enum service_state before = service->state;
	bool was_up = service->is_up;

	if (service->plan == NULL)
		return false;
	service->state = judge(service);
	service->is_up = service->state == STATE_UP || service->state == STATE_LEAVING;
	print_why(service, service->state, service->why, sizeof(service->why));
	if (was_up && !service->is_up && is_to_cut(service))
		service->is_cut_due = true;
	if (service->state == before)
		return false;
	service->since_ms = clock_wall_ms();
	log_write(LOG_LEVEL_NOTICE, "service %s is %s: %s", service->entry.name,
		  states[service->state].words, service->why);
	return true;
}

static void begin_way(struct runtime_service *service, const struct leave *leave, uint64_t now_ms)
{
	service->way = (struct state_way){
		.uid = leave->uid,
		.delay_s = leave->delay_s,
		.until_ms = leave->delay_s > 0 ? now_ms + (uint64_t)leave->delay_s * 1000 : 0,
		.is_graceful = leave->is_graceful,
	};
	/* What is out already stays out. */
	if (service->state == STATE_OUT)
		service->way.over = "out of service before";
}

void state_take(struct runtime_service *service, const struct plan_service *plan, uint64_t now_ms)
{
	if (plan->is_enabled || plan->leave.uid == 0)
		service->way = (struct state_way){ 0 };
	else if (plan->leave.uid != service->way.uid)
		begin_way(service, &plan->leave, now_ms);
	(void)state_settle(service);
}

bool state_end_way(struct runtime_service *service, uint64_t now_ms, uint64_t everywhere,
		   uint64_t busy)
{
	struct state_way *way = &service->way;

	if (!state_is_leaving(service))
		return false;
	if (way->until_ms != 0 && now_ms >= way->until_ms)
		way->over = "the delay is over";
	else if (way->is_graceful && way->snapshot != 0 && everywhere >= way->snapshot && busy == 0)
		way->is_empty = true;
	if (way->is_empty)
		way->over = "nobody is served any more";
	return way->over != NULL && state_settle(service);
}
