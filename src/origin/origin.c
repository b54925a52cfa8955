/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/origin.h"

#include "origin/worker.h"
#include "os/limits.h"
#include "os/socket.h"

#include <signal.h>
#include <stdio.h>

struct server {
	struct worker workers[ORIGIN_THREADS_MAX];
	unsigned open, running; /* workers */
	struct tally tally;
	struct address address; /* with the port that was taken */
};

static bool open_workers(struct server *server, const struct origin_options *options,
			 unsigned threads)
{
	server->address = options->listen;
	for (; server->open < threads; server->open++) {
		struct worker *worker = &server->workers[server->open];
		int err = worker_open(worker, options, &server->address, &server->tally);
		char text[ADDRESS_TEXT_MAX];

		if (err == 0 && server->open == 0)
			err = socket_local(worker->listener.fd, &server->address);
		if (err == 0)
			continue;
		fprintf(stderr, "spillway: origin: cannot listen on %s: %s\n",
			address_print(&options->listen, text), socket_error_text(err));
		return false;
	}
	return true;
}

static bool start_workers(struct server *server)
{
	for (; server->running < server->open; server->running++) {
		int err = worker_start(&server->workers[server->running]);

		if (err == 0)
			continue;
		fprintf(stderr, "spillway: origin: cannot start a thread: %s\n",
			socket_error_text(err));
		return false;
	}
	return true;
}

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

static void say_where(const struct server *server, const struct origin_options *options)
{
	char text[ADDRESS_TEXT_MAX];

	printf("%s listens on %s\n", options->name != NULL ? options->name : "origin",
	       address_print(&server->address, text));
	fflush(stdout);
}

static bool serve(struct server *server, const struct origin_options *options, unsigned threads)
{
	sigset_t set = ending_signals();
	int signal_number;

	if (!open_workers(server, options, threads) || !start_workers(server))
		return false;
	say_where(server, options);
	while (sigwait(&set, &signal_number) != 0)
		;
	return true;
}

int origin_run(const struct origin_options *options)
{
	static struct server server;
	unsigned threads = options->threads > 0 ? options->threads : 1;
	sigset_t set = ending_signals();
	bool is_good;

	must(threads <= ORIGIN_THREADS_MAX);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	(void)!limits_raise_descriptors();
	is_good = serve(&server, options, threads);
	while (server.running > 0)
		worker_stop(&server.workers[--server.running]);
	while (server.open > 0)
		worker_close(&server.workers[--server.open]);
	return is_good ? 0 : 1;
}
