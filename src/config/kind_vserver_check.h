/* SPDX-License-Identifier: Apache-2.0
 * kind_vserver_check.h - what the options of a virtual server must be, taken together and beside
 * other objects.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>

struct command;
struct config;
struct object;
struct report;

/* See struct kind: check. */
bool kind_vserver_check(const struct config *config, struct object *object,
			const struct command *command, struct report *report) MUST_USE;
