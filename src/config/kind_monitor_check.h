/* SPDX-License-Identifier: Apache-2.0
 * kind_monitor_check.h - what the options of a monitor must be, taken together.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>

struct command;
struct config;
struct object;
struct report;

/* See struct kind: check. */
bool kind_monitor_check(const struct config *config, struct object *object,
			const struct command *command, struct report *report) MUST_USE;
