/* SPDX-License-Identifier: Apache-2.0
 * config.h - the configuration that commands change: objects, bindings, and commands that are kept
 * because they are known but not yet supported. Owner: control. Needs no engine.
 *
 * A command is applied whole or not at all.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"
#include "base/text.h"
#include "config/command.h"
#include "config/object.h"
#include "config/report.h"

#include <stdbool.h>
#include <stdint.h>

struct config;

struct config *config_new(void);
void config_free(struct config *config); /* NULL is allowed */

/* Applies a change. False: refused, nothing is changed, the report says why. The report may hold
 * warnings when it is true. */
bool config_apply(struct config *config, const struct command *command,
		  struct report *report) MUST_USE;
/* The same, but before it stands `may_stand` is asked about every object that it has added
 * (`before` is NULL) or changed. False: the report says why, and nothing is changed. */
typedef bool config_may_stand(void *context, const struct object *before,
			      const struct object *after, struct report *report);
bool config_apply_if(struct config *config, const struct command *command,
		     config_may_stand *may_stand, void *context, struct report *report) MUST_USE;
/* Parses and applies one line. False when it is refused or is no change (show, stat, save).
 * A blank line, a comment and exit are fine and change nothing. */
bool config_line(struct config *config, struct str line, struct report *report) MUST_USE;
/* Every line of a text: applies what is right and reports every line that is not, with its line
 * number. True when there was no fault. */
bool config_load(struct config *config, struct str text, struct report *report) MUST_USE;
/* The same for a file; a file that cannot be read is a fault. */
bool config_load_file(struct config *config, const char *path, struct report *report) MUST_USE;

/* Grows with every change that was applied. */
uint64_t config_generation(const struct config *config);

struct object *config_find(const struct config *config, enum kind_id kind, struct str name);
struct object *config_find_uid(const struct config *config, uint64_t uid);
/* All of a kind, oldest first: NULL for the first; NULL is the end. */
struct object *config_next(const struct config *config, enum kind_id kind,
			   const struct object *after);
unsigned config_count(const struct config *config, enum kind_id kind);
/* Adds the fault that there is no such object, with the nearest name. */
void config_report_missing(const struct config *config, enum kind_id kind, struct str name,
			   unsigned column, struct report *report);
/* A service or a service group of that name. */
struct object *config_find_target(const struct config *config, struct str name);
