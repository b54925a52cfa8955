/* SPDX-License-Identifier: Apache-2.0
 * idle.h - carries idle server connections' uses between engines: one engine's sessions wait for a
 * use of a full service, another engine keeps an idle connection that holds one.
 */
#pragma once

#include "control/post.h"
#include "control/runtime.h"

/* MESSAGE_WANT_IDLE */
void idle_wanted(struct post *post, struct runtime_service *service, unsigned engine);
/* MESSAGE_IDLE_GIVEN; `given`: one was closed. */
void idle_given(struct post *post, struct runtime_service *service, bool given);
