/* SPDX-License-Identifier: Apache-2.0
 * stage.h - a whole control plane on engines without threads: the test reads their inboxes and
 * says what they would say.
 */
#pragma once

#include "control/control_priv.h"
#include "control/execute.h"
#include "os/file.h"
#include "os/local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { STAGE_ENGINES = 2, STAGE_TURNS = 5000 };

struct stage {
	struct control *control;
	struct engine *engines[STAGE_ENGINES];
	struct stat_engine *stats;
	struct quota_map *map;
	struct keeper keeper;
	char socket_path[64], config_path[64];
	struct text answer;                                 /* of the last command */
	unsigned heard[STAGE_ENGINES][MESSAGE_STOPPED + 1]; /* by kind, since the start */
	struct message last[STAGE_ENGINES];
	struct timer tick;
};

/* So that a turn in which nothing happens ends. */
static inline void stage_tick(struct timer *timer)
{
	struct stage *stage = list_entry(timer, struct stage, tick);

	timer_arm(&control_loop(stage->control)->timers, timer,
		  control_loop(stage->control)->now_ms + 1);
}

static inline void *stage_lines(size_t size)
{
	void *lines = aligned_alloc(64, (size + 63) / 64 * 64);

	assert_non_null(lines);
	memset(lines, 0, (size + 63) / 64 * 64);
	return lines;
}

static inline void stage_say(struct stage *stage, unsigned engine, enum message_kind kind,
			     uint32_t id, uint64_t number)
{
	assert_true(mailbox_send(&stage->engines[engine]->outbox,
				 (struct message){ .kind = kind, .id = id, .number = number }));
}

/* Engines take every snapshot up at once. */
static inline void stage_play_engines(struct stage *stage)
{
	struct message message;

	for (unsigned i = 0; i < STAGE_ENGINES; i++)
		while (mailbox_take(&stage->engines[i]->inbox, &message)) {
			stage->heard[i][message.kind]++;
			stage->last[i] = message;
			if (message.kind == MESSAGE_SNAPSHOT)
				stage_say(stage, i, MESSAGE_TAKEN, i, message.number);
		}
}

static inline void stage_turn(struct stage *stage)
{
	loop_turn(control_loop(stage->control));
	stage_play_engines(stage);
}

static inline void stage_turns(struct stage *stage, unsigned count)
{
	while (count-- > 0)
		stage_turn(stage);
}

static inline struct control_setup stage_setup(struct stage *stage)
{
	return (struct control_setup){
		.engines = stage->engines,
		.engine_count = STAGE_ENGINES,
		.map = stage->map,
		.engine_stats = stage->stats,
		.keeper = &stage->keeper,
		.socket_fd = local_listen(stage->socket_path),
		.socket_path = stage->socket_path,
		.config_path = stage->config_path,
		.drain_ms = 1000,
	};
}

/* `config` is the file's text; `line` is the data process's end to a supervisor or -1. Nothing has
 * run yet but control_start(). */
static inline struct stage *stage_open_under(const char *config, int line)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct control_setup setup;

	assert_non_null(stage);
	snprintf(stage->socket_path, sizeof(stage->socket_path), "/tmp/control_test.%d.sock",
		 (int)getpid());
	snprintf(stage->config_path, sizeof(stage->config_path), "/tmp/control_test.%d.conf",
		 (int)getpid());
	assert_int_equal(file_write(stage->config_path, str_of(config)), 0);
	keeper_init(&stage->keeper);
	stage->keeper.fd = line;
	stage->map = quota_map_new(STAGE_ENGINES, 64);
	stage->stats = stage_lines(STAGE_ENGINES * sizeof(*stage->stats));
	setup = stage_setup(stage);
	assert_true(setup.socket_fd >= 0);
	stage->control = control_new(&setup);
	assert_non_null(stage->control);
	for (unsigned i = 0; i < STAGE_ENGINES; i++) {
		stage->engines[i] = stage_lines(sizeof(struct engine));
		assert_int_equal(engine_init(stage->engines[i], i, -1, control_loop(stage->control),
					     1 << 20),
				 0);
	}
	assert_true(control_start(stage->control));
	timer_init(&stage->tick, stage_tick);
	stage_tick(&stage->tick);
	return stage;
}

static inline struct stage *stage_open(const char *config)
{
	return stage_open_under(config, -1);
}

/* Until the first snapshot is everywhere. */
static inline struct stage *stage_run_under(const char *config, int line)
{
	struct stage *stage = stage_open_under(config, line);

	for (unsigned i = 0; i < STAGE_TURNS && !stage->control->is_ready; i++)
		stage_turn(stage);
	assert_true(stage->control->is_ready);
	return stage;
}

static inline struct stage *stage_run(const char *config)
{
	return stage_run_under(config, -1);
}

/* As an operator would; the answer is in stage->answer. Returns the status. */
static inline unsigned stage_do(struct stage *stage, const char *line)
{
	unsigned status;

	text_free(&stage->answer);
	text_add(&stage->answer, STR(""));
	status = execute_line(stage->control, str_of(line), &stage->answer);
	control_publish(stage->control);
	stage_turns(stage, 3);
	return status;
}

static inline bool stage_said(const struct stage *stage, const char *words)
{
	return stage->answer.length > 0 && strstr(stage->answer.at, words) != NULL;
}

#define stage_must_say(stage, words)                                                               \
	do {                                                                                       \
		if (!stage_said(stage, words))                                                     \
			fail_msg("not said: %s\nbut: %s", words, (stage)->answer.at);              \
	} while (0)

static inline struct runtime_service *stage_service(struct stage *stage, const char *name)
{
	struct object *object = config_find(stage->control->config, KIND_SERVICE, str_of(name));

	return object != NULL ? runtime_service(&stage->control->runtime, object->uid) : NULL;
}

static inline struct runtime_vserver *stage_vserver(struct stage *stage, const char *name)
{
	struct object *object = config_find(stage->control->config, KIND_VSERVER, str_of(name));

	return object != NULL ? runtime_vserver(&stage->control->runtime, object->uid) : NULL;
}

static inline void stage_close(struct stage *stage)
{
	timer_cancel(&control_loop(stage->control)->timers, &stage->tick);
	control_free(stage->control);
	for (unsigned i = 0; i < STAGE_ENGINES; i++) {
		engine_fini(stage->engines[i]);
		free(stage->engines[i]);
	}
	quota_map_free(stage->map);
	keeper_fini(&stage->keeper);
	text_free(&stage->answer);
	free(stage->stats);
	unlink(stage->socket_path);
	unlink(stage->config_path);
	free(stage);
}
