/* SPDX-License-Identifier: Apache-2.0 */
#include "os/mapping.h"

#include "base/check.h"

#include <sys/mman.h>

void *mapping_new(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

void mapping_free(void *memory, size_t bytes)
{
	int result = munmap(memory, bytes);

	must(result == 0);
}
