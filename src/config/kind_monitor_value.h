/* SPDX-License-Identifier: Apache-2.0
 * kind_monitor_value.h - what the texts that a monitor is given must look like: addresses, names,
 * object identifiers, filters, requests. Refused when they are typed, not when a probe fails.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>

struct command;
struct object;
struct report;

/* Part of kind_monitor_check(). An option that is not set is right, but for what a type cannot do
 * without. */
bool kind_monitor_value(const struct object *object, const struct command *command,
			struct report *report) MUST_USE;
