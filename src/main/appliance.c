/* SPDX-License-Identifier: Apache-2.0 */
#include "main/appliance.h"

#include "admit/quota_life.h"
#include "admit/quota_queue.h"
#include "admit/quota_rate.h"
#include "control/control.h"
#include "control/vault.h"
#include "engine/engine.h"
#include "main/exit_code.h"
#include "os/limits.h"
#include "os/program.h"
#include "os/socket.h"
#include "os/thread.h"
#include "persist/persist.h"
#include "proxy/proxy.h"
#include "record/log.h"

#include <stdlib.h>
#include <string.h>

enum { POOLS = 65536 }; /* virtual servers and services together */

enum {
	SESSIONS_MAX = 1 << 20, /* of each kind and engine; slabs grow only as they are used */
	SERVERS_MAX = 1 << 20
};

static const size_t buffer_bytes_max = (size_t)4 << 30; /* of each engine */

/* Owner: the data process's first thread, which is control's. */
struct appliance {
	const struct appliance_options *options;
	unsigned count; /* engines; of the arrays */
	struct control *control;
	struct quota_map *map;     /* borrowed */
	struct stat_engine *stats; /* one for each engine, in a block of the vault */
	struct engine **engines;   /* owned, and what they point to: each on lines of its own */
	struct proxy **proxies;    /* owned */
	unsigned made, started;    /* engines with a proxy; with a thread */
};

unsigned appliance_engines(void)
{
	int cpus[ENGINES_MAX];
	int count = thread_cpus(cpus, ENGINES_MAX);

	if (count < 1)
		return 1;
	return count < ENGINES_MAX ? (unsigned)count : ENGINES_MAX;
}

struct quota_map *appliance_pools(unsigned engine_count)
{
	return quota_map_new(engine_count, POOLS);
}

/* Twice what a virtual server in each pool takes, with its rates: blocks of one kind do not become
 * those of another. */
struct vault *appliance_vault(unsigned engine_count)
{
	size_t numbers = sizeof(struct stat_vserver) * (engine_count + 1) + 64;
	size_t rates = 2 * (quota_rate_size(engine_count) + 64);

	return vault_new((size_t)2 * POOLS * (numbers + rates));
}

/* --- the ladder ---------------------------------------------------------------------------------
 */

static void *new_lines(size_t size)
{
	size_t bytes = (size + 63) / 64 * 64;
	void *lines = aligned_alloc(64, bytes);

	must(lines != NULL);
	memset(lines, 0, bytes);
	return lines;
}

static void open_stats(struct appliance *appliance)
{
	struct vault *vault = appliance->options->vault;
	uint64_t key = quota_key("engines", "", 0);
	size_t bytes = appliance->count * sizeof(*appliance->stats);

	appliance->stats = vault_claim(vault, key, bytes);
	if (appliance->stats == NULL)
		appliance->stats = vault_open(vault, key, bytes);
	stat_end_gauges(appliance->stats, sizeof(*appliance->stats), appliance->count,
			stat_engine_rows);
}

static void make_tables(struct appliance *appliance)
{
	vault_recover(appliance->options->vault);
	open_stats(appliance);
	persist_recover(appliance->options->persist);
	appliance->engines = calloc(appliance->count, sizeof(*appliance->engines));
	appliance->proxies = calloc(appliance->count, sizeof(*appliance->proxies));
	must(appliance->engines != NULL && appliance->proxies != NULL);
	appliance->map = appliance->options->map;
	quota_map_revive(appliance->map);
}

static bool make_control(struct appliance *appliance, struct keeper *keeper)
{
	struct control_setup setup = {
		.engines = appliance->engines,
		.engine_count = appliance->count,
		.map = appliance->map,
		.vault = appliance->options->vault,
		.engine_stats = appliance->stats,
		.persist = appliance->options->persist,
		.keeper = keeper,
		.socket_fd = appliance->options->socket_fd,
		.socket_path = appliance->options->socket_path,
		.config_path = appliance->options->config_path,
		.is_strict = appliance->options->is_strict,
		.drain_ms = appliance->options->drain_ms,
	};

	appliance->control = control_new(&setup);
	return appliance->control != NULL;
}

