/* SPDX-License-Identifier: Apache-2.0 */
#include "os/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int pipe_open(struct pipe *pipe, size_t room)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		return -errno;
	*pipe = (struct pipe){ .in = ends[1], .out = ends[0] };
	(void)fcntl(pipe->in, F_SETPIPE_SZ, (int)room);
	return 0;
}

void pipe_close(struct pipe *pipe)
{
	close(pipe->in);
	close(pipe->out);
	*pipe = (struct pipe){ .in = -1, .out = -1 };
}

static ssize_t move(int from, int to, size_t most)
{
	ssize_t count;

	do
		count = splice(from, NULL, to, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (count < 0 && errno == EINTR);
	return count >= 0 ? count : -errno;
}

ssize_t pipe_fill(struct pipe *pipe, int socket, size_t most)
{
	return move(socket, pipe->in, most);
}

ssize_t pipe_drain(struct pipe *pipe, int socket, size_t most)
{
	return move(pipe->out, socket, most);
}
