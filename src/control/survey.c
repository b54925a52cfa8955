/* SPDX-License-Identifier: Apache-2.0 */
#include "control/survey.h"

#include "base/heap.h"
#include "control/control_priv.h"

#include <stdlib.h>

enum { SURVEY_MS = 100, FLOW_MS = 1000, RESPONSE_MS = 5000 };

/* The newest that is so old, or the oldest that is there when it was not looked at for so long. */
static const struct survey_sample *sample_before(const struct survey_room *room, uint64_t ms)
{
	const struct survey_sample *newest = &room->samples[room->newest], *found = newest;

	for (unsigned back = 1; back < SURVEY_SLOTS && newest->at_ms - found->at_ms < ms; back++) {
		const struct survey_sample *one =
			&room->samples[(room->newest + SURVEY_SLOTS - back) % SURVEY_SLOTS];

		if (one->at_ms == 0)
			break;
		found = one;
	}
	return found;
}

static uint64_t megabits(const struct survey_room *room)
{
	const struct survey_sample *newest = &room->samples[room->newest];
	const struct survey_sample *before = sample_before(room, FLOW_MS);
	uint64_t passed_ms = newest->at_ms - before->at_ms;

	return passed_ms == 0 ? 0 : (newest->bytes - before->bytes) * 8 / 1000 / passed_ms;
}

static uint64_t microseconds(const struct survey_room *room)
{
	const struct survey_sample *newest = &room->samples[room->newest];
	const struct survey_sample *before = sample_before(room, RESPONSE_MS);
	uint64_t answers = newest->answers - before->answers;

	return answers == 0 ? 0 : (newest->answers_ms - before->answers_ms) * 1000 / answers;
}

static void add_service(const struct control *control, const struct runtime_service *service,
			struct survey_sample *sample, uint64_t *surge)
{
	for (unsigned i = 0; i < control->setup.engine_count; i++) {
		const struct stat_service *stats = &service->stats[i];

		sample->answers += stat_read(&stats->first_bytes);
		sample->answers_ms += stat_read(&stats->first_bytes_ms);
		*surge += stat_read(&stats->waiting);
	}
}

/* Sums of other services cannot be compared: then it begins anew. */
static struct survey_room *room_of(const struct control *control, struct runtime_vserver *vserver)
{
	const struct plan_vserver *plan = vserver->plan;
	uint64_t members = 1;

	for (uint32_t i = 0; i < plan->member_count; i++)
		members = members * 1000003 + control->plan->services[plan->members[i].service].uid;
	if (vserver->survey != NULL && vserver->survey->members == members)
		return vserver->survey;
	free(vserver->survey);
	vserver->survey = heap_zeroed(1, sizeof(*vserver->survey));
	must(vserver->survey != NULL);
	vserver->survey->members = members;
	return vserver->survey;
}

static void look(const struct control *control, struct runtime_vserver *vserver)
{
	struct survey_sample sample = { .at_ms = control->loop.now_ms };
	struct survey_room *room = room_of(control, vserver);
	const struct plan_vserver *plan = vserver->plan;
	uint64_t surge = 0;

	for (unsigned i = 0; i < control->setup.engine_count; i++) {
		sample.bytes += stat_read(&vserver->stats[i].bytes_in) +
				stat_read(&vserver->stats[i].bytes_out);
		surge += stat_read(&vserver->stats[i].queued);
	}
	for (uint32_t i = 0; i < plan->member_count; i++) {
		uint64_t uid = control->plan->services[plan->members[i].service].uid;

		add_service(control, runtime_service(&control->runtime, uid), &sample, &surge);
	}
	room->newest = (room->newest + 1) % SURVEY_SLOTS;
	room->samples[room->newest] = sample;
	stat_set(&vserver->live->throughput, megabits(room));
	stat_set(&vserver->live->response_us, microseconds(room));
	stat_set(&vserver->live->surge, surge);
}

static bool look_at_all(struct control *control)
{
	const struct plan *plan = control->plan;
	bool is_any = false;

	for (uint32_t i = 0; plan != NULL && i < plan->vserver_count; i++) {
		if (!plan->vservers[i].is_watched)
			continue;
		look(control, runtime_vserver(&control->runtime, plan->vservers[i].uid));
		is_any = true;
	}
	return is_any;
}

static void on_time(struct timer *timer)
{
	struct surveys *surveys = list_entry(timer, struct surveys, timer);
	struct control *control = surveys->control;

	/* A plan that is not made yet would have other services; it looks itself. */
	if (control->plan_generation != config_generation(control->config) || look_at_all(control))
		timer_arm(&control->loop.timers, timer, control->loop.now_ms + SURVEY_MS);
}

void survey_init(struct surveys *surveys, struct control *control)
{
	surveys->control = control;
	timer_init(&surveys->timer, on_time);
}

void survey_fini(struct surveys *surveys)
{
	timer_cancel(&surveys->control->loop.timers, &surveys->timer);
}

void survey_take(struct surveys *surveys)
{
	if (!timer_is_armed(&surveys->timer))
		on_time(&surveys->timer);
}
