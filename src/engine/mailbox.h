/* SPDX-License-Identifier: Apache-2.0
 * mailbox.h - messages from one thread to one other: a bounded ring and a wake-up.
 *
 * Single producer, single consumer (Lamport 1983, with cached indices). A wake-up (eventfd) is
 * sent only when the receiver sleeps.
 */
#pragma once

#include "base/check.h"
#include "engine/loop.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

enum message_kind {
	/* control to engine */
	MESSAGE_SNAPSHOT,      /* pointer: const struct snapshot *; use it from now on */
	MESSAGE_SERVICE_STATE, /* id: service; number: 1 up, 0 down */
	MESSAGE_GIVE_IDLE,     /* id: service; close one idle server connection, somebody waits */
	MESSAGE_USE_FREED,     /* id: service; another engine closed an idle one for you */
	MESSAGE_CUT_SERVICE,   /* id: service; close its connections now (down-state flush) */
	MESSAGE_CUT_VSERVER,   /* id: vserver; end its clients' sessions now, likewise */
	MESSAGE_DRAIN,         /* take no new clients; say MESSAGE_DRAINED when the last has left */
	MESSAGE_WAKE,          /* nothing but a turn is wanted */
	MESSAGE_STOP,          /* leave the loop now */
	/* engine to control */
	MESSAGE_TAKEN,        /* number: snapshot; the engine uses no older one any more */
	MESSAGE_VSERVER_GONE, /* id: vserver; its last session on this engine has ended */
	MESSAGE_SERVICE_GONE, /* id: service; likewise */
	MESSAGE_WANT_IDLE,    /* id: service; all its uses are taken, idle ones perhaps elsewhere */
	MESSAGE_IDLE_GIVEN, /* id: service; answer to GIVE_IDLE; number: 1 one was closed, 0 none */
	MESSAGE_SPILL,      /* id: vserver; number: enum reason why it spills, 0 it has room again;
			     * above its eight bits the uid of a policy, see below */
	MESSAGE_ACCEPT_PAUSED, /* number: errno, or 0 when resumed */
	MESSAGE_DRAINED,
	MESSAGE_STOPPED
};

/* Of MESSAGE_SPILL: a reason and the uid of a policy in one number. */
#define MESSAGE_SPILL_REASON(number)      ((unsigned)((number)&0xff))
#define MESSAGE_SPILL_UID(number)         ((number) >> 8)
#define MESSAGE_SPILL_POLICY(reason, uid) ((uint64_t)(reason) | (uint64_t)(uid) << 8)

struct message {
	enum message_kind kind;
	uint32_t id;
	uint64_t number;
	const void *pointer; /* who owns it is said at the kind */
};

enum { MAILBOX_ROOM = 4096 }; /* messages; a power of two */

/* Shared by two threads: `tail` is written by the sender, `head` by the receiver. */
struct mailbox {
	struct message *ring;              /* owned; fixed after init */
	struct loop *receiver;             /* borrowed; only its is_asleep is read by the sender */
	int wake_fd;                       /* eventfd; owned; the receiver watches it */
	alignas(64) _Atomic uint32_t tail; /* next to write */
	uint32_t head_seen;                /* sender's copy of head */
	alignas(64) _Atomic uint32_t head; /* next to read */
	uint32_t tail_seen;                /* receiver's copy of tail */
};

int mailbox_init(struct mailbox *mailbox, struct loop *receiver) MUST_USE; /* 0 or -errno */
void mailbox_fini(struct mailbox *mailbox);

/* Sender. False when the ring is full: keep the message and try in a later turn. Wakes the
 * receiver when it sleeps. */
bool mailbox_send(struct mailbox *mailbox, struct message message) MUST_USE;
/* Receiver. False when there is none. */
bool mailbox_take(struct mailbox *mailbox, struct message *message) MUST_USE;
bool mailbox_has_mail(struct mailbox *mailbox);
