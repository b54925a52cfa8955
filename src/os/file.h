/* SPDX-License-Identifier: Apache-2.0
 * file.h - whole files of text: read, or replaced in one step.
 *
 * Functions return 0 or -errno.
 */
#pragma once

#include "base/check.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds the file's bytes to `text`; on failure (-EFBIG: above `most` bytes) nothing is added. */
int file_read(const char *path, size_t most, struct text *text) MUST_USE;
/* The file is the old one or the new one, never a part of it, also after a power cut. Keeps the
 * mode of the old one and, where it may, its owner; a new one is for its owner only. What a
 * symbolic link leads to is replaced, not the link. The new one is written as PATH.new first. */
int file_write(const char *path, struct str content) MUST_USE;
bool file_exists(const char *path);
