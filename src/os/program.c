/* SPDX-License-Identifier: Apache-2.0 */
#include "os/program.h"

#include "os/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, NOT_RUN = 127, UNREAPED_MAX = 64 };

/* Told to end, but not dead yet: looked after at the next start. */
static pid_t unreaped[UNREAPED_MAX];

static void reap_later(pid_t id)
{
	for (unsigned i = 0; i < UNREAPED_MAX; i++) {
		if (unreaped[i] != 0 && waitpid(unreaped[i], NULL, WNOHANG) != 0)
			unreaped[i] = 0;
		if (unreaped[i] == 0) {
			unreaped[i] = id;
			id = 0;
		}
	}
}

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

/* It ends as one that has said why. */
static void end_unrun(void)
{
	const char *why = strerrordesc_np(errno); /* safe behind fork(), unlike strerror() */

	if (why == NULL || write(1, why, strlen(why)) < 0)
		_exit(NOT_RUN);
	_exit(NOT_RUN);
}

/* In the program to be: never returns. */
static void become(const char *const words[], int input, int output)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char *const surroundings[] = { path, NULL };
	struct rlimit no_core = { 0, 0 };
	int null = open("/dev/null", O_RDWR);

	reset_signals();
	if (null < 0 || dup2(input >= 0 ? input : null, 0) < 0 || dup2(output, 1) < 0 ||
	    dup2(null, 2) < 0 || setpgid(0, 0) != 0 || close_range(3, ~0U, 0) != 0)
		_exit(NOT_RUN);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (input >= 0)
		(void)lseek(0, 0, SEEK_SET); /* who wrote it stands at its end */
	if (chdir("/") == 0 && drop_privileges())
		execve(words[0], (char *const *)(uintptr_t)words, surroundings);
	end_unrun();
}

/* In the child: never returns. */
static void guard(const char *const words[], int input, int output)
{
	pid_t program;

	warden_prepare();
	program = fork();
	if (program == 0)
		become(words, input, output);
	if (program > 0)
		(void)setpgid(program, program); /* whoever of the two is first */
	(void)close_range(0, ~0U, 0);
	warden_watch(program);
}

/* Signals wait meanwhile: the child is not to be ended before it can look after its own. */
static pid_t fork_guard(const char *const words[], int input, int output)
{
	sigset_t all, before;
	pid_t id;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	id = fork();
	if (id == 0)
		guard(words, input, output);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return id;
}

int program_start(const char *const words[], int input, struct program *program)
{
	int ends[2], err;

	*program = (struct program){ .fd = -1, .output = -1 };
	reap_later(0);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	program->id = fork_guard(words, input, ends[1]);
	err = -errno;
	close(ends[1]);
	program->output = ends[0];
	if (program->id < 0) {
		program->id = 0;
	} else {
		program->fd = (int)syscall(SYS_pidfd_open, program->id, 0);
		err = program->fd < 0 ? -errno : 0;
	}
	if (err != 0)
		program_stop(program);
	return err;
}

int program_status(struct program *program)
{
	int status;
	pid_t ended = waitpid(program->id, &status, WNOHANG);

	if (ended == 0)
		return -EAGAIN;
	program->id = 0;
	if (ended < 0)
		return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

size_t program_read(const struct program *program, char *bytes, size_t room)
{
	ssize_t count = read(program->output, bytes, room);

	return count > 0 ? (size_t)count : 0;
}

void program_stop(struct program *program)
{
	if (program->id > 0) {
		(void)kill(program->id, SIGTERM); /* the warden kills the others first */
		if (waitpid(program->id, NULL, WNOHANG) == 0)
			reap_later(program->id);
	}
	program->id = 0;
	if (program->output >= 0)
		close(program->output);
	program->output = -1;
}
