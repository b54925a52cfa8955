/* SPDX-License-Identifier: Apache-2.0 */
#include "model/snapshot.h"

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	/* The snapshot itself lies in its arena. */
	arena_free(snapshot->arena);
}
