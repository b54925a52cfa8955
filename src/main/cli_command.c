/* SPDX-License-Identifier: Apache-2.0 */
#include "main/cli_command.h"

#include "base/text.h"
#include "main/exit_code.h"
#include "main/place.h"
#include "main/prompt.h"
#include "main/repeat.h"
#include "os/local.h"
#include "os/socket.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char help[] =
	"usage: spillway cli [--socket PATH] [--interval SECONDS] [-e COMMAND]...\n"
	"\n"
	"Sends commands to a running appliance and prints its answers. Without -e the\n"
	"commands are read from standard input, one on a line; '#' begins a comment.\n"
	"At a terminal it is a prompt: Tab completes, ? helps, exit leaves.\n"
	"An error is printed to standard error, and the next command is sent all the same.\n"
	"\n"
	"  -e, --execute COMMAND  one command; may be given more than once\n"
	"  -s, --socket PATH      where the appliance listens; else $SPILLWAY_SOCKET, else\n"
	"                         /run/spillway.sock for root, $XDG_RUNTIME_DIR/spillway.sock,\n"
	"                         or ./spillway.sock\n"
	"  -i, --interval SECONDS between the answers of stat ... -ntimes N; else 7\n"
	"  -h, --help             this text\n"
	"\n"
	"  spillway cli -e 'show lb vserver web' -e 'stat service a1'\n"
	"  spillway cli -i 1 -e 'stat service a1 -ntimes 60'\n"
	"  spillway cli < more.conf\n"
	"\n"
	"exit codes: 0 all commands were done, 1 one was refused, 2 wrong usage,\n"
	"3 no appliance answers\n";

enum { PIECE = 32768, COMMANDS_MAX = 1024 };

/* Owner: this process. */
struct client {
	int fd;
	FILE *answers; /* the same connection, for reading */
	unsigned line; /* of standard input; 0: the commands came as arguments */
	bool was_refused;
	bool is_lost; /* the appliance went away */
	bool is_interactive;
	uint32_t interval_ms; /* between repeated commands */
};

static void lose(struct client *client)
{
	if (!client->is_lost)
		fprintf(stderr, "spillway: the appliance closed the connection\n");
	client->is_lost = true;
}

static void send_text(struct client *client, struct str text)
{
	while (text.length > 0 && !client->is_lost) {
		ssize_t done = send(client->fd, text.at, text.length, MSG_NOSIGNAL);

		if (done < 0) {
			lose(client);
			return;
		}
		text.at += done;
		text.length -= (size_t)done;
	}
}

static void print_answer(struct client *client, unsigned status, struct str body)
{
	FILE *to = status == 0 || client->is_interactive ? stdout : stderr;

	if (status != 0)
		client->was_refused = true;
	if (status != 0 && client->line > 0 && !client->is_interactive)
		fprintf(to, "line %u: ", client->line);
	if (body.length > 0)
		fwrite(body.at, 1, body.length, to);
	fflush(to);
}

/* An answer is "STATUS LENGTH\n" and LENGTH bytes. False: there is none. */
static bool take_answer(struct client *client, unsigned *status, struct text *answer)
{
	char piece[4096];
	size_t length, got = 1;

	if (client->is_lost)
		return false;
	if (fgets(piece, sizeof(piece), client->answers) == NULL ||
	    sscanf(piece, "%u %zu", status, &length) != 2) {
		lose(client);
		return false;
	}
	for (; length > 0 && got > 0; length -= got) {
		got = fread(piece, 1, length < sizeof(piece) ? length : sizeof(piece),
			    client->answers);
		text_add(answer, (struct str){ piece, got });
	}
	if (length > 0)
		lose(client);
	return length == 0;
}

static void read_answer(struct client *client)
{
	struct text answer = TEXT_EMPTY;
	unsigned status;

	if (take_answer(client, &status, &answer))
		print_answer(client, status, text_str(&answer));
	text_free(&answer);
}

/* One line, its end included; it may ask for being repeated. */
static void run_command(struct client *client, struct str line)
{
	uint64_t left = repeat_times(line);
	bool was_refused = client->was_refused;

	client->was_refused = false;
	do {
		send_text(client, line);
		read_answer(client);
	} while (--left != 0 && !client->is_lost && !client->was_refused &&
		 repeat_pause(client->interval_ms, client->is_interactive));
	client->was_refused |= was_refused;
}

static void run_arguments(struct client *client, char *const *commands, unsigned count)
{
	for (unsigned i = 0; i < count && !client->is_lost; i++) {
		struct text line = TEXT_EMPTY;

		text_print(&line, "%s\n", commands[i]);
		for (size_t at = 0; at + 1 < line.length; at++)
			if (line.at[at] == '\n')
				line.at[at] = ' ';
		run_command(client, text_str(&line));
		text_free(&line);
	}
}

static bool is_farewell(struct str line)
{
	if (line.length > 0 && line.at[line.length - 1] == '\n')
		line.length--;
	line = str_trim(line);
	return str_equal_nocase(line, STR("exit")) || str_equal_nocase(line, STR("quit"));
}

