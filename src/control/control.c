/* SPDX-License-Identifier: Apache-2.0 */
#include "admit/quota_life.h"
#include "base/heap.h"
#include "config/build.h"
#include "config/print.h"
#include "control/control_priv.h"
#include "control/execute.h"
#include "control/held_out.h"
#include "control/hold.h"
#include "control/idle.h"
#include "control/keepsake.h"
#include "control/leaving.h"
#include "control/limit.h"
#include "control/memory.h"
#include "control/news.h"
#include "control/spill.h"
#include "os/clock.h"
#include "os/socket.h"
#include "record/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { RELISTEN_MS = 5000 };

struct loop *control_loop(struct control *control)
{
	return &control->loop;
}

/* --- the plan and the snapshot ---------------------------------------------------------------- */

static void take_health(struct control *control)
{
	struct runtime *runtime = &control->runtime;

	for (uint32_t i = 0; i < control->plan->service_count; i++) {
		const struct plan_service *planned = &control->plan->services[i];

		struct runtime_service *service = runtime_service(runtime, planned->uid);

		health_take(&control->health, service, planned);
		state_take(service, planned, control->loop.now_ms);
	}
	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL && !runtime->services[id]->entry.is_configured)
			health_end(runtime->services[id]);
}

bool control_plan(struct control *control)
{
	uint64_t generation = config_generation(control->config);
	bool fits;

	if (control->plan != NULL && control->plan_generation == generation)
		return true;
	plan_free(control->plan);
	resolver_take(&control->resolver, control->config);
	control->plan = plan_new(control->config);
	control->plan_generation = generation;
	control->is_published = false;
	fits = runtime_take(&control->runtime, control->plan, control->publisher.newest);
	if (!fits) {
		log_write(LOG_LEVEL_ERROR, "more services and virtual servers than the %d pools",
			  CONTROL_POOLS);
		for (uint32_t id = 0; id < control->runtime.service_room; id++)
			if (control->runtime.services[id] != NULL)
				health_end(control->runtime.services[id]);
		runtime_forget(&control->runtime);
		plan_free(control->plan);
		control->plan = NULL;
		return false;
	}
	take_health(control);
	runtime_sweep(&control->runtime);
	survey_take(&control->surveys);
	muster_take(&control->runtime, control->plan);
	limit_share(&control->runtime, control->plan);
	news_take(control);
	return true;
}

static struct build_service build_service(void *context, uint64_t uid)
{
	const struct runtime_service *service = runtime_service(context, uid);

	return (struct build_service){
		.id = service->entry.id,
		.pool = service->entry.pool,
		.stats = service->stats,
		.bandwidth = rate_shared(&service->bandwidth),
		.health = service->measured,
		.is_up = service->is_up,
		.is_leaving = state_is_leaving(service),
	};
}

static struct build_vserver build_vserver(void *context, uint64_t uid)
{
	const struct runtime_vserver *vserver = runtime_vserver(context, uid);

	return (struct build_vserver){
		.id = vserver->entry.id,
		.pool = vserver->entry.pool,
		.stats = vserver->stats,
		.live = vserver->live,
		.bandwidth = rate_shared(&vserver->bandwidth),
		.request_rate = rate_shared(&vserver->request_rate),
		.is_held_out = vserver->is_held_out,
		.request_pool = vserver->requests.pool,
		.session_pool = vserver->sessions.pool,
		.listeners = vserver->gate != NULL ? vserver->gate->fds : NULL,
	};
}

static struct stat_policy *build_policy(void *context, uint64_t uid)
{
	const struct runtime *runtime = context;

	return policies_stats(&runtime->policies, uid);
}

static struct stat_spill *build_destination(void *context, uint64_t from, uint64_t to)
{
	const struct runtime_vserver *vserver = runtime_vserver(context, from);
	const struct destination *destination = destinations_find(&vserver->destinations, to);

	must(destination != NULL);
	return destination->stats;
}

/* What a next data process would begin with. Where it cannot be told, it is tried again. */
static void keep_config(struct control *control)
{
	struct text text = TEXT_EMPTY;
	bool was_untold = control->is_untold;

	print_config(control->config, false, &text);
	held_out_print(control, &text);
	leaving_print(control, &text);
	control->is_untold = !keeper_tell_config(control->keeper, text_str(&text));
	if (control->is_untold && !was_untold)
		log_write(
			LOG_LEVEL_WARNING,
			"the supervisor cannot be told the configuration (no descriptor is left?): "
			"if this process dies now, the last change is lost");
	text_free(&text);
}

