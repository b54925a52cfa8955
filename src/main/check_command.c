/* SPDX-License-Identifier: Apache-2.0 */
#include "main/check_command.h"

#include "main/check.h"
#include "main/exit_code.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
	"usage: spillway check -c FILE\n"
	"\n"
	"Reads a file of commands as 'spillway run' would, and reports every line that is not\n"
	"right and every option that has no effect so far. Needs no running appliance.\n"
	"\n"
	"  -c, --config FILE  the file\n"
	"  -h, --help         this text\n"
	"\n"
	"exit codes: 0 right (there may be warnings), 1 not right, 2 wrong usage\n";

int check_command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_CODE_OK;
		}
		if (option != 'c')
			return EXIT_CODE_USAGE;
		path = optarg;
	}
	if (path == NULL || optind < argc) {
		fprintf(stderr,
			"spillway check: give one file with -c; see spillway check --help\n");
		return EXIT_CODE_USAGE;
	}
	return check_file(path) ? EXIT_CODE_OK : EXIT_CODE_REFUSED;
}
