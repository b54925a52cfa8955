/* SPDX-License-Identifier: Apache-2.0
 * user.c - the monitor kind USER: an external program, given address, port and -scriptArgs. Well is
 * exit status 0; the first line that it prints is the text. A line of nothing but words of
 * capacity.h says how much the server can take. At the time limit it is killed with its children.
 */
#include "monitor/probe.h"
#include "monitor/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The monitor's texts end with a NUL. */
static const char *words_of(const struct probe *probe, enum monitor_text text)
{
	struct str words = probe->conf->texts[text];

	return words.length > 0 ? words.at : "";
}

static void start(struct probe *probe)
{
	char host[ADDRESS_TEXT_MAX], port[8];
	const char *path = words_of(probe, MONITOR_TEXT_SCRIPT_NAME);
	const char *more = words_of(probe, MONITOR_TEXT_SCRIPT_ARGS);
	const char *words[] = { path, address_print_host(probe->target, host), port,
				more[0] != '\0' ? more : NULL, NULL };
	int err = -EINVAL;

	snprintf(port, sizeof(port), "%u", address_port(probe->target));
	if (path[0] == '/')
		err = program_start(words, -1, &probe->program);
	if (err == -EINVAL)
		probe_end(probe, false, "-scriptName is no path that begins with /");
	else
		probe_watch(probe, err < 0 ? err : probe->program.fd);
}

static void ready(struct probe *probe, unsigned events)
{
	char said[PROBE_TEXT_MAX];
	struct str line;
	bool is_down;
	int status;

	if (!(events & LOOP_READ))
		return;
	status = program_status(&probe->program);
	if (status == -EAGAIN)
		return;
	line = (struct str){ said, program_read(&probe->program, said, sizeof(said)) };
	if (memchr(said, '\n', line.length) != NULL)
		line.length = (size_t)((const char *)memchr(said, '\n', line.length) - said);
	if (status == 0)
		(void)!capacity_parse_strictly(line, &probe->capacity);
	is_down = probe->capacity.state >= CAPACITY_DOWN;
	probe_end(probe, status == 0 && !is_down, "exit status %d%s%s", status,
		  line.length > 0 ? ": " : "", talk_plain(line));
}

static void stop(struct probe *probe)
{
	program_fini(&probe->program);
}

const struct monitor_kind user_kind = {
	.name = "USER",
	.help = "a program of the operator says so",
	.start = start,
	.ready = ready,
	.stop = stop,
};
