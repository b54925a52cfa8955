/* SPDX-License-Identifier: Apache-2.0 */
#include "conn/trail.h"

bool trail_has(const struct trail *trail, uint32_t id)
{
	for (unsigned i = 0; i < trail->count; i++)
		if (trail->ids[i] == id)
			return true;
	return false;
}

bool trail_add(struct trail *trail, uint32_t id)
{
	if (trail->count >= TRAIL_MAX)
		return false;
	trail->ids[trail->count++] = id;
	return true;
}
