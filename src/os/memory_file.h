/* SPDX-License-Identifier: Apache-2.0
 * memory_file.h - text in an anonymous file: a descriptor that can be handed to another process.
 */
#pragma once

#include "base/check.h"
#include "base/text.h"

/* A descriptor, or -errno. */
int memory_file_new(struct str content) MUST_USE;
/* Adds all of it to `text`, wherever the descriptor's position is. 0 or -errno. */
int memory_file_read(int fd, struct text *text) MUST_USE;
