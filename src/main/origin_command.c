/* SPDX-License-Identifier: Apache-2.0 */
#include "main/origin_command.h"

#include "main/exit_code.h"
#include "origin/origin.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: spillway origin --listen ADDR:PORT [--name N] [--hold MS] [--size BYTES]\n"
	"                       [--threads N] [--tcp [--greet]]\n"
	"\n"
	"A server to balance to, for demonstrations, tests and measurements: HTTP/1.1 with\n"
	"keep-alive. Not for the open Internet.\n"
	"\n"
	"  -l, --listen ADDR:PORT  where; port 0 takes a free one; [::1]:PORT for IPv6\n"
	"  -n, --name N            what it answers with; default: origin\n"
	"      --hold MS           time between the end of a request and its answer\n"
	"      --size BYTES        the body is that long, instead of the name\n"
	"      --threads N         1 to 64; default 1\n"
	"      --tcp               no HTTP: echoes bytes\n"
	"      --greet             with --tcp: says its name first\n"
	"  -h, --help              this text\n"
	"\n"
	"A request may say in its query: hold=MS, size=BYTES, status=N, chunked=1, close=1.\n"
	"/stats counts connections and requests, /echo answers with the request, an Upgrade\n"
	"is answered with 101 and echoed. SIGTERM and SIGINT end it.\n"
	"\n"
	"exit codes: 0 it was asked to end, 1 it cannot listen, 2 wrong usage\n";

enum {
	OPTION_HOLD = 256,
	OPTION_SIZE,
	OPTION_THREADS,
	OPTION_TCP,
	OPTION_GREET,
	HOLD_MS_MOST = 3600 * 1000
};

static bool complain(const char *what, const char *word)
{
	fprintf(stderr, "spillway origin: %s, not '%s'\n", what, word);
	return false;
}

/* "127.0.0.1:80" or "[::1]:80" */
static bool read_listen(const char *word, struct address *listen)
{
	const char *colon = strrchr(word, ':');
	struct str host = { word, colon != NULL ? (size_t)(colon - word) : 0 };
	uint64_t port;

	if (host.length > 1 && host.at[0] == '[' && host.at[host.length - 1] == ']')
		host = (struct str){ host.at + 1, host.length - 2 };
	if (colon != NULL && str_to_number(str_of(colon + 1), 65535, &port) &&
	    address_parse(host, (uint16_t)port, listen))
		return true;
	return complain("--listen must be ADDR:PORT", word);
}

static bool read_number(const char *name, uint64_t most, unsigned *number)
{
	uint64_t wide;

	if (!str_to_number(str_of(optarg), most, &wide)) {
		fprintf(stderr, "spillway origin: %s must be 0 to %llu, not '%s'\n", name,
			(unsigned long long)most, optarg);
		return false;
	}
	*number = (unsigned)wide;
	return true;
}

/* One option; false: wrong usage. */
static bool take_option(int option, struct origin_options *options)
{
	switch (option) {
	case 'l':
		return read_listen(optarg, &options->listen);
	case 'n':
		options->name = optarg;
		return true;
	case OPTION_HOLD:
		return read_number("--hold", HOLD_MS_MOST, &options->hold_ms);
	case OPTION_SIZE:
		options->has_size = true;
		return str_to_number(str_of(optarg), (uint64_t)1 << 50, &options->size) ||
		       complain("--size must be a number of bytes", optarg);
	case OPTION_THREADS:
		return read_number("--threads", ORIGIN_THREADS_MAX, &options->threads);
	case OPTION_TCP:
		options->is_tcp = true;
		return true;
	case OPTION_GREET:
		options->greets = true;
		return true;
	default:
		return false;
	}
}

int origin_command(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "name", required_argument, NULL, 'n' },
		{ "hold", required_argument, NULL, OPTION_HOLD },
		{ "size", required_argument, NULL, OPTION_SIZE },
		{ "threads", required_argument, NULL, OPTION_THREADS },
		{ "tcp", no_argument, NULL, OPTION_TCP },
		{ "greet", no_argument, NULL, OPTION_GREET },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct origin_options options = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "l:n:h", long_options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_CODE_OK;
		}
		if (!take_option(option, &options))
			return EXIT_CODE_USAGE;
	}
	if (options.listen.any.sa_family == 0 || optind < argc) {
		fprintf(stderr,
			"spillway origin: give --listen ADDR:PORT; see spillway origin --help\n");
		return EXIT_CODE_USAGE;
	}
	return origin_run(&options);
}