/* The first line, its end included. */
static struct str cut_line(struct str *lines)
{
	size_t length = (size_t)((const char *)memchr(lines->at, '\n', lines->length) - lines->at) +
			1;
	struct str line = { lines->at, length };

	*lines = (struct str){ lines->at + length, lines->length - length };
	return line;
}

/* What came in at once is sent at once, so that the appliance publishes it once; a line that is
 * repeated is sent alone, after what stood before it. */
static void run_batch(struct client *client, struct str batch, unsigned count)
{
	send_text(client, batch);
	for (unsigned i = 0; i < count; i++) {
		client->line++;
		read_answer(client);
	}
}

/* Of whole lines. True: go on. */
static bool run_lines(struct client *client, struct str lines)
{
	struct str batch = { lines.at, 0 };
	unsigned count = 0;
	bool is_over = false;

	while (lines.length > 0 && !is_over) {
		struct str line = cut_line(&lines);

		is_over = is_farewell(line);
		if (!is_over && repeat_times(line) == 1) {
			batch.length += line.length;
			count++;
			continue;
		}
		run_batch(client, batch, count);
		batch = (struct str){ lines.at, 0 };
		count = 0;
		client->line++;
		if (!is_over)
			run_command(client, line);
	}
	run_batch(client, batch, count);
	return !is_over && !client->is_lost;
}

/* The whole lines that have come; the rest stays. True: go on. */
static bool run_pending(struct client *client, struct text *pending)
{
	const char *end = memrchr(pending->at, '\n', pending->length);
	size_t used = end != NULL ? (size_t)(end - pending->at) + 1 : 0;
	bool goes_on = run_lines(client, (struct str){ pending->at, used });

	memmove(pending->at, pending->at + used, pending->length - used);
	text_cut(pending, pending->length - used);
	return goes_on;
}

static void run_input(struct client *client)
{
	struct text pending = TEXT_EMPTY;
	char piece[PIECE];
	ssize_t got;
	bool goes_on = true;

	while (goes_on && (got = read(STDIN_FILENO, piece, sizeof(piece))) > 0) {
		text_add(&pending, (struct str){ piece, (size_t)got });
		goes_on = run_pending(client, &pending);
	}
	if (goes_on && pending.length > 0) {
		text_add(&pending, STR("\n"));
		run_pending(client, &pending);
	}
	text_free(&pending);
}

/* One line of the prompt, its end included. False: no further one. */
static bool run_line(void *context, struct str line)
{
	struct client *client = context;

	if (is_farewell(line))
		return false;
	run_command(client, line);
	return !client->is_lost;
}

static bool ask(void *context, struct str line, struct text *answer)
{
	struct client *client = context;
	unsigned status;

	send_text(client, line);
	return take_answer(client, &status, answer) && status == 0;
}

static void run_prompt(struct client *client)
{
	const struct prompt_host host = { client, run_line, ask };

	client->is_interactive = true;
	prompt_run(&host);
}

static int run_all(struct client *client, char *const *commands, unsigned count)
{
	client->answers = fdopen(client->fd, "r");
	must(client->answers != NULL);
	if (count > 0)
		run_arguments(client, commands, count);
	else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		run_prompt(client);
	else
		run_input(client);
	fclose(client->answers);
	if (client->is_lost)
		return EXIT_CODE_UNREACHABLE;
	return client->was_refused ? EXIT_CODE_REFUSED : EXIT_CODE_OK;
}

static int connect_and_run(const char *path, struct client *client, char *const *commands,
			   unsigned count)
{
	client->fd = local_connect(path);
	if (client->fd < 0) {
		fprintf(stderr, "spillway: no appliance answers at %s: %s\n", path,
			socket_error_text(client->fd));
		return EXIT_CODE_UNREACHABLE;
	}
	return run_all(client, commands, count);
}

/* From a millisecond to a day. */
static bool read_interval(const char *text, uint32_t *interval_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= 86400)) {
		fprintf(stderr, "spillway cli: --interval %s: from 0.001 to 86400 seconds\n", text);
		return false;
	}
	*interval_ms = (uint32_t)(seconds * 1000 + 0.5);
	return true;
}

int cli_command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "execute", required_argument, NULL, 'e' },
		{ "socket", required_argument, NULL, 's' },
		{ "interval", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct client client = { .interval_ms = REPEAT_INTERVAL_MS };
	char *commands[COMMANDS_MAX];
	unsigned count = 0;
	char place[PLACE_MAX];
	const char *path = place_default(place);
	int option;

	while ((option = getopt_long(argc, argv, "e:s:i:h", options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_CODE_OK;
		}
		if (option == 's')
			path = optarg;
		if (option == 'e' && count == COMMANDS_MAX) {
			fprintf(stderr,
				"spillway cli: more than %d commands: give them on "
				"standard input\n",
				(int)COMMANDS_MAX);
			return EXIT_CODE_USAGE;
		}
		if (option == 'e')
			commands[count++] = optarg;
		if (option == '?' || (option == 'i' && !read_interval(optarg, &client.interval_ms)))
			return EXIT_CODE_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr,
			"spillway cli: '%s' is not expected here; a command goes after -e\n",
			argv[optind]);
		return EXIT_CODE_USAGE;
	}
	return connect_and_run(path, &client, commands, count);
}
