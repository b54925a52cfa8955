/* SPDX-License-Identifier: Apache-2.0 */
#include "control/post.h"

#include "base/heap.h"

#include <stdlib.h>

enum { RETRY_MS = 2 };

/* As many as the inbox takes. */
static void send_kept(struct post *post, unsigned engine)
{
	struct post_queue *queue = &post->queues[engine];

	while (queue->first < queue->count &&
	       mailbox_send(&post->engines[engine]->inbox, queue->kept[queue->first]))
		queue->first++;
	if (queue->first == queue->count)
		queue->first = queue->count = 0;
}

static void retry(struct timer *timer)
{
	struct post *post = list_entry(timer, struct post, retry);
	bool is_more = false;

	for (unsigned i = 0; i < post->engine_count; i++) {
		send_kept(post, i);
		is_more |= post->queues[i].count > 0;
	}
	if (is_more)
		timer_arm(&post->loop->timers, timer, post->loop->now_ms + RETRY_MS);
}

void post_init(struct post *post, struct loop *loop, struct engine **engines, unsigned count)
{
	*post = (struct post){ .loop = loop, .engines = engines, .engine_count = count };
	post->queues = heap_zeroed(count, sizeof(*post->queues));
	must(post->queues != NULL);
	timer_init(&post->retry, retry);
}

void post_fini(struct post *post)
{
	if (post->loop == NULL)
		return; /* the start failed before */
	timer_cancel(&post->loop->timers, &post->retry);
	for (unsigned i = 0; i < post->engine_count; i++)
		free(post->queues[i].kept);
	free(post->queues);
}

static void keep(struct post_queue *queue, struct message message)
{
	if (queue->count == queue->room) {
		queue->room = queue->room == 0 ? 256 : queue->room * 2;
		queue->kept = heap_resized(queue->kept, queue->room * sizeof(*queue->kept));
		must(queue->kept != NULL);
	}
	queue->kept[queue->count++] = message;
}

void post_send(struct post *post, unsigned engine, struct message message)
{
	struct post_queue *queue = &post->queues[engine];

	must(engine < post->engine_count);
	if (queue->count == 0 && mailbox_send(&post->engines[engine]->inbox, message))
		return;
	keep(queue, message);
	if (!timer_is_armed(&post->retry))
		timer_arm(&post->loop->timers, &post->retry, post->loop->now_ms + RETRY_MS);
}

void post_send_all(struct post *post, struct message message)
{
	for (unsigned i = 0; i < post->engine_count; i++)
		post_send(post, i, message);
}