/* Round robin over the CPUs; more engines than CPUs share them. */
static int cpu_of(unsigned index)
{
	int cpus[ENGINES_MAX];
	int count = thread_cpus(cpus, ENGINES_MAX);

	if (count < 1)
		return -1;
	return cpus[index % (unsigned)(count < ENGINES_MAX ? count : ENGINES_MAX)];
}

static bool make_engine(struct appliance *appliance, unsigned index)
{
	struct proxy_limits limits = { .sessions_max = SESSIONS_MAX, .servers_max = SERVERS_MAX };
	struct engine *engine = new_lines(sizeof(*engine));
	int result = engine_init(engine, index, cpu_of(index), control_loop(appliance->control),
				 buffer_bytes_max);

	if (result < 0) {
		log_write(LOG_LEVEL_ERROR, "engine %u: %s", index, socket_error_text(result));
		free(engine);
		return false;
	}
	appliance->engines[index] = engine;
	appliance->proxies[index] = proxy_new(engine, appliance->map, &appliance->stats[index],
					      limits);
	if (appliance->proxies[index] == NULL) {
		log_write(LOG_LEVEL_ERROR, "engine %u: out of memory", index);
		engine_fini(engine);
		free(engine);
		return false;
	}
	proxy_set_persist(appliance->proxies[index], appliance->options->persist);
	return true;
}

static bool make_engines(struct appliance *appliance)
{
	while (appliance->made < appliance->count) {
		if (!make_engine(appliance, appliance->made))
			return false;
		appliance->made++;
	}
	return true;
}

static void ring(void *context, unsigned engine)
{
	struct appliance *appliance = context;

	engine_ring(appliance->engines[engine]);
}

static bool start_engines(struct appliance *appliance)
{
	quota_queue_set_bell(appliance->map, ring, appliance);
	while (appliance->started < appliance->count) {
		int result = engine_start(appliance->engines[appliance->started]);

		if (result < 0) {
			log_write(LOG_LEVEL_ERROR, "engine %u: %s", appliance->started,
				  socket_error_text(result));
			control_stop_engines(appliance->control);
			return false;
		}
		appliance->started++;
	}
	return true;
}

static int serve(struct appliance *appliance)
{
	if (!control_start(appliance->control)) {
		control_stop_engines(appliance->control);
		return EXIT_CODE_REFUSED;
	}
	control_run(appliance->control);
	return EXIT_CODE_OK;
}

/* First of all: no copy of a connection may be in another process. */
static void prepare_programs(void)
{
	int result = program_prepare();

	if (result < 0)
		log_write(LOG_LEVEL_WARNING, "there is no process yet that starts programs: %s",
			  socket_error_text(result));
}

static int climb(struct appliance *appliance, struct keeper *keeper)
{
	prepare_programs();
	if (limits_raise_descriptors() < 0)
		log_write(LOG_LEVEL_WARNING, "the number of descriptors could not be raised");
	make_tables(appliance);
	if (!make_control(appliance, keeper) || !make_engines(appliance) ||
	    !start_engines(appliance))
		return EXIT_CODE_REFUSED;
	return serve(appliance);
}

/* --- and its undoing, in reverse ----------------------------------------------------------------
 */

static void stop_engines(struct appliance *appliance)
{
	for (unsigned i = 0; i < appliance->started; i++)
		engine_join(appliance->engines[i]);
	for (unsigned i = 0; i < appliance->made; i++)
		proxy_free(appliance->proxies[i]);
}

/* Control watches the engines' outboxes, so it goes before the engines' mailboxes do. */
static void descend(struct appliance *appliance)
{
	stop_engines(appliance);
	if (appliance->control != NULL)
		control_free(appliance->control);
	for (unsigned i = 0; i < appliance->made; i++) {
		engine_fini(appliance->engines[i]);
		free(appliance->engines[i]);
	}
	free(appliance->engines);
	free(appliance->proxies);
	program_unprepare();
}

int appliance_run(struct keeper *keeper, void *options)
{
	struct appliance appliance = { .options = options };
	int code;

	appliance.count = appliance.options->engine_count;
	must(appliance.count >= 1 && appliance.count <= ENGINES_MAX);
	code = climb(&appliance, keeper);
	descend(&appliance);
	return code;
}
