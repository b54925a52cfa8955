/* SPDX-License-Identifier: Apache-2.0
 * json.h - finds one member of a JSON text (RFC 8259), without a tree.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>

/* The member that `path` names ("load.free"): of a string what stands between its quotes, unescaped
 * not at all; of all else its text. False: it is not there, or the text is broken before it. */
bool json_find(struct str text, struct str path, struct str *value) MUST_USE;
