/* SPDX-License-Identifier: Apache-2.0 */
#include "control/provision.h"

#include "base/heap.h"
#include "base/text.h"
#include "control/webhook.h"
#include "os/memory_file.h"
#include "os/program.h"
#include "os/socket.h"
#include "record/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { RETRY_FIRST_MS = 1000, JOBS_MAX = 2 };

/* One run that is to be made. */
struct job {
	char *command; /* owned */
	struct text json;
	bool is_begin;
};

/* Of one virtual server, while there is something to do. */
struct provision_lane {
	struct list link;
	struct provision *provision;
	uint64_t uid;
	char *vserver;             /* owned */
	struct job jobs[JOBS_MAX]; /* the first is being done */
	unsigned job_count;
	unsigned tries; /* of the first */
	struct program program;
	struct watch watch; /* its end; fd -1: none runs */
	struct timer timer; /* it must be done by then, or is run again */
	struct loop_free free_later;
};

/* --- life --- */

void provision_init(struct provision *provision, struct loop *loop, struct webhook *webhook)
{
	*provision = (struct provision){ .loop = loop, .webhook = webhook };
	list_init(&provision->lanes);
}

static void free_job(struct job *job)
{
	free(job->command);
	text_free(&job->json);
}

static void free_lane(struct loop_free *later)
{
	struct provision_lane *lane = list_entry(later, struct provision_lane, free_later);

	free(lane->vserver);
	free(lane);
}

static void stop_program(struct provision_lane *lane)
{
	if (lane->watch.fd < 0)
		return;
	close(loop_unwatch(lane->provision->loop, &lane->watch));
	program_fini(&lane->program);
}

static void clear_lane(struct provision_lane *lane)
{
	stop_program(lane);
	timer_cancel(&lane->provision->loop->timers, &lane->timer);
	while (lane->job_count > 0)
		free_job(&lane->jobs[--lane->job_count]);
	list_remove(&lane->link);
}

static void end_lane(struct provision_lane *lane)
{
	clear_lane(lane);
	loop_free_later(lane->provision->loop, &lane->free_later);
}

void provision_fini(struct provision *provision)
{
	while (!list_is_empty(&provision->lanes)) {
		struct provision_lane *lane = list_entry(provision->lanes.next,
							 struct provision_lane, link);

		clear_lane(lane);
		free_lane(&lane->free_later);
	}
}

/* --- a run --- */

static void run_first(struct provision_lane *lane);

static void next_job(struct provision_lane *lane)
{
	free_job(&lane->jobs[0]);
	lane->jobs[0] = lane->jobs[1];
	lane->job_count--;
	lane->tries = 0;
	if (lane->job_count > 0)
		run_first(lane);
	else
		end_lane(lane);
}

static const char *name_of(const struct provision_lane *lane)
{
	return lane->jobs[0].is_begin ? "begin" : "end";
}

/* `how` in words: "exit status 3". */
static void failed(struct provision_lane *lane, const char *how)
{
	const char *command = lane->jobs[0].command;

	stop_program(lane);
	if (++lane->tries >= PROVISION_TRIES) {
		log_write(LOG_LEVEL_WARNING,
			  "vserver %s: %s was run %d times for the %s of spillover, in vain: %s",
			  lane->vserver, command, (int)PROVISION_TRIES, name_of(lane), how);
		next_job(lane);
		return;
	}
	log_write(LOG_LEVEL_NOTICE, "vserver %s: %s for the %s of spillover: %s; it is run again",
		  lane->vserver, command, name_of(lane), how);
	timer_arm(&lane->provision->loop->timers, &lane->timer,
		  lane->provision->loop->now_ms + ((uint64_t)RETRY_FIRST_MS << (lane->tries - 1)));
}

static void on_end(struct watch *watch, unsigned events)
{
	struct provision_lane *lane = list_entry(watch, struct provision_lane, watch);
	int status = program_status(&lane->program);
	struct text how = TEXT_EMPTY;

	(void)events;
	if (status == -EAGAIN)
		return;
	if (status == 0) {
		log_write(LOG_LEVEL_NOTICE, "vserver %s: %s was run for the %s of spillover",
			  lane->vserver, lane->jobs[0].command, name_of(lane));
		stop_program(lane);
		timer_cancel(&lane->provision->loop->timers, &lane->timer);
		next_job(lane);
		return;
	}
	text_print(&how, "exit status %d", status);
	failed(lane, how.at);
	text_free(&how);
}

