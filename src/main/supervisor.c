/* SPDX-License-Identifier: Apache-2.0 */
#include "main/supervisor.h"

#include "main/exit_code.h"
#include "os/channel.h"
#include "os/clock.h"
#include "os/socket.h"
#include "record/log.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	RESTART_FIRST_MS = 100, /* the pause after the second crash in a row; then doubled */
	RESTART_MOST_MS = 5000,
	STEADY_MS = 10000, /* a data process that lived as long did not crash in a row */
	STOP_MS = 3000     /* after KEEPER_STOP it is killed */
};

#define NEVER UINT64_MAX

/* Owner: the supervisor process. */
struct supervisor {
	const struct supervisor_plan *plan;
	struct keeper keeper;
	int signal_fd;
	pid_t child;          /* 0: none runs now */
	uint64_t started_ms;  /* the child */
	uint64_t start_at_ms; /* the next child; NEVER: none is to come */
	uint64_t kill_at_ms;  /* the child; NEVER: it may live */
	uint32_t pause_ms;    /* before the next restart */
	bool was_ready;       /* some data process was: a later failure is a crash */
	bool is_ending, is_over;
	int exit_code;
};

static const int heard[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };

static sigset_t heard_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++)
		sigaddset(&set, heard[i]);
	return set;
}

/* --- the child ----------------------------------------------------------------------------- */

/* A terminal's Ctrl-C reaches both processes; the supervisor alone decides what it means. */
static void settle_child(pid_t supervisor)
{
	sigset_t set = heard_set();

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "spillway-data");
	if (getppid() != supervisor)
		_exit(EXIT_CODE_REFUSED);
}

_Noreturn static void be_child(struct supervisor *supervisor, const int ends[2], pid_t parent)
{
	int code;

	settle_child(parent);
	close(supervisor->signal_fd);
	close(ends[0]);
	supervisor->keeper.fd = ends[1];
	code = supervisor->plan->run(&supervisor->keeper, supervisor->plan->argument);
	keeper_fini(&supervisor->keeper);
	exit(code);
}

static void end_with(struct supervisor *supervisor, int exit_code)
{
	supervisor->is_over = true;
	supervisor->exit_code = exit_code;
}

/* Before the next start: grows while data processes die in a row. */
static uint32_t take_pause(struct supervisor *supervisor)
{
	uint32_t pause = supervisor->pause_ms;
	uint32_t next = pause == 0 ? RESTART_FIRST_MS : pause * 2;

	supervisor->pause_ms = next < RESTART_MOST_MS ? next : RESTART_MOST_MS;
	return pause;
}

/* What is missing for a restart may be there again in a moment: listeners and numbers are kept.
 * Called before anything else is, which might hide the reason (%m). */
static void fail_start(struct supervisor *supervisor, const char *what)
{
	uint32_t pause;

	if (!supervisor->was_ready) {
		fprintf(stderr, "spillway: supervisor: %s: %m\n", what);
		end_with(supervisor, EXIT_CODE_REFUSED);
		return;
	}
	pause = take_pause(supervisor);
	if (pause == 0)
		pause = take_pause(supervisor);
	log_write(LOG_LEVEL_ERROR, "no data process can be started: %s: %m; tried again in %u ms",
		  what, pause);
	supervisor->start_at_ms = clock_ms() + pause;
}

static void start_child(struct supervisor *supervisor)
{
	pid_t parent = getpid();
	int ends[2];

	supervisor->start_at_ms = NEVER;
	if (channel_open(ends) < 0) {
		fail_start(supervisor, "channel");
		return;
	}
	fflush(NULL);
	supervisor->started_ms = clock_ms();
	supervisor->child = fork();
	if (supervisor->child == 0)
		be_child(supervisor, ends, parent);
	if (supervisor->child > 0) {
		close(ends[1]);
		supervisor->keeper.fd = ends[0];
		return;
	}
	fail_start(supervisor, "fork");
	supervisor->child = 0;
	close(ends[0]);
	close(ends[1]);
}

/* --- what comes from it -------------------------------------------------------------------- */

static void close_channel(struct supervisor *supervisor)
{
	if (supervisor->keeper.fd >= 0)
		socket_close(supervisor->keeper.fd);
	supervisor->keeper.fd = -1;
}

/* While it ends nothing is to be held: what is held keeps the port. */
static void take(struct supervisor *supervisor, const struct keeper_message *message, int passed)
{
	if (message->kind == KEEPER_READY)
		supervisor->was_ready = true;
	if (supervisor->is_ending && passed >= 0)
		socket_close(passed);
	else
		keeper_take(&supervisor->keeper, message, passed);
}

static void read_channel(struct supervisor *supervisor)
{
	while (supervisor->keeper.fd >= 0) {
		struct keeper_message message;
		int passed;
		enum channel_result result = keeper_receive(&supervisor->keeper, &message, &passed);

		if (result == CHANNEL_OVER)
			close_channel(supervisor);
		if (result != CHANNEL_GOT)
			return;
		take(supervisor, &message, passed);
	}
}

