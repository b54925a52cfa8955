/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/lateness.h"

void lateness_note(struct lateness *lateness, uint64_t due_ms, uint64_t now_ms)
{
	uint64_t from_ms = due_ms > lateness->seen_ms ? due_ms : lateness->seen_ms;

	if (now_ms >= from_ms + LATENESS_LEAST_MS)
		lateness->lost_ms += now_ms - from_ms;
	if (now_ms > lateness->seen_ms)
		lateness->seen_ms = now_ms;
}
