/* SPDX-License-Identifier: Apache-2.0
 * known_as.h - the name by which the persistence of clients knows a virtual server, a service, a
 * service group or, in the names of a group's members, a server: its own, unless -knownAs says
 * another.
 *
 * Entries of the table and cookies name who served a client. So that a rename does not lose them,
 * it notes the name that was; and who is added under that name later is known by another. No two of
 * a kind are known by the same name.
 */
#pragma once

#include "config/object.h"

struct command;
struct config;
struct report;

/* Borrowed from the object. */
struct str known_as(const struct object *object);
/* It has its new name. */
void known_as_renamed(struct config *config, struct object *object, struct str old);
/* It came without a command that could say how it is known. */
void known_as_added(struct config *config, struct object *object);
/* After an add, set or unset: who would be known as another gets a name of its own, or is refused
 * when it was typed so. */
bool known_as_settle(struct config *config, struct object *object, const struct command *command,
		     struct report *report);
