/* SPDX-License-Identifier: Apache-2.0
 * list.h - a doubly linked ring of links that lie inside the things they link. Owns nothing.
 *
 * A head and a link that is in no list both point at themselves.
 */
#pragma once

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *previous;
};

/* The thing that a link lies in. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Safe against removal of `link` itself inside the loop, of no other. */
#define list_each(link, after, head)                                                               \
	for (struct list *link = (head)->next, *after = link->next; link != (head);                \
	     link = after, after = link->next)

static inline void list_init(struct list *link)
{
	link->next = link->previous = link;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

/* Whether a link is in a list: the same question, asked of a link. */
static inline bool list_is_in(const struct list *link)
{
	return link->next != link;
}

static inline void list_insert_before(struct list *at, struct list *link)
{
	link->previous = at->previous;
	link->next = at;
	at->previous->next = link;
	at->previous = link;
}

static inline void list_add_last(struct list *head, struct list *link)
{
	list_insert_before(head, link);
}

static inline void list_add_first(struct list *head, struct list *link)
{
	list_insert_before(head->next, link);
}

/* May be called on a link that is in no list. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Everything of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_move_all(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->previous = to->previous;
	to->previous->next = from->next;
	from->previous->next = to;
	to->previous = from->previous;
	list_init(from);
}