void control_publish(struct control *control)
{
	struct build_runtime runtime = { .context = &control->runtime,
					 .appliance = control->appliance,
					 .service = build_service,
					 .vserver = build_vserver,
					 .policy = build_policy,
					 .destination = build_destination };

	if (!control_plan(control) || control->is_published || control->hold == HOLD_START)
		return;
	runtime.client_pool = control->runtime.clients.pool;
	runtime.request_pool = control->runtime.requests.pool;
	limit_apply(&control->runtime, control->plan);
	runtime.request_rate = rate_shared(&control->runtime.request_rate);
	runtime.bandwidth = rate_shared(&control->runtime.bandwidth);
	publish_send(&control->publisher,
		     build_snapshot(control->plan, &runtime, control->publisher.newest + 1));
	runtime_published(&control->runtime);
	control->is_published = true;
	news_published(control);
	keep_config(control);
	keepsake_write(control);
}

/* --- addresses that could not be had ---------------------------------------------------------- */

/* An address that could not be had before may be free now. */
static void relisten(struct timer *timer)
{
	struct control *control = list_entry(timer, struct control, relisten_timer);
	bool is_more = false;

	timer_arm(&control->loop.timers, timer, control->loop.now_ms + RELISTEN_MS);
	memory_keep(control);
	if (control->is_untold)
		keep_config(control);
	if (control->is_draining || !control_plan(control))
		return;
	for (uint32_t i = 0; i < control->plan->vserver_count; i++) {
		const struct plan_vserver *planned = &control->plan->vservers[i];
		struct runtime_vserver *vserver = runtime_vserver(&control->runtime, planned->uid);

		if (vserver->listen_error == 0 ||
		    runtime_listen(&control->runtime, vserver, control->publisher.newest) < 0)
			continue;
		log_write(LOG_LEVEL_NOTICE, "vserver %s listens now", vserver->entry.name);
		is_more = true;
	}
	if (is_more)
		control->is_published = false;
	control_publish(control);
}

/* --- messages --------------------------------------------------------------------------------- */

static const char *destination_of(const struct control *control,
				  const struct runtime_vserver *vserver)
{
	const struct plan_vserver *planned = vserver->plan;

	if (planned == NULL)
		return "its backup";
	if (planned->backup != MODEL_NONE)
		return control->plan->vservers[planned->backup].name.at;
	if (planned->so_backup_action == SO_BACKUP_ACCEPT)
		return "itself, past the limit (ACCEPT)";
	if (planned->redirect_url.length > 0 && planned->so_backup_action != SO_BACKUP_DROP)
		return "the redirect URL";
	return "nobody: they are dropped";
}

/* Of MESSAGE_SPILL; the policy may have gone meanwhile. */
static const char *policy_of(const struct control *control, uint64_t number)
{
	const struct object *policy;

	if (MESSAGE_SPILL_REASON(number) != REASON_POLICY)
		return NULL;
	policy = config_find_uid(control->config, MESSAGE_SPILL_UID(number));
	return policy != NULL ? object_name(policy).at : "that is gone";
}

/* An episode has begun or ended: who sets up a backup, or takes it down, is told. */
static void tell_provision(struct control *control, const struct runtime_vserver *vserver,
			   const char *reason)
{
	struct quota_view view;

	if (vserver->plan == NULL || str_is_empty(vserver->plan->so_provision))
		return;
	quota_read(control->runtime.map, vserver->entry.pool, &view);
	provision_tell(&control->provision, vserver->plan->so_provision,
		       &(struct provision_news){
			       .uid = vserver->entry.uid,
			       .vserver = str_of(vserver->entry.name),
			       .is_begin = spill_is_on(vserver),
			       .limit = view.limit,
			       .uses = view.used,
			       .reason = spill_is_on(vserver) ? reason : "it has room",
		       });
}

static void hear_spill(struct control *control, unsigned engine, const struct message *message)
{
	struct runtime_vserver *vserver = runtime_vserver_id(&control->runtime, message->id);
	unsigned reason = MESSAGE_SPILL_REASON(message->number);
	bool was_on;

	if (vserver == NULL)
		return;
	was_on = spill_is_on(vserver);
	/* The plan may be older than a change of this turn. */
	(void)control_plan(control);
	must(reason < REASON_COUNT);
	spill_tell(&control->runtime, vserver, engine, (enum reason)reason,
		   (struct spill_words){ destination_of(control, vserver),
					 policy_of(control, message->number) });
	if (spill_is_on(vserver) != was_on)
		tell_provision(control, vserver, reason_rows[reason].text);
}