static void on_timer(struct timer *timer)
{
	struct provision_lane *lane = list_entry(timer, struct provision_lane, timer);

	if (lane->watch.fd >= 0)
		failed(lane, "not done in time");
	else
		run_first(lane);
}

/* The words of `command`, whose blanks become ends. False: too many, or none. */
static bool split(char *command, const char *words[PROVISION_WORDS + 1])
{
	unsigned count = 0;

	for (char *at = command; *at != '\0';) {
		while (*at == ' ')
			*at++ = '\0';
		if (*at == '\0')
			break;
		if (count == PROVISION_WORDS)
			return false;
		words[count++] = at;
		while (*at != '\0' && *at != ' ')
			at++;
	}
	words[count] = NULL;
	return count > 0;
}

static int start(struct provision_lane *lane)
{
	char *command = str_dup(str_of(lane->jobs[0].command));
	const char *words[PROVISION_WORDS + 1];
	int input = memory_file_new(text_str(&lane->jobs[0].json));
	int result = input < 0 ? input : -E2BIG;

	if (input >= 0 && split(command, words))
		result = program_start(words, input, &lane->program);
	if (input >= 0)
		close(input);
	free(command);
	return result;
}

static void run_first(struct provision_lane *lane)
{
	struct loop *loop = lane->provision->loop;
	int result = start(lane);

	if (result == 0) {
		lane->watch = (struct watch){ .fd = lane->program.fd, .ready = on_end };
		result = loop_watch(loop, &lane->watch);
		if (result != 0) {
			close(lane->program.fd);
			lane->watch.fd = -1;
			program_fini(&lane->program);
		}
	}
	if (result == 0)
		timer_arm(&loop->timers, &lane->timer, loop->now_ms + PROVISION_TIMEOUT_MS);
	else
		failed(lane, socket_error_text(result));
}

/* --- news --- */

static void print_news(const struct provision_news *news, struct text *json)
{
	text_print(json, "{\"event\":\"%s\",\"vserver\":",
		   news->is_begin ? "spillover-begin" : "spillover-end");
	webhook_quote(json, news->vserver);
	text_print(json, ",\"limit\":%" PRId64 ",\"uses\":%" PRId64 ",\"reason\":", news->limit,
		   news->uses);
	webhook_quote(json, str_of(news->reason));
	text_print(json, "}\n");
}

static struct provision_lane *lane_of(struct provision *provision,
				      const struct provision_news *news)
{
	struct provision_lane *lane;

	list_each(link, after, &provision->lanes)
	{
		lane = list_entry(link, struct provision_lane, link);
		if (lane->uid == news->uid)
			return lane;
	}
	lane = heap_zeroed(1, sizeof(*lane));
	must(lane != NULL);
	lane->provision = provision;
	lane->uid = news->uid;
	lane->vserver = str_dup(news->vserver);
	lane->watch.fd = -1;
	lane->free_later.free = free_lane;
	list_init(&lane->free_later.link);
	timer_init(&lane->timer, on_timer);
	list_init(&lane->link);
	list_add_last(&provision->lanes, &lane->link);
	return lane;
}

static bool is_url(struct str target)
{
	return str_starts_nocase(target, STR("http://"));
}

/* What waits and is contradicted by what came after need not be said: one who is told "begin" and
 * hears of an end and another begin only later is right still. */
static void enqueue(struct provision_lane *lane, struct str command,
		    const struct provision_news *news)
{
	struct job *job;

	if (lane->job_count == JOBS_MAX) {
		free_job(&lane->jobs[--lane->job_count]);
		return;
	}
	job = &lane->jobs[lane->job_count++];
	*job = (struct job){ .command = str_dup(command), .is_begin = news->is_begin };
	print_news(news, &job->json);
	if (lane->job_count == 1)
		run_first(lane);
}

void provision_tell(struct provision *provision, struct str target,
		    const struct provision_news *news)
{
	struct text json = TEXT_EMPTY;

	if (!is_url(target)) {
		enqueue(lane_of(provision, news), target, news);
		return;
	}
	print_news(news, &json);
	(void)webhook_post(provision->webhook, target, text_str(&json));
	text_free(&json);
}
