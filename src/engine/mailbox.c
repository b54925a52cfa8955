/* SPDX-License-Identifier: Apache-2.0
 *
 * Why no message is lost, torn or slept over:
 *
 * 1. Only the sender writes `tail` and only the receiver writes `head`. A place of the ring between
 *    head and tail belongs to the receiver, every other one to the sender.
 * 2. The sender fills a place and then stores tail (release or stronger); the receiver loads tail
 *    (acquire or stronger) and then reads the place: it sees the whole message. Likewise the
 *    receiver reads a place, then stores head (release), and the sender loads head (acquire) before
 *    it fills that place again.
 * 3. The indices run freely through all 32 bits; MAILBOX_ROOM divides 2^32, and tail - head is
 *    never more than MAILBOX_ROOM. A copy of the other side's index is only ever too old, which
 *    makes the ring seem fuller to the sender and emptier to the receiver: both then look anew.
 * 4. Sleep. The sender does S1: store tail, S2: load is_asleep. The receiver does R1: store
 *    is_asleep = true, R2: load tail, R3: wait. All four are seq_cst, so they lie in one order
 *    that every thread agrees on. If S2 reads false although R1 was done, then S2 comes before R1
 *    in it, hence S1 before R2, and R2 sees the message: no R3. If S2 reads true, the eventfd is
 *    written; it is watched edge-triggered, so that R3 ends at once or never begins. In neither
 *    case does the receiver sleep while a message lies in the ring.
 * 5. is_asleep = false after the wait is relaxed. A sender that still reads true writes the eventfd
 *    for nothing. A sender cannot read a false of an earlier wake-up after R1 in the order of 4,
 *    because R1 is later in the modification order of is_asleep and S2 after R1 must not read
 *    anything older.
 * 6. A receiver that is awake asks has_mail() once a turn before it waits, so that mail sent
 *    without a wake-up is found at the latest by the R2 of the next wait.
 */
#include "engine/mailbox.h"

#include "os/socket.h"
#include "os/wake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

_Static_assert((MAILBOX_ROOM & (MAILBOX_ROOM - 1)) == 0, "a power of two");

int mailbox_init(struct mailbox *mailbox, struct loop *receiver)
{
	int fd = wake_open();

	if (fd < 0)
		return fd;
	*mailbox = (struct mailbox){ .receiver = receiver, .wake_fd = fd };
	mailbox->ring = calloc(MAILBOX_ROOM, sizeof(*mailbox->ring));
	if (mailbox->ring == NULL) {
		socket_close(fd);
		return -ENOMEM;
	}
	return 0;
}

void mailbox_fini(struct mailbox *mailbox)
{
	socket_close(mailbox->wake_fd);
	free(mailbox->ring);
	mailbox->ring = NULL;
	mailbox->wake_fd = -1;
}

bool mailbox_send(struct mailbox *mailbox, struct message message)
{
	uint32_t tail = atomic_load_explicit(&mailbox->tail, memory_order_relaxed);
	struct loop *receiver = mailbox->receiver;

	if (tail - mailbox->head_seen == MAILBOX_ROOM)
		mailbox->head_seen = atomic_load_explicit(&mailbox->head, memory_order_acquire);
	if (tail - mailbox->head_seen == MAILBOX_ROOM)
		return false;
	mailbox->ring[tail % MAILBOX_ROOM] = message;
	atomic_store_explicit(&mailbox->tail, tail + 1, memory_order_seq_cst); /* S1 */
	if (receiver != NULL && atomic_load_explicit(&receiver->is_asleep, memory_order_seq_cst))
		wake_send(mailbox->wake_fd); /* S2 */
	return true;
}

bool mailbox_take(struct mailbox *mailbox, struct message *message)
{
	uint32_t head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);

	if (head == mailbox->tail_seen)
		mailbox->tail_seen = atomic_load_explicit(&mailbox->tail, memory_order_acquire);
	if (head == mailbox->tail_seen)
		return false;
	*message = mailbox->ring[head % MAILBOX_ROOM];
	atomic_store_explicit(&mailbox->head, head + 1, memory_order_release);
	return true;
}

bool mailbox_has_mail(struct mailbox *mailbox)
{
	uint32_t head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);

	return head != atomic_load_explicit(&mailbox->tail, memory_order_seq_cst); /* R2 */
}
