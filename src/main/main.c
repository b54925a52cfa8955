/* SPDX-License-Identifier: Apache-2.0
 * main.c - the program's first word decides what it does.
 */
#include "main/check_command.h"
#include "main/cli_command.h"
#include "main/exit_code.h"
#include "main/origin_command.h"
#include "main/run_command.h"
#include "os/clock.h"
#include "record/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct subcommand {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

static const struct subcommand subcommands[] = {
	{ "run", "run the appliance in the foreground", run_command },
	{ "check", "say whether a configuration file is right", check_command },
	{ "cli", "send commands to a running appliance", cli_command },
	{ "origin", "run the built-in origin server", origin_command },
};

enum { SUBCOMMAND_COUNT = sizeof(subcommands) / sizeof(subcommands[0]) };

static void print_help(FILE *to)
{
	fprintf(to,
		"Spillway, an application delivery controller with exact connection spillover.\n"
		"\n"
		"usage: spillway SUBCOMMAND [OPTION]...\n"
		"\n");
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
		fprintf(to, "  %-8s %s\n", subcommands[i].name, subcommands[i].help);
	fprintf(to, "\n"
		    "  --help, -h     this text; after a subcommand, its own\n"
		    "  --version, -V  the version\n"
		    "\n"
		    "exit codes: 0 ok, 1 refused, 2 wrong usage, 3 no appliance answers\n");
}

static int explain(const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		print_help(stdout);
		return EXIT_CODE_OK;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ||
	    strcmp(word, "version") == 0) {
		printf("spillway %s\n", SPILLWAY_VERSION);
		return EXIT_CODE_OK;
	}
	fprintf(stderr, "spillway: there is no subcommand '%s'; see spillway --help\n", word);
	return EXIT_CODE_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_CODE_USAGE;
	}
	/* systemd sets it where it reads our lines: it knows the time itself. */
	log_open(STDERR_FILENO, LOG_LEVEL_INFO,
		 getenv("JOURNAL_STREAM") == NULL ? clock_wall_ms : NULL);
	for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	return explain(argv[1]);
}
