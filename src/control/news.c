/* SPDX-License-Identifier: Apache-2.0 */
#include "control/news.h"

#include "control/control_priv.h"
#include "control/limit.h"
#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>
#include <stdio.h>

enum { LOOK_MS = 20 }; /* at those who leave when nobody is served any more */

static bool is_plan_new(const struct control *control)
{
	return control->plan != NULL &&
	       control->plan_generation == config_generation(control->config);
}

/* --- the webhook ------------------------------------------------------------------------------ */

/* {"event": "service", "name": "a", "state": "DOWN", "was": "UP", "reason": "..."} */
static void post_change(struct control *control, const char *event, const char *name,
			const char *const words[3])
{
	static const char *const keys[] = { "state", "was", "reason" };
	const struct object *param = config_next(control->config, KIND_NS_PARAM, NULL);
	struct str url = object_text(param, NS_PARAM_STATE_WEBHOOK);
	struct text json = TEXT_EMPTY;

	if (url.length == 0)
		return;
	text_print(&json, "{\"event\": \"%s\", \"time_ms\": %" PRIu64 ", \"name\": ", event,
		   clock_wall_ms());
	webhook_quote(&json, str_of(name));
	for (unsigned i = 0; i < 3; i++) {
		text_print(&json, ", \"%s\": ", keys[i]);
		webhook_quote(&json, str_of(words[i]));
	}
	text_add(&json, STR("}"));
	(void)webhook_post(&control->webhook, url, text_str(&json));
	text_free(&json);
}

/* That something new is up is no news. */
static void announce(struct control *control, struct runtime_service *service)
{
	enum service_state was = service->announced;

	if (service->plan == NULL || service->state == was)
		return;
	service->announced = service->state;
	if (was == STATE_UNKNOWN && service->state == STATE_UP && !service->was_announced)
		return;
	service->was_announced = true;
	post_change(control, "service", service->entry.name,
		    (const char *[]){ state_name(service->state), state_name(was), service->why });
}

static void announce_all(struct control *control)
{
	for (uint32_t id = 0; id < control->runtime.service_room; id++)
		if (control->runtime.services[id] != NULL)
			announce(control, control->runtime.services[id]);
}

/* --- connections that are cut ----------------------------------------------------------------- */

static void cut(struct control *control, enum message_kind kind, bool *is_due, uint32_t id)
{
	if (!*is_due)
		return;
	*is_due = false;
	post_send_all(&control->post, (struct message){ .kind = kind, .id = id });
}

/* Before the services: clients of a virtual server that went down are reset, not told that their
 * server broke off. */
static void cut_vservers(struct control *control)
{
	for (uint32_t id = 0; id < control->runtime.vserver_room; id++) {
		struct runtime_vserver *vserver = control->runtime.vservers[id];

		if (vserver != NULL)
			cut(control, MESSAGE_CUT_VSERVER, &vserver->is_cut_due, id);
	}
}

/* --- virtual servers -------------------------------------------------------------------------- */

static const char *vserver_state(const struct runtime_vserver *vserver)
{
	if (!vserver->plan->is_enabled)
		return "OUT OF SERVICE";
	return vserver->is_up ? "UP" : "DOWN";
}

static void tell_vserver(struct control *control, const struct runtime_vserver *vserver,
			 uint32_t up)
{
	const struct plan_vserver *plan = vserver->plan;
	const char *name = vserver->entry.name;
	char why[96] = "disabled";
	int length = 0;

	if (plan->is_enabled)
		length = snprintf(why, sizeof(why), "%" PRIu32 " of %" PRIu32 " services are up",
				  up, plan->member_count);
	if (plan->is_enabled && plan->spill.up_least > 0)
		snprintf(why + length, sizeof(why) - (size_t)length,
			 ", -healthThreshold wants %" PRIu32 " percent", plan->spill.up_least);
	log_write(LOG_LEVEL_NOTICE, "vserver %s is %s: %s", name,
		  !plan->is_enabled ? "out of service"
		  : vserver->is_up  ? "up"
				    : "down",
		  why);
	post_change(
		control, "lb vserver", name,
		(const char *[]){ vserver_state(vserver), vserver->is_up ? "DOWN" : "UP", why });
}

