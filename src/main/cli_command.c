/* SPDX-License-Identifier: Apache-2.0 */
#include "main/cli_command.h"

#include "base/text.h"
#include "main/exit_code.h"
#include "main/place.h"
#include "main/prompt.h"
#include "os/local.h"
#include "os/socket.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char help[] =
	"usage: spillway cli [--socket PATH] [-e COMMAND]...\n"
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
	"  -h, --help             this text\n"
	"\n"
	"  spillway cli -e 'show lb vserver web' -e 'stat service a1'\n"
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

static void run_arguments(struct client *client, char *const *commands, unsigned count)
{
	for (unsigned i = 0; i < count && !client->is_lost; i++) {
		struct text line = TEXT_EMPTY;

		text_print(&line, "%s\n", commands[i]);
		for (size_t at = 0; at + 1 < line.length; at++)
			if (line.at[at] == '\n')
				line.at[at] = ' ';
		send_text(client, text_str(&line));
		read_answer(client);
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

/* What came in at once is sent at once, so that the appliance publishes it once. True: go on. */
static bool run_lines(struct client *client, struct text *pending)
{
	size_t used = 0, first = client->line;
	unsigned sent = 0;
	char *end;
	bool is_over = false;

	while (!is_over &&
	       (end = memchr(pending->at + used, '\n', pending->length - used)) != NULL) {
		size_t length = (size_t)(end - pending->at) + 1 - used;

		is_over = is_farewell((struct str){ pending->at + used, length - 1 });
		if (!is_over)
			sent++;
		if (!is_over)
			used += length;
	}
	send_text(client, (struct str){ pending->at, used });
	for (unsigned i = 1; i <= sent; i++) {
		client->line = (unsigned)first + i;
		read_answer(client);
	}
	memmove(pending->at, pending->at + used, pending->length - used);
	text_cut(pending, pending->length - used);
	return !is_over && !client->is_lost;
}

static void run_input(struct client *client)
{
	struct text pending = TEXT_EMPTY;
	char piece[PIECE];
	ssize_t got;
	bool goes_on = true;

	while (goes_on && (got = read(STDIN_FILENO, piece, sizeof(piece))) > 0) {
		text_add(&pending, (struct str){ piece, (size_t)got });
		goes_on = run_lines(client, &pending);
	}
	if (goes_on && pending.length > 0) {
		text_add(&pending, STR("\n"));
		run_lines(client, &pending);
	}
	text_free(&pending);
}

/* One line of the prompt, its end included. False: no further one. */
static bool run_line(void *context, struct str line)
{
	struct client *client = context;

	if (is_farewell(line))
		return false;
	send_text(client, line);
	read_answer(client);
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

static int run_all(int fd, char *const *commands, unsigned count)
{
	struct client client = { .fd = fd, .answers = fdopen(fd, "r") };

	must(client.answers != NULL);
	if (count > 0)
		run_arguments(&client, commands, count);
	else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		run_prompt(&client);
	else
		run_input(&client);
	fclose(client.answers);
	if (client.is_lost)
		return EXIT_CODE_UNREACHABLE;
	return client.was_refused ? EXIT_CODE_REFUSED : EXIT_CODE_OK;
}

static int connect_and_run(const char *path, char *const *commands, unsigned count)
{
	int fd = local_connect(path);

	if (fd < 0) {
		fprintf(stderr, "spillway: no appliance answers at %s: %s\n", path,
			socket_error_text(fd));
		return EXIT_CODE_UNREACHABLE;
	}
	return run_all(fd, commands, count);
}

int cli_command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "execute", required_argument, NULL, 'e' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char *commands[COMMANDS_MAX];
	unsigned count = 0;
	char place[PLACE_MAX];
	const char *path = place_default(place);
	int option;

	while ((option = getopt_long(argc, argv, "e:s:h", options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_CODE_OK;
		}
		if (option == 's')
			path = optarg;
		if (option == 'e' && count < COMMANDS_MAX)
			commands[count++] = optarg;
		if (option == '?')
			return EXIT_CODE_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr,
			"spillway cli: '%s' is not expected here; a command goes after -e\n",
			argv[optind]);
		return EXIT_CODE_USAGE;
	}
	return connect_and_run(path, commands, count);
}
