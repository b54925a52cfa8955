/* SPDX-License-Identifier: Apache-2.0
 * Two loops send each other messages through two mailboxes, sometimes as fast as they can and
 * sometimes only after the other has fallen asleep. Nothing is lost, doubled or out of order, and
 * nobody sleeps while mail lies there: a lost wake-up would never end, and alarm() says so.
 */
#include "engine/engine.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGES = 2000000, PATIENCE_S = 100 };

/* One end: a loop that reads `in` and writes `out`. Owner: its thread. */
struct player {
	struct loop loop;
	struct mailbox *in, *out;
	struct watch watch;
	struct task read_task, write_task;
	uint64_t sent, received;
	uint64_t answer_every; /* 1: each message waits for its answer; n: bursts of n */
	unsigned seed;
};

/* Between the look at the mailbox and the wait: here a message must not be slept over. */
static void dawdle(struct player *player)
{
	unsigned pauses = (unsigned)rand_r(&player->seed) % 64;

	if (pauses == 0)
		sched_yield();
	for (; pauses > 0; pauses--)
		__asm__ volatile("" ::: "memory");
}

static bool has_mail(struct loop *loop)
{
	struct player *player = list_entry(loop, struct player, loop);

	if (!mailbox_has_mail(player->in)) {
		dawdle(player);
		return false;
	}
	loop_ready(loop, &player->read_task);
	return true;
}

static void on_wake(struct watch *watch, unsigned events)
{
	struct player *player = list_entry(watch, struct player, watch);

	(void)events;
	loop_ready(&player->loop, &player->read_task);
}

static void stop_when_done(struct player *player)
{
	if (player->sent == MESSAGES && player->received == MESSAGES)
		loop_stop(&player->loop);
}

/* Never more than one burst ahead of what was heard: then only the other's mail wakes us. */
static void write_some(struct task *task)
{
	struct player *player = list_entry(task, struct player, write_task);
	uint64_t until = player->received + player->answer_every;

	while (player->sent < MESSAGES && player->sent < until) {
		struct message message = { .kind = MESSAGE_SPILL, .number = player->sent };

		if (!mailbox_send(player->out, message))
			break;
		player->sent++;
	}
	stop_when_done(player);
}

/* Mostly one at a time, so that both fall asleep between any two; now and then a burst. */
static void choose_pace(struct player *player)
{
	player->answer_every = 1;
	if (rand_r(&player->seed) % 256 == 0)
		player->answer_every += (uint64_t)rand_r(&player->seed) % MAILBOX_ROOM;
}

static void read_all(struct task *task)
{
	struct player *player = list_entry(task, struct player, read_task);
	struct message message;

	while (mailbox_take(player->in, &message)) {
		must(message.number == player->received);
		player->received++;
	}
	choose_pace(player);
	loop_ready(&player->loop, &player->write_task);
	stop_when_done(player);
}

static void init(struct player *player, struct mailbox *in, struct mailbox *out, unsigned seed)
{
	must(loop_init(&player->loop) == 0);
	must(mailbox_init(in, &player->loop) == 0);
	player->loop.has_mail = has_mail;
	player->in = in;
	player->out = out;
	player->watch = (struct watch){ .fd = in->wake_fd, .ready = on_wake };
	must(loop_watch(&player->loop, &player->watch) == 0);
	loop_task_init(&player->read_task, read_all);
	loop_task_init(&player->write_task, write_some);
	player->sent = player->received = 0;
	player->answer_every = 1;
	player->seed = seed;
	loop_ready(&player->loop, &player->write_task);
}

static void *play(void *argument)
{
	struct player *player = argument;

	loop_run(&player->loop);
	must(player->sent == MESSAGES && player->received == MESSAGES);
	return NULL;
}

static void fini(struct player *player)
{
	struct message message;

	must(!mailbox_take(player->in, &message));
	loop_unwatch(&player->loop, &player->watch);
	loop_fini(&player->loop);
}

int main(void)
{
	static struct player players[2];
	static struct mailbox boxes[2];
	pthread_t threads[2];

	alarm(PATIENCE_S); /* a lost wake-up ends here */
	for (unsigned i = 0; i < 2; i++)
		init(&players[i], &boxes[i], &boxes[1 - i], i + 1);
	for (unsigned i = 0; i < 2; i++)
		must(pthread_create(&threads[i], NULL, play, &players[i]) == 0);
	for (unsigned i = 0; i < 2; i++)
		must(pthread_join(threads[i], NULL) == 0);
	printf("%d messages each way, %llu and %llu turns\n", MESSAGES,
	       (unsigned long long)players[0].loop.turns,
	       (unsigned long long)players[1].loop.turns);
	for (unsigned i = 0; i < 2; i++)
		fini(&players[i]);
	for (unsigned i = 0; i < 2; i++)
		mailbox_fini(&boxes[i]);
	return 0;
}
