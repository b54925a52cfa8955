/* SPDX-License-Identifier: Apache-2.0
 * leave.h - how something that is disabled goes out of service: "disable service s 60 -graceFul
 * YES". With a delay the clients that it knows have that long; with -graceFul YES it is over as
 * soon as the last has left; with neither it is out at once.
 */
#pragma once

#include "config/config.h"

#include <stdbool.h>

enum { LEAVE_DELAY_MOST_S = 31536000 };

/* What the command says; `place` is where the delay may stand when it is not -delay. Enabling is no
 * leave. False after a fault. */
bool leave_read(struct config *config, const struct command *command, unsigned place,
		struct leave *leave, struct report *report) MUST_USE;
/* Of two that are both disabled: at once when one of them is; else the later command decides. */
struct leave leave_both(struct leave one, struct leave other);
