/* SPDX-License-Identifier: Apache-2.0
 * limits.h - what the system lets this process have.
 */
#pragma once

#include "base/check.h"

#include <stdint.h>

/* Raises the number of descriptors to the most that is allowed; returns it, or -errno. */
int64_t limits_raise_descriptors(void) MUST_USE;
/* A new limit for this process, for tests that run out on purpose. 0 or -errno. */
int limits_set_descriptors(uint64_t most) MUST_USE;