/* One is enough, unless -healthThreshold wants a share of them. */
static bool is_enough(const struct plan_vserver *plan, uint32_t up)
{
	return up > 0 && (uint64_t)up * 100 >= (uint64_t)plan->spill.up_least * plan->member_count;
}

/* -disablePrimaryOnDown: once it was down its backup keeps the clients until an operator enables
 * it. The engines hear of it by a snapshot. */
static void hold_out(struct control *control, struct runtime_vserver *vserver, bool was_up)
{
	const struct plan_vserver *plan = vserver->plan;
	bool was_held = vserver->is_held_out;

	if (!plan->stays_out || !plan->is_enabled)
		vserver->is_held_out = false;
	else if (was_up && !vserver->is_up)
		vserver->is_held_out = true;
	if (vserver->is_held_out)
		vserver->is_up = false;
	if (vserver->is_held_out == was_held)
		return;
	control->is_published = false;
	if (vserver->is_held_out)
		log_write(LOG_LEVEL_NOTICE,
			  "vserver %s stays out until it is enabled: -disablePrimaryOnDown",
			  vserver->entry.name);
}

/* Of one that is disabled, or whose services are, clients may finish. */
static void settle_vserver(struct control *control, struct runtime_vserver *vserver)
{
	const struct plan_vserver *plan = vserver->plan;
	bool had_service = vserver->has_service, was_up = vserver->is_up;
	uint32_t up = vserver->muster.up;

	vserver->has_service = vserver->muster.serving > 0;
	vserver->is_up = plan->is_enabled && is_enough(plan, up);
	hold_out(control, vserver, was_up);
	if (vserver->is_up != was_up)
		tell_vserver(control, vserver, up);
	if (had_service && !vserver->has_service && plan->is_enabled && plan->flushes)
		vserver->is_cut_due = vserver->muster.in_service > 0;
}

static void settle_vservers(struct control *control)
{
	for (uint32_t i = 0; i < control->plan->vserver_count; i++)
		settle_vserver(control,
			       runtime_vserver(&control->runtime, control->plan->vservers[i].uid));
}

/* Those that use it, and nothing that grows with the number of services: when a rack goes down
 * thousands of them change in one second. */
static void settle_vservers_of(struct control *control, const struct runtime_service *service)
{
	const struct plan *plan = control->plan;

	for (uint32_t i = 0; i < service->plan->user_count; i++)
		settle_vserver(control,
			       runtime_vserver(&control->runtime,
					       plan->vservers[service->plan->users[i]].uid));
}

/* What the service is or can take is another. */
static void take_change(struct control *control, struct runtime_service *service)
{
	muster_change(&control->runtime, control->plan, service);
	limit_apply_of(&control->runtime, control->plan, service);
}

/* --- what monitors say ------------------------------------------------------------------------ */

static void tell_state(struct control *control, struct runtime_service *service)
{
	announce(control, service);
	if (!is_plan_new(control))
		return; /* the publish that is to come says it */
	take_change(control, service);
	post_send_all(&control->post, (struct message){ .kind = MESSAGE_SERVICE_STATE,
							.id = service->entry.id,
							.number = service->is_up });
	settle_vservers_of(control, service);
	cut_vservers(control);
	cut(control, MESSAGE_CUT_SERVICE, &service->is_cut_due, service->entry.id);
}

void news_heard(void *context, struct runtime_service *service, bool is_news)
{
	struct control *control = context;

	if (is_news)
		tell_state(control, service);
	hold_heard(control);
}

