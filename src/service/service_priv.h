/* SPDX-License-Identifier: Apache-2.0
 * service_priv.h - between a service's slot and its line.
 */
#pragma once

#include "service/service.h"

/* service.c: configured no more, and the last that used it has gone. */
void service_go_when_unused(struct service *service);

/* line.c */
void line_init(struct line *line);
/* The engine stops: ends what is left of the lines of all services. */
void line_close_all(struct service_room *room);
/* Whether others are before this one. */
bool line_is_kept_from(const struct service *service, const struct task *task);
/* Something may be free for the first; everybody should choose again. */
void line_wake_first(struct service *service);
void line_wake_all(struct service *service);
/* Those who wait without a place in the line over all engines get one, where it spans them. */
void line_take_places(struct service *service);
/* True: the first in line asks, and spends the use that came with its ticket. It is in force: what
 * follows counts it. */
bool line_spend_use(struct service *service, const struct task *task) MUST_USE;
/* It could not be spent: the waiter, still the first, keeps it until it goes. */
void line_return_use(struct service *service);
/* The first in line got a connection: the next may try. */
void line_leave_first(struct service *service, const struct task *task);
