/* SPDX-License-Identifier: Apache-2.0 */
#include "control/memory.h"

#include "base/heap.h"
#include "control/control_priv.h"

enum { CHANGE_LEAST = 8 << 20, CHANGE_THING = 8192, ANSWER_LEAST = 1 << 18, ANSWER_THING = 2048 };

static size_t bytes_of(const struct control *control, size_t least, size_t thing)
{
	return least + thing * (config_count(control->config, KIND_SERVICE) +
				config_count(control->config, KIND_VSERVER));
}

bool memory_for_change(const struct control *control)
{
	return heap_has_reserve(bytes_of(control, CHANGE_LEAST, CHANGE_THING));
}

bool memory_for_answer(const struct control *control)
{
	return heap_has_room(bytes_of(control, ANSWER_LEAST, ANSWER_THING));
}

void memory_keep(const struct control *control)
{
	(void)!memory_for_change(control);
}