/* Pools that were named first in that snapshot know now what is in flight: their limits count. */
static void take_everywhere(struct control *control, uint64_t everywhere)
{
	if (everywhere == control->runtime.everywhere)
		return;
	runtime_everywhere(&control->runtime, everywhere);
	if (control->plan != NULL && control->plan_generation == config_generation(control->config))
		limit_apply(&control->runtime, control->plan);
}

static void hear_taken(struct control *control, unsigned engine, uint64_t number)
{
	uint64_t everywhere;

	publish_taken(&control->publisher, engine, number);
	everywhere = publish_everywhere(&control->publisher);
	gate_everywhere(&control->gates, everywhere);
	take_everywhere(control, everywhere);
	policies_everywhere(&control->runtime.policies, everywhere);
	operator_everywhere(&control->operators, everywhere);
	if (everywhere > 0 && !control->is_ready) {
		control->is_ready = true;
		keeper_tell_ready(control->keeper);
		log_write(LOG_LEVEL_NOTICE, "spillway %s is ready: %u engines, commands at %s",
			  SPILLWAY_VERSION, control->setup.engine_count,
			  control->setup.socket_path);
	}
}

static void end_when_drained(struct control *control)
{
	for (unsigned i = 0; i < control->setup.engine_count; i++)
		if (!control->inboxes[i].has_drained)
			return;
	log_write(LOG_LEVEL_NOTICE, "drained: the last client has left");
	loop_stop(&control->loop);
}

static void hear_service(struct control *control, unsigned engine, const struct message *message)
{
	struct runtime_service *service = runtime_service_id(&control->runtime, message->id);

	if (service == NULL)
		return;
	if (message->kind == MESSAGE_WANT_IDLE)
		idle_wanted(&control->post, service, engine);
	else if (message->kind == MESSAGE_IDLE_GIVEN)
		idle_given(&control->post, service, message->number != 0);
}

static void hear(struct control_inbox *inbox, const struct message *message)
{
	struct control *control = inbox->control;
	unsigned engine = inbox->engine->index;

	switch (message->kind) {
	case MESSAGE_TAKEN:
		hear_taken(control, engine, message->number);
		break;
	case MESSAGE_VSERVER_GONE:
		runtime_vserver_gone(&control->runtime, message->id);
		break;
	case MESSAGE_SERVICE_GONE:
		runtime_service_gone(&control->runtime, message->id);
		break;
	case MESSAGE_WANT_IDLE:
	case MESSAGE_IDLE_GIVEN:
		hear_service(control, engine, message);
		break;
	case MESSAGE_SPILL:
		hear_spill(control, engine, message);
		break;
	case MESSAGE_ACCEPT_PAUSED:
		shortage_tell(&control->shortage, engine, (int)message->number);
		break;
	case MESSAGE_DRAINED:
		inbox->has_drained = true;
		end_when_drained(control);
		break;
	case MESSAGE_STOPPED:
		inbox->has_stopped = true;
		break;
	case MESSAGE_SNAPSHOT:
	case MESSAGE_SERVICE_STATE:
	case MESSAGE_GIVE_IDLE:
	case MESSAGE_USE_FREED:
	case MESSAGE_CUT_SERVICE:
	case MESSAGE_CUT_VSERVER:
	case MESSAGE_DRAIN:
	case MESSAGE_WAKE:
	case MESSAGE_STOP:
		must_not_reach();
	}
}

static void read_mail(struct task *task)
{
	struct control_inbox *inbox = list_entry(task, struct control_inbox, task);
	struct message message;

	while (mailbox_take(&inbox->engine->outbox, &message))
		hear(inbox, &message);
}

static void on_mail(struct watch *watch, unsigned events)
{
	struct control_inbox *inbox = list_entry(watch, struct control_inbox, watch);

	(void)events;
	loop_ready(&inbox->control->loop, &inbox->task);
}

static bool has_mail(struct loop *loop)
{
	struct control *control = list_entry(loop, struct control, loop);
	bool is_some = false;

	for (unsigned i = 0; control->inboxes != NULL && i < control->setup.engine_count; i++) {
		struct control_inbox *inbox = &control->inboxes[i];

		if (!mailbox_has_mail(&inbox->engine->outbox))
			continue;
		loop_ready(loop, &inbox->task);
		is_some = true;
	}
	return is_some;
}

static bool open_inboxes(struct control *control)
{
	unsigned count = control->setup.engine_count;

	control->inboxes = heap_zeroed(count, sizeof(*control->inboxes));
	must(control->inboxes != NULL);
	for (unsigned i = 0; i < count; i++) {
		struct control_inbox *inbox = &control->inboxes[i];

		inbox->control = control;
		inbox->engine = control->setup.engines[i];
		loop_task_init(&inbox->task, read_mail);
		inbox->watch = (struct watch){ .fd = inbox->engine->outbox.wake_fd,
					       .ready = on_mail };
		if (loop_watch(&control->loop, &inbox->watch) < 0)
			return false;
	}
	return true;
}

