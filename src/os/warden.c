/* SPDX-License-Identifier: Apache-2.0 */
#include "os/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_RUN = 127 };

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void warden_prepare(void)
{
	sigset_t all;

	sigfillset(&all);
	/* An ignored SIGCHLD would take the exit status away. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

/* The kernel lists the children of the only thread there is. False: it does not. */
static bool kill_children(void)
{
	char text[4096];
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	pid_t id = 0;

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < length; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			id = id * 10 + (text[i] - '0');
			continue;
		}
		if (id > 0)
			(void)kill(id, SIGKILL);
		id = 0;
	}
	return length >= 0;
}

/* Those of a child that was killed become ours, and so on, until there are none. */
static void kill_all(pid_t program)
{
	if (program > 0)
		(void)kill(-program, SIGKILL);
	do {
		if (!kill_children())
			return;
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

/* True once the program itself has ended. */
static bool reap(pid_t program, int *status)
{
	bool has_ended = false;
	pid_t ended;
	int how;

	while ((ended = waitpid(-1, &how, WNOHANG)) > 0) {
		if (ended != program)
			continue;
		has_ended = true;
		*status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	}
	return has_ended;
}

/* True: all is over. */
static bool hear(int signals, pid_t program, int *status)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM)
			return true;
	return reap(program, status);
}

void warden_watch(pid_t program, int line)
{
	struct pollfd ends[] = { { .fd = open_signals(), .events = POLLIN },
				 { .fd = line, .events = POLLIN } };
	int status = program > 0 ? 128 + SIGTERM : NOT_RUN;

	while (program > 0 && ends[0].fd >= 0) {
		/* Nobody writes to us: whatever there is on the line is its end. */
		if (poll(ends, 2, -1) > 0 &&
		    (ends[1].revents != 0 || hear(ends[0].fd, program, &status)))
			break;
	}
	kill_all(program);
	(void)send(line, &status, sizeof(status), MSG_NOSIGNAL);
	_exit(status);
}
