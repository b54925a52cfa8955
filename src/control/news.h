/* SPDX-License-Identifier: Apache-2.0
 * news.h - what follows from a change of state: limits, messages to the engines, connections that
 * are cut, virtual servers that go up and down, and the end of ways out of service.
 */
#pragma once

#include "control/runtime.h"

struct control;

void news_init(struct control *control);
void news_fini(struct control *control);
/* The callbacks of health_room; `context` is struct control. */
void news_heard(void *context, struct runtime_service *service, bool is_news);
void news_told(void *context, struct runtime_service *service);
/* An operator enables it, whether or not it is disabled: what -disablePrimaryOnDown holds out may
 * serve again. */
void news_enabled(struct control *control, struct runtime_vserver *vserver);
/* A plan was taken: states of virtual servers, and the clock of those that leave. */
void news_take(struct control *control);
/* A snapshot was sent: what engines must know before it happens may happen now. */
void news_published(struct control *control);
