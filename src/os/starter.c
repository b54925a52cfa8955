/* SPDX-License-Identifier: Apache-2.0 */
#include "os/starter.h"

#include "os/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, OUR_END = 3 };

union control {
	char bytes[CMSG_SPACE(STARTER_PASSED * sizeof(int))];
	struct cmsghdr align;
};

/* What is asked for, in the starter. */
struct request {
	char bytes[STARTER_BYTES];
	size_t length;
	const char *words[STARTER_WORDS + 1];
	int passed[STARTER_PASSED]; /* -1: none */
};

/* --- the program to be ------------------------------------------------------------------------ */

static bool drop_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	if (geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void say_why(int output)
{
	const char *why = strerrordesc_np(errno); /* safe behind fork(), unlike strerror() */

	if (why != NULL)
		(void)!write(output, why, strlen(why));
}

_Noreturn static void become(const struct request *request)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char *const surroundings[] = { path, NULL };
	const int *passed = request->passed;
	struct rlimit no_core = { 0, 0 };

	reset_signals();
	if ((passed[STARTER_INPUT] >= 0 && dup2(passed[STARTER_INPUT], 0) < 0) ||
	    dup2(passed[STARTER_OUTPUT], 1) < 0 || setpgid(0, 0) != 0 ||
	    close_range(OUR_END, ~0U, 0) != 0)
		_exit(STARTER_NOT_RUN);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (passed[STARTER_INPUT] >= 0)
		(void)lseek(0, 0, SEEK_SET); /* who wrote it stands at its end */
	if (chdir("/") == 0 && drop_privileges())
		execve(request->words[0], (char *const *)(uintptr_t)request->words, surroundings);
	say_why(1); /* it ends as one that has said why */
	_exit(STARTER_NOT_RUN);
}

/* --- its warden ------------------------------------------------------------------------------- */

_Noreturn static void guard(const struct request *request)
{
	pid_t program;

	warden_prepare();
	program = fork();
	if (program == 0)
		become(request);
	if (program > 0)
		(void)setpgid(program, program); /* whoever of the two is first */
	else
		say_why(request->passed[STARTER_OUTPUT]);
	(void)dup2(request->passed[STARTER_LINE], OUR_END);
	(void)close_range(OUR_END + 1, ~0U, 0);
	warden_watch(program, OUR_END);
}

/* --- the starter ------------------------------------------------------------------------------ */

static void take_passed(struct msghdr *header, struct request *request)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(header);

	for (unsigned i = 0; i < STARTER_PASSED; i++)
		request->passed[i] = -1;
	if (part != NULL && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len <= CMSG_LEN(sizeof(request->passed)))
		memcpy(request->passed, CMSG_DATA(part), part->cmsg_len - CMSG_LEN(0));
}

/* False: nobody is there any more to ask. */
static bool receive(struct request *request)
{
	struct iovec bytes = { request->bytes, sizeof(request->bytes) };
	union control control;
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	ssize_t got;

	header.msg_control = control.bytes;
	header.msg_controllen = sizeof(control.bytes);
	do
		got = recvmsg(OUR_END, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	take_passed(&header, request);
	request->length = (size_t)got;
	return true;
}

static bool find_words(struct request *request)
{
	size_t at = 0;
	unsigned count = 0;

	if (request->length == 0 || request->bytes[request->length - 1] != '\0')
		return false;
	for (; at < request->length && count < STARTER_WORDS; count++) {
		request->words[count] = request->bytes + at;
		at += strlen(request->bytes + at) + 1;
	}
	request->words[count] = NULL;
	return at == request->length;
}

static void start(struct request *request)
{
	static const int status = STARTER_NOT_RUN;
	pid_t warden = fork();

	if (warden == 0)
		guard(request);
	if (warden > 0)
		return;
	say_why(request->passed[STARTER_OUTPUT]);
	(void)send(request->passed[STARTER_LINE], &status, sizeof(status), MSG_NOSIGNAL);
}

_Noreturn static void serve(void)
{
	static struct request request;

	while (receive(&request)) {
		/* One less arrived when we are out of descriptors. */
		if (request.passed[STARTER_OUTPUT] >= 0 && find_words(&request))
			start(&request);
		(void)close_range(OUR_END + 1, ~0U, 0);
	}
	_exit(0);
}

/* Descriptors 0 to 2 lead nowhere, OUR_END to those who ask, and there is no other. */
static bool settle(int end)
{
	int null;

	if (dup2(end, OUR_END) < 0)
		return false;
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < OUR_END; fd++)
		if (dup2(null, fd) < 0)
			return false;
	return close_range(OUR_END + 1, ~0U, 0) == 0;
}

/* Forked from a process that may have threads: only what is safe in a signal handler is called. */
_Noreturn static void be_starter(int end)
{
	(void)prctl(PR_SET_NAME, "spillway-start");
	(void)signal(SIGCHLD, SIG_IGN); /* nobody waits for the wardens */
	if (!settle(end))
		_exit(STARTER_NOT_RUN);
	serve();
}

/* --- on our side ------------------------------------------------------------------------------ */

/* Signals wait meanwhile, and in the starter for ever: the end of the line ends it. */
static pid_t fork_starter(int end)
{
	sigset_t all, before;
	pid_t id;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	id = fork();
	if (id == 0)
		be_starter(end);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return id;
}

int starter_open(struct starter *starter)
{
	const struct timeval patience = { .tv_sec = 1 };
	int ends[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	starter->id = -1;
	if (setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
	    (starter->id = fork_starter(ends[1])) < 0)
		err = -errno;
	close(ends[1]);
	if (err != 0)
		close(ends[0]);
	starter->fd = err == 0 ? ends[0] : -1;
	return err;
}

void starter_close(struct starter *starter)
{
	close(starter->fd);
	starter->fd = -1;
	(void)waitpid(starter->id, NULL, 0);
}

int starter_ask(const struct starter *starter, const void *words, size_t length, const int passed[],
		unsigned count)
{
	/* sendmsg does not write through it; the field has no const. */
	struct iovec bytes = { (void *)(uintptr_t)words, length };
	union control control = { 0 };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	struct cmsghdr *part;
	ssize_t sent;

	must(count <= STARTER_PASSED && length <= STARTER_BYTES);
	header.msg_control = control.bytes;
	header.msg_controllen = CMSG_SPACE(count * sizeof(int));
	part = CMSG_FIRSTHDR(&header);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(part), passed, count * sizeof(int));
	do
		sent = sendmsg(starter->fd, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}
