/* SPDX-License-Identifier: Apache-2.0
 * change.h - the verbs on objects that Spillway supports: add, set, unset, rm, rename, enable,
 * disable. bind and unbind are in bind.h. Ranges are resolved before.
 */
#pragma once

#include "config/command.h"
#include "config/config.h"

#include <stdbool.h>

/* False after a fault; the caller then rolls the store back. */
bool change_apply(struct config *config, const struct command *command,
		  struct report *report) MUST_USE;

/* What bind.c needs too. */
struct object *change_find(const struct config *config, const struct command *command,
			   unsigned place, struct report *report);
/* The server of that name or address; one that is only an address is made when it is missing.
 * NULL after a fault. */
struct object *change_server(struct config *config, const struct word *word, struct report *report);
/* After something that used a server is gone: an implicit one without users goes too. */
void change_drop_server(struct config *config, struct object *server);
