/* SPDX-License-Identifier: Apache-2.0 */
#include "control/idle.h"

void idle_wanted(struct post *post, struct runtime_service *service, unsigned engine)
{
	service->wanting[engine / 64] |= (uint64_t)1 << (engine % 64);
	for (unsigned i = 0; i < post->engine_count; i++)
		if (i != engine)
			post_send(post, i,
				  (struct message){ .kind = MESSAGE_GIVE_IDLE,
						    .id = service->entry.id });
}

/* All who asked are told: each tries, one gets it, the others ask again. */
void idle_given(struct post *post, struct runtime_service *service, bool given)
{
	if (!given)
		return;
	for (unsigned i = 0; i < post->engine_count; i++)
		if (service->wanting[i / 64] >> (i % 64) & 1)
			post_send(post, i,
				  (struct message){ .kind = MESSAGE_USE_FREED,
						    .id = service->entry.id });
	service->wanting[0] = service->wanting[1] = 0;
}
