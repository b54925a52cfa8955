/* SPDX-License-Identifier: Apache-2.0 */
#include "control/dns_stream.h"

#include "os/socket.h"

#include <errno.h>
#include <stdlib.h>

enum { SIZE = 2, HEARD_MAX = SIZE + 65535 };

static size_t message_length(const struct dns_stream *stream)
{
	return (size_t)stream->heard[0] << 8 | stream->heard[1];
}

static bool has_message(const struct dns_stream *stream)
{
	return stream->heard_length >= SIZE &&
	       stream->heard_length - SIZE >= message_length(stream);
}

/* The length before it is not much: a new connection takes both at once. */
static bool say(struct dns_stream *stream)
{
	unsigned char size[SIZE] = { (unsigned char)(stream->question_length >> 8),
				     (unsigned char)stream->question_length };
	struct iovec parts[] = { { size, SIZE },
				 { (void *)(uintptr_t)stream->question, stream->question_length } };

	stream->is_said = true;
	return socket_connect_result(stream->watch.fd) == 0 &&
	       socket_write(stream->watch.fd, parts, 2) ==
		       (ssize_t)(SIZE + stream->question_length);
}

/* False: no more will come. */
static bool hear(struct dns_stream *stream)
{
	ssize_t count = 1;

	while (count > 0 && !has_message(stream)) {
		count = socket_read(stream->watch.fd, stream->heard + stream->heard_length,
				    HEARD_MAX - stream->heard_length);
		if (count > 0)
			stream->heard_length += (size_t)count;
	}
	return count > 0 || count == -EAGAIN;
}

static void end(struct dns_stream *stream)
{
	unsigned char *heard = stream->heard;
	bool is_good = has_message(stream);
	size_t length = is_good ? message_length(stream) : 0;

	stream->heard = NULL;
	dns_stream_stop(stream);
	stream->over(stream, is_good ? heard + SIZE : NULL, length);
	free(heard);
}

static void on_event(struct watch *watch, unsigned events)
{
	struct dns_stream *stream = list_entry(watch, struct dns_stream, watch);
	bool goes_on = true;

	if (!stream->is_said && (events & LOOP_WRITE) == 0)
		return; /* not connected yet */
	if (!stream->is_said)
		goes_on = say(stream);
	if (goes_on)
		goes_on = hear(stream);
	if (!goes_on || has_message(stream))
		end(stream);
}

void dns_stream_init(struct dns_stream *stream, struct loop *loop,
		     void (*over)(struct dns_stream *stream, const unsigned char *bytes,
				  size_t length))
{
	*stream = (struct dns_stream){ .loop = loop,
				       .watch = { .fd = -1, .ready = on_event },
				       .over = over };
}

int dns_stream_start(struct dns_stream *stream, const struct address *to,
		     const unsigned char *question, size_t question_length)
{
	unsigned char *heard = malloc(HEARD_MAX);
	int fd = heard != NULL ? socket_connect(to, NULL) : -ENOMEM;

	must(!dns_stream_is_on(stream));
	if (fd < 0) {
		free(heard);
		return fd;
	}
	stream->watch.fd = fd;
	if (loop_watch(stream->loop, &stream->watch) < 0) {
		stream->watch.fd = -1;
		socket_close(fd);
		free(heard);
		return -ENOMEM;
	}
	stream->question = question;
	stream->question_length = question_length;
	stream->is_said = false;
	stream->heard = heard;
	stream->heard_length = 0;
	return 0;
}

void dns_stream_stop(struct dns_stream *stream)
{
	if (dns_stream_is_on(stream))
		socket_close(loop_unwatch(stream->loop, &stream->watch));
	free(stream->heard);
	stream->heard = NULL;
}