static void say_how_it_died(pid_t child, int status, uint32_t pause_ms)
{
	if (WIFSIGNALED(status))
		log_write(LOG_LEVEL_ERROR,
			  "data process %d died of signal %d (%s); the next one starts in %u ms",
			  (int)child, WTERMSIG(status), strsignal(WTERMSIG(status)), pause_ms);
	else
		log_write(LOG_LEVEL_ERROR,
			  "data process %d ended with code %d; the next one starts in %u ms",
			  (int)child, WEXITSTATUS(status), pause_ms);
}

/* At once after a long life; with growing pauses when it dies in a row. */
static void plan_restart(struct supervisor *supervisor, pid_t child, int status)
{
	uint64_t now = clock_ms();
	uint32_t pause;

	if (now - supervisor->started_ms >= STEADY_MS)
		supervisor->pause_ms = 0;
	pause = take_pause(supervisor);
	supervisor->start_at_ms = now + pause;
	say_how_it_died(child, status, pause);
}

static void bury(struct supervisor *supervisor, int status)
{
	pid_t child = supervisor->child;

	read_channel(supervisor); /* what it said before it died counts */
	close_channel(supervisor);
	if (supervisor->is_ending && WIFSIGNALED(status))
		log_write(LOG_LEVEL_ERROR,
			  "data process %d was to end and died of signal %d (%s): its last clients "
			  "were cut",
			  (int)child, WTERMSIG(status), strsignal(WTERMSIG(status)));
	supervisor->child = 0;
	supervisor->kill_at_ms = NEVER;
	if (supervisor->is_ending)
		end_with(supervisor, WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_CODE_OK);
	else if (!supervisor->was_ready && WIFEXITED(status))
		end_with(supervisor, WEXITSTATUS(status)); /* it said why it cannot start */
	else
		plan_restart(supervisor, child, status);
}

/* --- what the operator wants ----------------------------------------------------------------- */

static void ask_to_end(struct supervisor *supervisor, enum keeper_kind kind, uint32_t within_ms)
{
	struct keeper_message message = { .kind = kind };

	supervisor->is_ending = true;
	supervisor->start_at_ms = NEVER;
	keeper_drop_listeners(&supervisor->keeper);
	if (supervisor->child == 0) {
		end_with(supervisor, EXIT_CODE_OK);
		return;
	}
	supervisor->kill_at_ms = clock_ms() + within_ms;
	if (supervisor->keeper.fd < 0 || keeper_send(&supervisor->keeper, message, -1) < 0)
		kill(supervisor->child, SIGKILL);
}

static void hear(struct supervisor *supervisor, int signal)
{
	int status;

	if (signal == SIGINT || (signal == SIGTERM && supervisor->is_ending))
		ask_to_end(supervisor, KEEPER_STOP, STOP_MS);
	else if (signal == SIGTERM)
		ask_to_end(supervisor, KEEPER_DRAIN, supervisor->plan->drain_ms + STOP_MS);
	else if (signal == SIGCHLD && supervisor->child > 0 &&
		 waitpid(supervisor->child, &status, WNOHANG) == supervisor->child)
		bury(supervisor, status);
}

static void hear_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (!supervisor->is_over &&
	       read(supervisor->signal_fd, &info, sizeof(info)) == sizeof(info))
		hear(supervisor, (int)info.ssi_signo);
}

/* --- the loop -------------------------------------------------------------------------------- */

static int wait_ms(const struct supervisor *supervisor)
{
	uint64_t next = supervisor->start_at_ms < supervisor->kill_at_ms ? supervisor->start_at_ms
									 : supervisor->kill_at_ms;
	uint64_t now = clock_ms();

	if (next == NEVER)
		return -1;
	return next <= now ? 0 : (int)(next - now);
}

static void run_timers(struct supervisor *supervisor)
{
	uint64_t now = clock_ms();

	if (supervisor->kill_at_ms <= now) {
		supervisor->kill_at_ms = NEVER;
		kill(supervisor->child, SIGKILL);
	}
	if (supervisor->start_at_ms <= now)
		start_child(supervisor);
}

static void turn(struct supervisor *supervisor)
{
	struct pollfd ready[2] = {
		{ .fd = supervisor->signal_fd, .events = POLLIN },
		{ .fd = supervisor->keeper.fd, .events = POLLIN },
	};

	if (poll(ready, 2, wait_ms(supervisor)) > 0) {
		if (ready[1].revents != 0)
			read_channel(supervisor);
		if (ready[0].revents != 0)
			hear_signals(supervisor);
	}
	if (!supervisor->is_over)
		run_timers(supervisor);
}

int supervisor_run(const struct supervisor_plan *plan)
{
	struct supervisor supervisor = { .plan = plan, .kill_at_ms = NEVER };
	sigset_t set = heard_set();

	keeper_init(&supervisor.keeper);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	supervisor.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor.signal_fd < 0) {
		perror("spillway: supervisor: signalfd");
		return EXIT_CODE_REFUSED;
	}
	start_child(&supervisor);
	while (!supervisor.is_over)
		turn(&supervisor);
	close(supervisor.signal_fd);
	keeper_fini(&supervisor.keeper);
	return supervisor.exit_code;
}