/* --- the supervisor's word -------------------------------------------------------------------- */

static void end_drain(struct timer *timer)
{
	struct control *control = list_entry(timer, struct control, drain_timer);

	log_write(LOG_LEVEL_WARNING, "drain time is over: the clients that are left are cut");
	loop_stop(&control->loop);
}

static void drain(struct control *control)
{
	if (control->is_draining)
		return;
	control->is_draining = true;
	log_write(LOG_LEVEL_NOTICE, "draining: no new clients; at most %" PRIu32 " s for the rest",
		  control->setup.drain_ms / 1000);
	timer_arm(&control->loop.timers, &control->drain_timer,
		  control->loop.now_ms + control->setup.drain_ms);
	post_send_all(&control->post, (struct message){ .kind = MESSAGE_DRAIN });
	/* When that snapshot is everywhere the sockets close, and new clients are refused. */
	if (!control_plan(control))
		return;
	runtime_close_gates(&control->runtime, control->publisher.newest);
	control->is_published = false;
	control_publish(control);
}

static void on_keeper(struct watch *watch, unsigned events)
{
	struct control *control = list_entry(watch, struct control, keeper_watch);
	struct keeper_message message;
	enum channel_result result;
	int passed;

	(void)events;
	while ((result = keeper_receive(control->keeper, &message, &passed)) == CHANNEL_GOT) {
		if (message.kind == KEEPER_DRAIN)
			drain(control);
		else if (message.kind == KEEPER_STOP)
			loop_stop(&control->loop);
		if (passed >= 0)
			socket_close(passed);
	}
	if (result == CHANNEL_OVER)
		loop_stop(&control->loop); /* the supervisor is gone */
}

/* --- start and end ---------------------------------------------------------------------------- */

static unsigned execute(void *context, struct str line, struct text *answer)
{
	return execute_line(context, line, answer);
}

static uint64_t settle(void *context)
{
	return hold_answer(context);
}

/* Nothing was configured, but the plan is another. */
static void hear_address(void *context)
{
	struct control *control = context;

	control->plan_generation = UINT64_MAX;
	control_publish(control);
}

struct control *control_new(const struct control_setup *setup)
{
	struct control *control = heap_zeroed(1, sizeof(*control));
	int result;

	must(control != NULL);
	control->setup = *setup;
	control->keeper = setup->keeper;
	control->started_wall_ms = clock_wall_ms();
	(void)!getrandom(&control->appliance, sizeof(control->appliance), 0);
	result = loop_init(&control->loop);
	if (result < 0) {
		log_write(LOG_LEVEL_ERROR, "event loop: %s", socket_error_text(result));
		free(control);
		return NULL;
	}
	control->loop.has_mail = has_mail;
	control->config = config_new();
	gate_init_all(&control->gates, setup->keeper, setup->engine_count);
	timer_init(&control->drain_timer, end_drain);
	timer_init(&control->relisten_timer, relisten);
	hold_init(control);
	audit_init(control);
	watchdog_init(&control->watchdog, &control->loop, setup->engines, setup->engine_count);
	news_init(control);
	survey_init(&control->surveys, control);
	shortage_init(&control->shortage, &control->loop);
	webhook_init(&control->webhook, &control->loop);
	resolver_init(&control->resolver, &control->loop, hear_address, control);
	provision_init(&control->provision, &control->loop, &control->webhook);
	control->health = (struct health_room){ .engine_count = setup->engine_count,
						.loop = &control->loop,
						.vault = setup->vault,
						.heard = news_heard,
						.told = news_told,
						.context = control };
	return control;
}

static bool open_doors(struct control *control)
{
	int result;

	control->operators.context = control;
	control->operators.execute = execute;
	control->operators.settle = settle;
	result = operator_open_all(&control->operators, &control->loop, control->setup.socket_fd);
	if (result == 0 && control->keeper->fd >= 0) {
		control->keeper_watch = (struct watch){ .fd = control->keeper->fd,
							.ready = on_keeper };
		result = loop_watch(&control->loop, &control->keeper_watch);
	}
	if (result < 0)
		log_write(LOG_LEVEL_ERROR, "command socket: %s", socket_error_text(result));
	return result == 0;
}

