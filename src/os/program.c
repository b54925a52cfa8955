/* SPDX-License-Identifier: Apache-2.0 */
#include "os/program.h"

#include "os/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct starter starter = { .fd = -1 };

int program_prepare(void)
{
	return starter.fd >= 0 ? 0 : starter_open(&starter);
}

void program_unprepare(void)
{
	if (starter.fd >= 0)
		starter_close(&starter);
}

static int ask(const char *bytes, size_t length, const int passed[], unsigned count)
{
	int err = program_prepare();

	if (err == 0)
		err = starter_ask(&starter, bytes, length, passed, count);
	if (err == -EPIPE)
		starter_close(&starter);
	return err;
}

/* The bytes of them, each with its end, or -E2BIG. */
static ssize_t join(const char *const words[], char bytes[STARTER_BYTES])
{
	size_t length = 0;

	must(words[0] != NULL);
	for (unsigned i = 0; words[i] != NULL; i++) {
		size_t more = strlen(words[i]) + 1;

		if (i == STARTER_WORDS || length + more > STARTER_BYTES)
			return -E2BIG;
		memcpy(bytes + length, words[i], more);
		length += more;
	}
	return (ssize_t)length;
}

/* Those of the line and of the output: [0] is ours, [1] the other's. */
static int open_both(int line[2], int output[2])
{
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) != 0)
		return -errno;
	if (pipe2(output, O_CLOEXEC) == 0) {
		(void)fcntl(output[0], F_SETFL, O_NONBLOCK);
		(void)fcntl(output[0], F_SETPIPE_SZ, PROGRAM_OUTPUT_BYTES); /* where we may */
		return 0;
	}
	err = -errno;
	close(line[0]);
	close(line[1]);
	return err;
}

int program_start(const char *const words[], int input, struct program *program)
{
	char bytes[STARTER_BYTES];
	ssize_t length = join(words, bytes);
	int line[2], output[2], err;

	*program = (struct program){ .fd = -1, .output = -1 };
	if (length < 0)
		return (int)length;
	err = open_both(line, output);
	if (err != 0)
		return err;
	const int passed[STARTER_PASSED] = { line[1], output[1], input };
	unsigned count = STARTER_PASSED - (input < 0);
	err = ask(bytes, (size_t)length, passed, count);
	if (err == -EPIPE) /* somebody has killed it: once more, with another */
		err = ask(bytes, (size_t)length, passed, count);
	close(line[1]);
	close(output[1]);
	*program = (struct program){ .fd = line[0], .output = output[0] };
	if (err == 0)
		return 0;
	close(program->fd);
	program->fd = -1;
	program_fini(program);
	return err;
}

int program_status(struct program *program)
{
	int status;
	ssize_t got = recv(program->fd, &status, sizeof(status), MSG_DONTWAIT);

	if (got == (ssize_t)sizeof(status))
		return status;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	return 128 + SIGKILL; /* what killed the warden killed the program */
}

size_t program_read(const struct program *program, char *bytes, size_t room)
{
	ssize_t count = read(program->output, bytes, room);

	return count > 0 ? (size_t)count : 0;
}

void program_fini(struct program *program)
{
	if (program->output >= 0)
		close(program->output);
	program->output = -1;
}
