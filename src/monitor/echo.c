/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/echo.h"

#include "base/hash.h"
#include "os/clock.h"
#include "os/socket.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

/* The same layout in both families (RFC 792 page 14, RFC 4443 4.1). */
struct packet {
	uint8_t type, code;
	uint16_t checksum, identifier, sequence;
	uint32_t place, reserved;
	uint64_t nonce;
};

/* One family's socket and all that wait for an answer on it. */
struct line {
	struct loop *loop; /* while open */
	struct watch watch;
	bool is_raw;
	uint32_t waiting_count;
	struct echo **waiting; /* by place; NULL: free */
	uint32_t places, next;
};

static void on_event(struct watch *watch, unsigned events);

static struct line lines[2] = { { .watch = { .fd = -1, .ready = on_event } },
				{ .watch = { .fd = -1, .ready = on_event } } };

static bool is_v6(const struct address *address)
{
	return address->any.sa_family == AF_INET6;
}

static struct line *line_of(const struct address *to)
{
	return &lines[is_v6(to)];
}

/* --- who waits -------------------------------------------------------------------------------- */

static bool grow(struct line *line)
{
	uint32_t places = line->places == 0 ? 64 : line->places * 2;
	struct echo **waiting = realloc(line->waiting, places * sizeof(struct echo *));

	if (waiting == NULL)
		return false;
	memset(waiting + line->places, 0, (places - line->places) * sizeof(struct echo *));
	line->next = line->places;
	line->waiting = waiting;
	line->places = places;
	return true;
}

/* At most half of the places are taken, so that a free one is near. */
static bool take_place(struct line *line, struct echo *echo)
{
	if (line->waiting_count * 2 >= line->places && !grow(line))
		return false;
	while (line->waiting[line->next] != NULL)
		line->next = (line->next + 1) % line->places;
	echo->place = line->next;
	line->waiting[line->next] = echo;
	line->waiting_count++;
	return true;
}

static void close_line(struct line *line)
{
	socket_close(loop_unwatch(line->loop, &line->watch));
	free(line->waiting);
	line->waiting = NULL;
	line->places = line->next = 0;
}

static int open_line(struct line *line, struct loop *loop, int family)
{
	int err;

	if (line->watch.fd >= 0) {
		must(line->loop == loop);
		return 0;
	}
	line->watch.fd = socket_echo(family, &line->is_raw);
	if (line->watch.fd < 0) {
		err = line->watch.fd;
		line->watch.fd = -1;
		return err;
	}
	line->loop = loop;
	err = loop_watch(loop, &line->watch);
	if (err < 0) {
		socket_close(line->watch.fd);
		line->watch.fd = -1;
	}
	return err < 0 ? err : 0;
}

void echo_forget(struct echo *echo)
{
	struct line *line = line_of(&echo->to);

	if (!echo->is_waiting)
		return;
	echo->is_waiting = false;
	line->waiting[echo->place] = NULL;
	if (--line->waiting_count == 0)
		close_line(line);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* RFC 1071. Of ICMPv6 the kernel does it. */
static uint16_t checksum(const struct packet *packet)
{
	uint16_t words[sizeof(*packet) / 2];
	uint32_t sum = 0;

	memcpy(words, packet, sizeof(*packet));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static int send_echo(const struct line *line, const struct echo *echo)
{
	struct packet packet = {
		.type = is_v6(&echo->to) ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.identifier = (uint16_t)(echo->nonce >> 48),
		.sequence = (uint16_t)echo->nonce,
		.place = echo->place,
		.nonce = echo->nonce,
	};

	if (!is_v6(&echo->to))
		packet.checksum = checksum(&packet);
	return (int)socket_send_to(line->watch.fd, &packet, sizeof(packet), &echo->to);
}

int echo_ask(struct echo *echo, struct loop *loop, const struct address *to)
{
	struct line *line = line_of(to);
	uint64_t seed[2] = { clock_ns(), (uintptr_t)echo };
	int err = open_line(line, loop, to->any.sa_family);

	must(!echo->is_waiting);
	if (err != 0)
		return err;
	echo->to = *to;
	address_set_port(&echo->to, 0);
	echo->nonce = hash_bytes(seed, sizeof(seed));
	if (!take_place(line, echo)) {
		if (line->waiting_count == 0)
			close_line(line);
		return -ENOMEM;
	}
	echo->is_waiting = true;
	err = send_echo(line, echo);
	if (err < 0)
		echo_forget(echo);
	return err < 0 ? err : 0;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The header of IPv4 stands before what a raw socket reads. */
static bool unwrap(const struct line *line, bool is_six, const char *bytes, size_t length,
		   struct packet *packet)
{
	size_t header = 0;

	if (line->is_raw && !is_six) {
		if (length < sizeof(struct iphdr))
			return false;
		header = (size_t)(bytes[0] & 15) * 4;
	}
	if (length < header + sizeof(*packet))
		return false;
	memcpy(packet, bytes + header, sizeof(*packet));
	return packet->type == (is_six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) && packet->code == 0;
}

static bool is_same_host(const struct address *a, const struct address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (is_v6(a))
		return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0;
	return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

static struct echo *find(const struct line *line, const struct packet *packet,
			 const struct address *from)
{
	struct echo *echo = packet->place < line->places ? line->waiting[packet->place] : NULL;

	if (echo == NULL || echo->nonce != packet->nonce || !is_same_host(&echo->to, from))
		return NULL;
	return echo;
}

static void on_event(struct watch *watch, unsigned events)
{
	struct line *line = list_entry(watch, struct line, watch);
	struct address from;
	struct packet packet;
	struct echo *echo;
	char bytes[512];
	ssize_t count;
	int errors = 0;

	if (!(events & LOOP_READ))
		return;
	/* An answer may close the line. */
	while (watch->fd >= 0) {
		count = socket_receive_from(watch->fd, bytes, sizeof(bytes), &from);
		if (count == -EAGAIN || (count < 0 && ++errors > 16))
			return;
		if (count < 0 || !unwrap(line, line == &lines[1], bytes, (size_t)count, &packet) ||
		    (echo = find(line, &packet, &from)) == NULL)
			continue;
		echo_forget(echo);
		echo->answered(echo);
	}
}
