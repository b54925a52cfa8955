/* SPDX-License-Identifier: Apache-2.0
 * check.h - reads a file of commands and reports what is not right with it.
 */
#pragma once

#include <stdbool.h>

/* The report goes to standard error, one line of summary to standard output. True: it is right. */
bool check_file(const char *path);
