/* SPDX-License-Identifier: Apache-2.0
 * nap.h - whether a loop that has nothing to do sleeps a moment in any case before it waits for
 * the next event.
 *
 * To fall asleep and be woken costs as much as to serve a request, above all in a virtual machine,
 * where an idle processor is given back to the host and comes back with cold caches. Where many
 * clients come at short intervals, a loop that is quicker than they are sleeps between nearly all
 * of them. It then naps NAP_US, and finds several at once: the moderation that network cards have
 * for their interrupts.
 *
 * It does not nap where few come, so that hardly anything gathers between two sleeps (nobody is
 * made to wait), and not where much gathers (there is nothing to gain): both are judged by the
 * sleeps without a nap. Nor does it where a nap gathers little more than none: those few clients
 * who are at work each wait for an answer, however many others are connected. So that both are
 * known, one sleep in NAP_SAMPLE is of the other kind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	NAP_US = 50,
	NAP_LEAST = 2, /* events between two sleeps, in the mean: it naps from this */
	NAP_MOST = 10, /* to less than this */
	NAP_GAIN = 2,  /* times as many after a nap */
	NAP_SAMPLE = 16
};

/* Owner: the loop. Zeroed: it never naps. */
struct nap {
	bool is_allowed;  /* its owner says: there are enough clients */
	bool is_on;       /* the last sleep was a nap */
	uint8_t sleeps;   /* counted to take one as a sample */
	uint32_t mean[2]; /* events after a sleep, without and with a nap, times 8 */
	uint64_t events;  /* of the loop, until its last sleep */
};

/* Once before each sleep: `events` are those of the loop since it began. True: nap. */
bool nap_is_due(struct nap *nap, uint64_t events);
