/* SPDX-License-Identifier: Apache-2.0
 * worker.h - one thread of the origin server: its loop, its listener, its clients.
 */
#pragma once

#include "base/slab.h"
#include "engine/loop.h"
#include "origin/origin.h"
#include "origin/tally.h"

#include <pthread.h>

/* Owner: its own thread, once it runs. */
struct worker {
	struct loop loop;
	struct watch listener;
	struct timer resume; /* accepting was paused: descriptors are out */
	struct watch stop;   /* an eventfd; somebody wants the thread to end */
	struct slab slab;    /* of struct client */
	struct list clients;
	pthread_t thread;
	const struct origin_options *options; /* borrowed, as the tally */
	struct str name;
	struct tally *tally;
};

/* Listens; 0 or -errno. */
int worker_open(struct worker *worker, const struct origin_options *options,
		const struct address *listen, struct tally *tally) MUST_USE;
int worker_start(struct worker *worker) MUST_USE; /* 0 or -errno */
void worker_stop(struct worker *worker);          /* and waits for its end */
void worker_close(struct worker *worker);         /* and all clients */
