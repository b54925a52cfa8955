/* SPDX-License-Identifier: Apache-2.0
 * mapping.h - memory that a process shares with those it forks, and that outlives them: what shall
 * be there still after the data process has died is made by its supervisor.
 */
#pragma once

#include <stddef.h>

/* Zeroed, on a page; taken from the system as it is touched. NULL without memory. */
void *mapping_new(size_t bytes);
void mapping_free(void *memory, size_t bytes);
