/* SPDX-License-Identifier: Apache-2.0
 * bind_monitor.h - commands at a monitor that change what hangs on it: the old form of binding one
 * to a service (bind lb monitor MONITOR SERVICE), and single status codes that go.
 */
#pragma once

#include "config/command.h"
#include "config/config.h"

#include <stdbool.h>

/* bind and unbind lb monitor. False after a fault. */
bool bind_monitor_apply(struct config *config, const struct command *command,
			struct report *report) MUST_USE;
bool bind_monitor_undo(struct config *config, const struct command *command,
		       struct report *report) MUST_USE;
/* rm lb monitor NAME TYPE -respCode ...: the codes go, the monitor stays; without any left, those
 * of the type hold. The object was given to store_edit(). */
bool bind_monitor_remove_codes(struct object *monitor, const struct command *command,
			       struct report *report) MUST_USE;
