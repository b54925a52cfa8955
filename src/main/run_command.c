/* SPDX-License-Identifier: Apache-2.0 */
#include "main/run_command.h"

#include "base/str.h"
#include "control/vault.h"
#include "engine/engine.h"
#include "main/appliance.h"
#include "main/exit_code.h"
#include "main/place.h"
#include "main/supervisor.h"
#include "os/file.h"
#include "os/limits.h"
#include "os/local.h"
#include "os/socket.h"
#include "persist/persist.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

static const char help[] =
	"usage: spillway run -c FILE [--engines N] [--socket PATH] [--strict] [--drain-time S]\n"
	"\n"
	"Runs the appliance in the foreground on a file of commands. A command of the file\n"
	"that is not right is reported with its line, and the others are applied.\n"
	"\n"
	"  -c, --config FILE   the file of commands; 'save config' writes it\n"
	"  -n, --engines N     packet engines, 1 to 128; default: one for each CPU that the\n"
	"                      process may use\n"
	"  -s, --socket PATH   where 'spillway cli' reaches it; else $SPILLWAY_SOCKET, else\n"
	"                      /run/spillway.sock for root, $XDG_RUNTIME_DIR/spillway.sock,\n"
	"                      or ./spillway.sock\n"
	"      --strict        do not start when a command of the file is not right\n"
	"      --drain-time S  how many seconds SIGTERM waits for the last client; default 30\n"
	"  -h, --help          this text\n"
	"\n"
	"SIGTERM takes no new clients, lets those that are there finish, and ends; a second\n"
	"one, and SIGINT, end at once. SIGHUP is ignored: 'spillway cli' changes what runs.\n"
	"When the data process dies it is started again; its listening sockets stay open and\n"
	"it begins with the configuration that ran, saved or not.\n"
	"\n"
	"exit codes: 0 it was asked to end, 1 it cannot start, 2 wrong usage\n";

enum { OPTION_STRICT = 256, OPTION_DRAIN_TIME, DRAIN_SECONDS = 30, DRAIN_SECONDS_MOST = 86400 };

static bool read_number(const char *name, const char *word, uint64_t least, uint64_t most,
			uint64_t *number)
{
	if (str_to_number(str_of(word), most, number) && *number >= least)
		return true;
	fprintf(stderr, "spillway run: %s must be %llu to %llu, not '%s'\n", name,
		(unsigned long long)least, (unsigned long long)most, word);
	return false;
}

/* One option; false: wrong usage. */
static bool take_option(int option, struct appliance_options *options)
{
	uint64_t number;

	switch (option) {
	case 'c':
		options->config_path = optarg;
		return true;
	case 's':
		options->socket_path = optarg;
		return true;
	case OPTION_STRICT:
		options->is_strict = true;
		return true;
	case 'n':
		if (!read_number("--engines", optarg, 1, ENGINES_MAX, &number))
			return false;
		options->engine_count = (unsigned)number;
		return true;
	case OPTION_DRAIN_TIME:
		if (!read_number("--drain-time", optarg, 0, DRAIN_SECONDS_MOST, &number))
			return false;
		options->drain_ms = (uint32_t)number * 1000;
		return true;
	default:
		return false;
	}
}

static bool check_usage(const struct appliance_options *options, int argc, char **argv)
{
	if (optind < argc)
		fprintf(stderr, "spillway run: '%s' is not expected here\n", argv[optind]);
	else if (options->config_path == NULL)
		fprintf(stderr, "spillway run: -c FILE is missing; see spillway run --help\n");
	else
		return true;
	return false;
}

static int supervise(struct appliance_options *options)
{
	struct supervisor_plan plan = { appliance_run, options, options->drain_ms };
	int code;

	if (access(options->config_path, R_OK) < 0) {
		fprintf(stderr, "spillway: cannot read %s\n", options->config_path);
		return EXIT_CODE_REFUSED;
	}
	/* The supervisor holds a copy of every listening socket: one for each engine. */
	(void)!limits_raise_descriptors();
	options->socket_fd = local_listen(options->socket_path);
	if (options->socket_fd < 0) {
		fprintf(stderr, "spillway: command socket %s: %s%s\n", options->socket_path,
			socket_error_text(options->socket_fd),
			file_exists(options->socket_path) ? " (does another appliance run?)" : "");
		return EXIT_CODE_REFUSED;
	}
	options->map = appliance_pools(options->engine_count);
	options->vault = appliance_vault(options->engine_count);
	options->persist = persist_new(PERSIST_BUCKETS);
	if (options->map == NULL)
		fprintf(stderr, "spillway: there is no memory for the quota pools\n");
	if (options->vault == NULL)
		fprintf(stderr, "spillway: there is no memory for the counters\n");
	if (options->persist == NULL)
		fprintf(stderr, "spillway: there is no memory for the persistence table\n");
	code = options->map != NULL && options->vault != NULL && options->persist != NULL
		       ? supervisor_run(&plan)
		       : EXIT_CODE_REFUSED;
	persist_free(options->persist);
	vault_free(options->vault);
	quota_map_free(options->map);
	unlink(options->socket_path);
	socket_close(options->socket_fd);
	return code;
}

int run_command(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "engines", required_argument, NULL, 'n' },
		{ "socket", required_argument, NULL, 's' },
		{ "strict", no_argument, NULL, OPTION_STRICT },
		{ "drain-time", required_argument, NULL, OPTION_DRAIN_TIME },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char place[PLACE_MAX];
	struct appliance_options options = {
		.socket_path = place_default(place),
		.engine_count = appliance_engines(),
		.drain_ms = DRAIN_SECONDS * 1000,
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:n:s:h", long_options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_CODE_OK;
		}
		if (!take_option(option, &options))
			return EXIT_CODE_USAGE;
	}
	if (!check_usage(&options, argc, argv))
		return EXIT_CODE_USAGE;
	return supervise(&options);
}
