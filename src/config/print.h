/* SPDX-License-Identifier: Apache-2.0
 * print.h - the configuration as commands that make it again, in an order that loads.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"

#include <stdbool.h>

/* All of it, a command a line. With `with_defaults` also what nobody set. */
void print_config(const struct config *config, bool with_defaults, struct text *text);
/* One object and its bindings. */
void print_object(const struct object *object, bool with_defaults, struct text *text);
/* Whether each of its lines can be read again: the lexer takes so many bytes and words. */
bool print_fits(const struct object *object) MUST_USE;
