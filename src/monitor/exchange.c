/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/exchange.h"

#include "base/hash.h"
#include "monitor/talk.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Owner: its probe. */
struct exchange {
	struct talk talk;
	bool has_begun;
	size_t said; /* of talk.say */
	size_t length;
	char heard[TALK_HEARD_MAX];
};

void exchange_free(struct exchange *exchange)
{
	free(exchange);
}

bool exchange_silence_is_good(const struct exchange *exchange)
{
	return exchange->talk.silence_is_good;
}

static uint64_t make_nonce(const struct probe *probe)
{
	uint64_t seed[2] = { clock_ns(), (uintptr_t)probe };

	return hash_bytes(seed, sizeof(seed));
}

void exchange_start(struct probe *probe)
{
	struct exchange *exchange = malloc(sizeof(*exchange));
	const struct talk_protocol *protocol = probe->kind->protocol;

	must(exchange != NULL && probe->exchange == NULL);
	memset(&exchange->talk, 0, offsetof(struct talk, say));
	exchange->talk.conf = probe->conf;
	exchange->talk.request = (struct str){ probe->request, probe->request_length };
	exchange->talk.nonce = make_nonce(probe);
	exchange->has_begun = false;
	exchange->said = exchange->length = 0;
	probe->exchange = exchange;
	probe_watch(probe, protocol->is_datagram ? socket_datagram(probe->target)
						 : socket_connect(probe->target, NULL));
}

/* False: the probe has ended. */
static bool say(struct probe *probe)
{
	struct exchange *exchange = probe->exchange;
	struct talk *talk = &exchange->talk;

	while (exchange->said < talk->say_length) {
		struct iovec rest = { talk->say + exchange->said,
				      talk->say_length - exchange->said };
		ssize_t count = socket_write(probe->watch.fd, &rest, 1);

		if (count == -EAGAIN)
			return true;
		if (count < 0) {
			probe_end(probe, false, "%s while sending", socket_error_text((int)count));
			return false;
		}
		exchange->said += (size_t)count;
	}
	exchange->said = talk->say_length = 0;
	return true;
}

static bool end(struct probe *probe, enum talk_verdict verdict)
{
	struct talk *talk = &probe->exchange->talk;

	if (verdict == TALK_GOOD && !say(probe)) /* a last word: it need not be heard */
		return false;
	if (talk->capacity.is_told)
		probe->capacity = talk->capacity;
	probe_end(probe, verdict == TALK_GOOD, "%s", talk->text);
	return false;
}

/* Lets the protocol have what was heard, until it wants more. False: the probe has ended. */
static bool take_turns(struct probe *probe, bool is_over)
{
	struct exchange *exchange = probe->exchange;
	const struct talk_protocol *protocol = probe->kind->protocol;
	enum talk_verdict verdict;
	size_t used;

	do {
		used = 0;
		verdict = protocol->turn(&exchange->talk, exchange->heard, exchange->length,
					 is_over, &used);
		must(used <= exchange->length);
		if (verdict != TALK_MORE)
			return end(probe, verdict);
		exchange->talk.total += used;
		exchange->length -= used;
		memmove(exchange->heard, exchange->heard + used, exchange->length);
	} while (used > 0 && exchange->length > 0);
	if (protocol->is_datagram)
		exchange->length = 0;
	return say(probe);
}

static bool hear(struct probe *probe)
{
	struct exchange *exchange = probe->exchange;
	size_t room = sizeof(exchange->heard) - exchange->length;
	bool is_over;
	ssize_t count;

	if (room == 0 || exchange->talk.total > TALK_TOTAL_MAX) {
		probe_end(probe, false, "the answer is too long");
		return false;
	}
	count = socket_read(probe->watch.fd, exchange->heard + exchange->length, room);
	if (count == -EAGAIN)
		return false;
	if (count < 0) {
		probe_end(probe, false, "%s", socket_error_text((int)count));
		return false;
	}
	exchange->length += (size_t)count;
	is_over = count == 0 && !probe->kind->protocol->is_datagram;
	if (!take_turns(probe, is_over))
		return false;
	if (is_over)
		probe_end(probe, false, "connection closed before the answer was whole");
	return !is_over;
}

void exchange_ready(struct probe *probe, unsigned events)
{
	if (!probe_connected(probe, events))
		return;
	if (!probe->exchange->has_begun) {
		probe->exchange->has_begun = true;
		if (!take_turns(probe, false))
			return;
	} else if (!say(probe)) {
		return;
	}
	if (events & LOOP_READ)
		while (hear(probe))
			;
}
