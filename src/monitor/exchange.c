/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/exchange.h"

#include "base/hash.h"
#include "monitor/ear.h"
#include "monitor/tls.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Owner: its probe. */
struct exchange {
	struct tls *tls; /* owned: of a secure one, once connected; else NULL */
	bool is_agreed;  /* on how to talk over TLS */
	bool has_begun;
	size_t said; /* of talk.say */
	struct ear ear;
};

void exchange_free(struct exchange *exchange)
{
	if (exchange != NULL)
		tls_free(exchange->tls);
	free(exchange);
}

bool exchange_silence_is_good(const struct exchange *exchange)
{
	return exchange->ear.talk.silence_is_good;
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

	must(probe->exchange == NULL);
	if (exchange == NULL) { /* not of the reserve, which is for operators */
		probe_refuse(probe, -ENOMEM);
		return;
	}
	ear_init(&exchange->ear, protocol, probe->conf);
	exchange->ear.talk.request = (struct str){ probe->request, probe->request_length };
	exchange->ear.talk.nonce = make_nonce(probe);
	exchange->tls = NULL;
	exchange->is_agreed = exchange->has_begun = false;
	exchange->said = 0;
	probe->exchange = exchange;
	if (protocol->is_datagram)
		probe_watch(probe, socket_datagram(probe->target));
	else
		probe_connect(probe);
}

static ssize_t write_some(struct probe *probe, void *bytes, size_t length)
{
	struct iovec part = { bytes, length };

	if (probe->exchange->tls != NULL)
		return tls_write(probe->exchange->tls, bytes, length);
	return socket_write(probe_fd(probe), &part, 1);
}

static ssize_t read_some(struct probe *probe, void *bytes, size_t room)
{
	if (probe->exchange->tls != NULL)
		return tls_read(probe->exchange->tls, bytes, room);
	return socket_read(probe_fd(probe), bytes, room);
}

static const char *error_text(const struct probe *probe, ssize_t error)
{
	if (probe->exchange->tls != NULL)
		return tls_error_text(probe->exchange->tls, (int)error);
	return socket_error_text((int)error);
}

/* False: the probe has ended. */
static bool say(struct probe *probe)
{
	struct exchange *exchange = probe->exchange;
	struct talk *talk = &exchange->ear.talk;

	while (exchange->said < talk->say_length) {
		ssize_t count = write_some(probe, talk->say + exchange->said,
					   talk->say_length - exchange->said);

		if (count == -EAGAIN)
			return true;
		if (count < 0) {
			probe_end(probe, false, "%s while sending", error_text(probe, count));
			return false;
		}
		exchange->said += (size_t)count;
	}
	exchange->said = talk->say_length = 0;
	return true;
}

static bool end(struct probe *probe, enum talk_verdict verdict)
{
	struct talk *talk = &probe->exchange->ear.talk;

	if (verdict == TALK_GOOD && !say(probe)) /* a last word: it need not be heard */
		return false;
	if (talk->capacity.is_told)
		probe->capacity = talk->capacity;
	probe_end(probe, verdict == TALK_GOOD, "%s", talk->text);
	return false;
}

/* False: the probe has ended. */
static bool take(struct probe *probe, size_t count, bool is_over)
{
	enum talk_verdict verdict = ear_hear(&probe->exchange->ear, count, is_over);

	return verdict == TALK_MORE ? say(probe) : end(probe, verdict);
}

/* True while there may be more to read. */
static bool hear(struct probe *probe)
{
	struct ear *ear = &probe->exchange->ear;
	char *to;
	size_t room = ear_room(ear, &to);
	ssize_t count;

	if (room == 0)
		return end(probe, TALK_BAD);
	count = read_some(probe, to, room);
	if (count == -EAGAIN)
		return false;
	if (count < 0) {
		probe_end(probe, false, "%s", error_text(probe, count));
		return false;
	}
	return take(probe, (size_t)count, count == 0 && !ear->protocol->is_datagram);
}

/* True once bytes may go; false: not yet, or the probe has ended. */
static bool agree(struct probe *probe)
{
	struct exchange *exchange = probe->exchange;
	int err;

	if (!probe->conf->is_secure || exchange->is_agreed)
		return true;
	if (exchange->tls == NULL)
		exchange->tls = tls_new(probe_fd(probe));
	err = exchange->tls != NULL ? tls_shake(exchange->tls) : -ENOMEM;
	exchange->is_agreed = err == 0;
	if (err == -ENOMEM)
		probe->was_never_asked = true;
	if (err != 0 && err != -EAGAIN)
		probe_end(probe, false, "%s",
			  exchange->tls != NULL ? error_text(probe, err) : socket_error_text(err));
	return err == 0;
}

void exchange_ready(struct probe *probe, unsigned events)
{
	if (!probe_connected(probe, events) || !agree(probe))
		return;
	if (events & LOOP_ENDED)
		probe->may_break = true;
	if (!probe->exchange->has_begun) {
		probe->exchange->has_begun = true;
		if (!take(probe, 0, false))
			return;
	} else if (!say(probe)) {
		return;
	}
	/* What the handshake has read already raises no event. */
	if (events & LOOP_READ || probe->exchange->tls != NULL)
		while (hear(probe))
			;
}