void news_told(void *context, struct runtime_service *service)
{
	struct control *control = context;
	int64_t limit = health_limit(service, service->plan->max_client);

	if (limit < 0)
		log_write(LOG_LEVEL_NOTICE, "service %s has no limit: %s", service->entry.name,
			  service->why);
	else
		log_write(LOG_LEVEL_NOTICE, "service %s can take %" PRId64 " connections: %s",
			  service->entry.name, limit, service->why);
	if (is_plan_new(control))
		take_change(control, service);
}

/* --- ways out of service ---------------------------------------------------------------------- */

/* On all engines: connections in use and sessions in line. */
static uint64_t count_busy(const struct control *control, const struct runtime_service *service)
{
	uint64_t busy = 0;

	for (unsigned i = 0; i < control->setup.engine_count; i++)
		busy += stat_read(&service->stats[i].connections) -
			stat_read(&service->stats[i].idle) + stat_read(&service->stats[i].waiting);
	return busy;
}

/* When to look at it next; UINT64_MAX: not at all. */
static uint64_t look_ms(const struct runtime_service *service, uint64_t now_ms)
{
	const struct state_way *way = &service->way;
	uint64_t next = way->is_graceful ? now_ms + LOOK_MS : UINT64_MAX;

	if (!state_is_leaving(service))
		return UINT64_MAX;
	return way->until_ms != 0 && way->until_ms < next ? way->until_ms : next;
}

static void arm(struct control *control)
{
	uint64_t now_ms = control->loop.now_ms, next = UINT64_MAX;

	for (uint32_t id = 0; id < control->runtime.service_room; id++) {
		const struct runtime_service *service = control->runtime.services[id];
		uint64_t at_ms = service != NULL ? look_ms(service, now_ms) : UINT64_MAX;

		next = at_ms < next ? at_ms : next;
	}
	timer_cancel(&control->loop.timers, &control->leave_timer);
	if (next != UINT64_MAX)
		timer_arm(&control->loop.timers, &control->leave_timer, next);
}

static bool end_way(struct control *control, struct runtime_service *service)
{
	uint64_t everywhere = publish_everywhere(&control->publisher);

	if (!state_is_leaving(service) ||
	    !state_end_way(service, control->loop.now_ms, everywhere, count_busy(control, service)))
		return false;
	if (is_plan_new(control))
		muster_change(&control->runtime, control->plan, service);
	return true;
}

static void look_at_leaving(struct timer *timer)
{
	struct control *control = list_entry(timer, struct control, leave_timer);
	bool is_one_out = false;

	for (uint32_t id = 0; id < control->runtime.service_room; id++) {
		struct runtime_service *service = control->runtime.services[id];

		if (service != NULL)
			is_one_out |= end_way(control, service);
	}
	if (is_one_out)
		control->is_published = false;
	announce_all(control);
	control_publish(control);
	arm(control);
}

void news_init(struct control *control)
{
	timer_init(&control->leave_timer, look_at_leaving);
}

void news_fini(struct control *control)
{
	timer_cancel(&control->loop.timers, &control->leave_timer);
}

void news_enabled(struct control *control, struct runtime_vserver *vserver)
{
	if (!vserver->is_held_out)
		return;
	vserver->is_held_out = false;
	control->is_published = false;
	log_write(LOG_LEVEL_NOTICE, "vserver %s may serve again: it was enabled",
		  vserver->entry.name);
}

void news_take(struct control *control)
{
	announce_all(control);
	settle_vservers(control);
	arm(control);
}

void news_published(struct control *control)
{
	settle_vservers(control);
	cut_vservers(control);
	for (uint32_t id = 0; id < control->runtime.service_room; id++) {
		struct runtime_service *service = control->runtime.services[id];

		if (service == NULL)
			continue;
		cut(control, MESSAGE_CUT_SERVICE, &service->is_cut_due, id);
		if (service->way.snapshot == 0)
			service->way.snapshot = control->publisher.newest;
	}
}
