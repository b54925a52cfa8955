/* SPDX-License-Identifier: Apache-2.0
 * probes.c - what a probe costs at least on this machine: the system calls of one, made by a loop
 * that does nothing else.
 *
 *     bench_probes tcp|http FIRST-ADDRESS PORT ADDRESSES PROBES-A-SECOND SECONDS
 *
 * One probe is socket, connect, epoll_ctl, epoll_wait and close; with http also send and recv. They
 * come in batches, as those of the monitors do. Runs on CPU 0. Prints the CPU time of one in
 * microseconds, for each second.
 */
#include "base/address.h"
#include "os/clock.h"
#include "os/poll.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_MS = 8, BATCH_MAX = 512, PATIENCE_MS = 500 };

static const char request[] = "GET /?size=16 HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n";

struct bare {
	int fd; /* -1: over */
	bool has_said;
};

static struct bare batch[BATCH_MAX];
static int poll_fd;

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void start(struct bare *bare, const struct address *to)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	*bare = (struct bare){ .fd = fd };
	must(connect(fd, &to->any, address_length(to)) == 0 || errno == EINPROGRESS);
	must(poll_add(poll_fd, fd, EPOLLIN | EPOLLOUT | EPOLLET, bare) == 0);
}

/* True: it has come to its end. */
static bool go_on(struct bare *bare, bool is_http, uint32_t events)
{
	char answer[4096];

	if (is_http && !bare->has_said) {
		bare->has_said = true;
		must(send(bare->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0);
		return false;
	}
	if (is_http && (!(events & EPOLLIN) || recv(bare->fd, answer, sizeof(answer), 0) < 0))
		return false;
	close(bare->fd);
	bare->fd = -1;
	return true;
}

/* How many there were that did not come to their end in time. */
static unsigned finish(unsigned count, bool is_http)
{
	struct epoll_event events[BATCH_MAX];
	unsigned left = count;
	int ready = 1;

	while (left > 0 && ready > 0) {
		ready = poll_wait(poll_fd, events, BATCH_MAX, PATIENCE_MS);
		for (int i = 0; i < ready; i++)
			left -= go_on(events[i].data.ptr, is_http, events[i].events);
	}
	for (unsigned i = 0; i < count; i++)
		if (batch[i].fd >= 0)
			close(batch[i].fd);
	return left;
}

static void sleep_until(uint64_t at_ms)
{
	struct timespec at = { (time_t)(at_ms / 1000), (long)(at_ms % 1000) * 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* One second. */
static void measure(struct address *to, const unsigned *number, bool is_http)
{
	static uint32_t done;
	uint32_t first = ntohl(to->v4.sin_addr.s_addr), addresses = number[0];
	uint64_t next = clock_ms(), cpu = cpu_ns(), end = next + 1000;
	unsigned count = number[1] * BATCH_MS / 1000, made = 0, lost = 0;
	struct address at = *to;

	must(count > 0 && count <= BATCH_MAX && addresses > 0);
	for (; next < end; next += BATCH_MS, made += count) {
		sleep_until(next);
		for (unsigned i = 0; i < count; i++) {
			at.v4.sin_addr.s_addr = htonl(first + done++ % addresses);
			start(&batch[i], &at);
		}
		lost += finish(count, is_http);
	}
	printf("%.2f us a probe, %u probes, %u lost\n",
	       (double)(cpu_ns() - cpu) / 1000 / (double)made, made, lost);
	fflush(stdout);
}

int main(int count, char **words)
{
	struct address to;
	unsigned number[3];
	cpu_set_t first;

	if (count != 7 || !address_parse(str_of(words[2]), (uint16_t)atoi(words[3]), &to)) {
		fputs("bench_probes tcp|http FIRST-ADDRESS PORT ADDRESSES PROBES-A-SECOND "
		      "SECONDS\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < 3; i++)
		number[i] = (unsigned)atoi(words[4 + i]);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	(void)sched_setaffinity(0, sizeof(first), &first);
	poll_fd = poll_open();
	must(poll_fd >= 0);
	for (unsigned i = 0; i < number[2]; i++)
		measure(&to, number, strcmp(words[1], "http") == 0);
	return 0;
}
