/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *claim, const char *file, int line)
{
	fprintf(stderr, "%s:%d: must hold: %s\n", file, line, claim);
	abort();
}