static void log_report(const struct report *report, const char *file)
{
	for (unsigned i = 0; i < report->count; i++) {
		struct report_entry *entry = &report->entries[i];
		struct text text = TEXT_EMPTY;

		report_print(&(struct report){ .entries = entry, .count = 1 }, file, &text);
		text_cut(&text, text.length - 1); /* the line end */
		log_write(entry->level == REPORT_FAULT ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s",
			  text.at);
		text_free(&text);
	}
}

/* What an earlier data process had, else the file. */
static bool load(struct control *control)
{
	struct text kept = TEXT_EMPTY;
	struct report report = REPORT_EMPTY;
	bool is_right;

	if (keeper_read_config(control->keeper, &kept)) {
		is_right = config_load(control->config, text_str(&kept), &report);
		log_report(&report, "kept configuration");
		leaving_read(control, text_str(&kept));
		if (control_plan(control))
			held_out_read(control, text_str(&kept));
	} else {
		is_right = config_load_file(control->config, control->setup.config_path, &report);
		log_report(&report, control->setup.config_path);
		/* A line that was refused is in the file and not in what runs. */
		control->saved_generation = is_right ? config_generation(control->config)
						     : UINT64_MAX;
		is_right |= !control->setup.is_strict;
		if (is_right && control_plan(control))
			keepsake_read(control);
	}
	text_free(&kept);
	report_free(&report);
	return is_right || control->keeper->config_fd >= 0;
}

static void log_listen_errors(const struct control *control)
{
	char address[ADDRESS_TEXT_MAX];

	for (uint32_t id = 0; id < control->runtime.vserver_room; id++) {
		const struct runtime_vserver *vserver = control->runtime.vservers[id];

		if (vserver != NULL && vserver->plan != NULL && vserver->listen_error < 0)
			log_write(LOG_LEVEL_ERROR, "vserver %s cannot listen on %s: %s",
				  vserver->entry.name,
				  address_print(&vserver->plan->address, address),
				  socket_error_text(vserver->listen_error));
	}
}

static void log_unclaimed(unsigned count)
{
	if (count > 0)
		log_write(LOG_LEVEL_NOTICE, "%u quota pools of the last data process are closed",
			  count);
}

bool control_start(struct control *control)
{
	unsigned count = control->setup.engine_count;

	runtime_init(&control->runtime, control->setup.map, control->setup.vault, &control->gates,
		     count);
	post_init(&control->post, &control->loop, control->setup.engines, count);
	publish_init(&control->publisher, &control->post, count);
	if (!open_inboxes(control) || !open_doors(control) || !load(control))
		return false;
	if (!control_plan(control))
		return false;
	log_unclaimed(quota_close_unclaimed(control->setup.map));
	if (control->setup.vault != NULL)
		(void)vault_close_unclaimed(control->setup.vault);
	memory_keep(control);
	keeper_drop_rest(control->keeper);
	log_listen_errors(control);
	hold_start(control);
	audit_start(control);
	watchdog_start(&control->watchdog);
	timer_arm(&control->loop.timers, &control->relisten_timer,
		  control->loop.now_ms + RELISTEN_MS);
	return true;
}

void control_stop_engines(struct control *control)
{
	if (control->post.loop == NULL)
		post_init(&control->post, &control->loop, control->setup.engines,
			  control->setup.engine_count);
	post_send_all(&control->post, (struct message){ .kind = MESSAGE_STOP });
}

/* The engines' last words are not waited for in the loop: the caller joins them. */
void control_run(struct control *control)
{
	loop_run(&control->loop);
	control_stop_engines(control);
	while (control->post.retry.fire != NULL && timer_is_armed(&control->post.retry))
		loop_turn(&control->loop); /* until the last message found room */
}

void control_free(struct control *control)
{
	struct runtime *runtime = &control->runtime;

	timer_cancel(&control->loop.timers, &control->drain_timer);
	timer_cancel(&control->loop.timers, &control->relisten_timer);
	hold_fini(control);
	audit_fini(control);
	watchdog_fini(&control->watchdog);
	news_fini(control);
	survey_fini(&control->surveys);
	provision_fini(&control->provision);
	shortage_fini(&control->shortage);
	webhook_fini(&control->webhook);
	resolver_fini(&control->resolver);
	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL)
			health_end(runtime->services[id]);
	operator_close_all(&control->operators);
	gate_fini_all(&control->gates);
	publish_fini(&control->publisher);
	post_fini(&control->post);
	runtime_fini(runtime);
	plan_free(control->plan);
	config_free(control->config);
	loop_fini(&control->loop);
	free(control->inboxes);
	text_free(&control->keepsake);
	free(control);
	heap_fini();
}
