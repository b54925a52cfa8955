/* SPDX-License-Identifier: Apache-2.0
 * webhook.h - tells other programs what happened: POST of JSON to a URL, from control's loop, never
 * in the way of anything.
 *
 * Each URL has a lane of its own: in order, one at a time, tried again after one, two, four, eight
 * seconds; any answer 2xx is a success. What finds no room, and what was tried in vain, is logged
 * and dropped. The host of the URL is an address.
 */
#pragma once

#include "base/list.h"
#include "base/str.h"
#include "base/text.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WEBHOOK_LANES = 16,       /* URLs that are being told at once */
	WEBHOOK_WAITING = 256,    /* messages in a lane */
	WEBHOOK_BYTES_MAX = 4096, /* of one message */
	WEBHOOK_TRIES = 5,
	WEBHOOK_TIMEOUT_MS = 5000
};

/* Owner: control. */
struct webhook {
	struct loop *loop; /* borrowed */
	struct list lanes; /* struct webhook_lane; a lane lives while it has something to tell */
	unsigned lane_count;
	uint64_t sent, dropped; /* messages, since the start */
};

void webhook_init(struct webhook *webhook, struct loop *loop);
/* What waits is lost. */
void webhook_fini(struct webhook *webhook);
/* Both are copied. False: it was dropped, and that is in the log. */
bool webhook_post(struct webhook *webhook, struct str url, struct str json);
/* A JSON string with its quotation marks (RFC 8259, 7); bytes that are no ASCII are kept. */
void webhook_quote(struct text *text, struct str string);
