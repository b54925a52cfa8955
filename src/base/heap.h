/* SPDX-License-Identifier: Apache-2.0
 * heap.h - memory of the control plane, with a reserve for when there is none.
 *
 * Nobody can go on in the middle of a command without memory, and nobody has to: the last command
 * that fits is paid from the reserve, and the next one is refused before it begins. Not for
 * engines.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

/* As calloc(), realloc(): never NULL. When the system has none the reserve is given up first; when
 * that was not enough the process aborts. */
void *heap_zeroed(size_t count, size_t bytes);
void *heap_resized(void *memory, size_t bytes);

/* Control. Whether the reserve is whole, so that a change may begin; fills it when there is memory
 * again. `bytes`: how much it holds, besides what the change is known to need. */
bool heap_has_reserve(size_t bytes) MUST_USE;
/* Control. Whether so much is to be had, of the system or of the reserve; nothing is taken. */
bool heap_has_room(size_t bytes) MUST_USE;
/* At the end: a leak checker finds nothing. */
void heap_fini(void);
