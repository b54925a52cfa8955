/* SPDX-License-Identifier: Apache-2.0
 * scene.h - a configuration to try commands on, for the tests of this room.
 */
#pragma once

#include "config/config.h"
#include "config/print.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>

struct scene {
	struct config *config;
	struct report report;
	struct text text; /* of the last print or answer */
};

static inline int scene_open(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->config = config_new();
	*state = scene;
	return 0;
}

static inline int scene_close(void **state)
{
	struct scene *scene = *state;

	config_free(scene->config);
	report_free(&scene->report);
	text_free(&scene->text);
	free(scene);
	return 0;
}

/* All that was reported since the last call. */
static inline const char *scene_said(struct scene *scene)
{
	text_cut(&scene->text, 0);
	text_add(&scene->text, STR(" "));
	report_print(&scene->report, NULL, &scene->text);
	report_free(&scene->report);
	return scene->text.at;
}

static inline void scene_good(struct scene *scene, const char *lines)
{
	if (!config_load(scene->config, str_of(lines), &scene->report))
		fail_msg("refused: %s", scene_said(scene));
}

static inline const char *scene_print(struct scene *scene)
{
	text_cut(&scene->text, 0);
	text_add(&scene->text, STR("\n"));
	print_config(scene->config, false, &scene->text);
	return scene->text.at;
}

static inline void scene_has(struct scene *scene, const char *part)
{
	if (strstr(scene_print(scene), part) == NULL)
		fail_msg("no \"%s\" in:%s", part, scene->text.at);
}

static inline void scene_has_not(struct scene *scene, const char *part)
{
	if (strstr(scene_print(scene), part) != NULL)
		fail_msg("there is \"%s\" in:%s", part, scene->text.at);
}

/* Refused for that reason, and nothing has changed. */
static inline void scene_bad(struct scene *scene, const char *line, const char *reason)
{
	char *before = str_dup(str_of(scene_print(scene)));

	report_free(&scene->report);
	if (config_line(scene->config, str_of(line), &scene->report))
		fail_msg("accepted: %s", line);
	if (scene->report.faults == 0)
		fail_msg("refused without a word: %s", line);
	if (strstr(scene_said(scene), reason) == NULL)
		fail_msg("%s: not \"%s\" but %s", line, reason, scene->text.at);
	assert_string_equal(before, scene_print(scene));
	free(before);
}

/* Accepted with that warning. */
static inline void scene_warns(struct scene *scene, const char *line, const char *warning)
{
	report_free(&scene->report);
	scene_good(scene, line);
	if (strstr(scene_said(scene), warning) == NULL)
		fail_msg("%s: not \"%s\" but %s", line, warning, scene->text.at);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_open, scene_close)
