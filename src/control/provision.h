/* SPDX-License-Identifier: Apache-2.0
 * provision.h - tells somebody that a virtual server begins to spill and that it has ended, so that
 * a backup can be set up and taken down: a program with JSON on its standard input, or a URL that
 * gets it by POST.
 *
 * For each virtual server one program at a time, in order: the end follows its begin. A program
 * that fails is run again; one that is not done in time is killed with its children. It runs on
 * control's loop and never in the way of anything; when we are root it runs as nobody.
 */
#pragma once

#include "base/check.h"
#include "base/list.h"
#include "base/str.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct webhook;

enum {
	PROVISION_TRIES = 5,          /* of a program, a second after the first, then doubled */
	PROVISION_TIMEOUT_MS = 30000, /* of one run */
	PROVISION_WORDS = 16          /* the program and its arguments */
};

/* Owner: control. */
struct provision {
	struct loop *loop;       /* borrowed */
	struct webhook *webhook; /* borrowed */
	struct list lanes; /* struct provision_lane: of virtual servers with something to do */
};

/* What happened. */
struct provision_news {
	uint64_t uid; /* of the virtual server */
	struct str vserver;
	bool is_begin;
	int64_t limit, uses;
	const char *reason; /* in words */
};

void provision_init(struct provision *provision, struct loop *loop, struct webhook *webhook);
/* What runs is killed, what waits is lost. */
void provision_fini(struct provision *provision);
/* `target`: "/path argument ...", or "http://...". All is copied. */
void provision_tell(struct provision *provision, struct str target,
		    const struct provision_news *news);
