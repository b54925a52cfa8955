/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a timer lies, and why the wheel finds the earliest by its first set bit:
 *
 * 1. A time is a number of five digits to the base 64 and a rest above them. A timer lies on the
 *    level of the highest digit in which its deadline differs from `now`, in the slot of its own
 *    digit there; one that differs in the rest lies in `far`; one that is due lies on level 0 in
 *    the slot of now.
 * 2. So on a level above 0 every busy slot is ahead of now's own digit, and everything on a lower
 *    level, which shares that digit with now, is due before anything on a higher one. The earliest
 *    is in the first busy slot of the lowest busy level.
 * 3. `now` moves only to the start of that slot or to a time before it. No busy slot is jumped
 *    over, so 1 still holds for all others; those of that slot are placed again, now lower.
 */
#include "engine/timer.h"

enum { DIGIT_BITS = 6, DIGIT_MASK = TIMER_SLOTS - 1, WHEEL_BITS = DIGIT_BITS * TIMER_LEVELS };

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
	wheel->now_ms = now_ms;
	for (int level = 0; level < TIMER_LEVELS; level++) {
		wheel->busy[level] = 0;
		for (int slot = 0; slot < TIMER_SLOTS; slot++)
			list_init(&wheel->slots[level][slot]);
	}
	list_init(&wheel->far);
}

void timer_init(struct timer *timer, timer_fn *fire)
{
	list_init(&timer->link);
	timer->deadline_ms = 0;
	timer->fire = fire;
}

bool timer_is_armed(const struct timer *timer)
{
	return list_is_in(&timer->link);
}

static void place(struct timer_wheel *wheel, struct timer *timer)
{
	uint64_t at = timer->deadline_ms > wheel->now_ms ? timer->deadline_ms : wheel->now_ms;
	int level = (63 - __builtin_clzll((at ^ wheel->now_ms) | DIGIT_MASK)) / DIGIT_BITS;
	unsigned slot = (unsigned)(at >> (level * DIGIT_BITS)) & DIGIT_MASK;

	if (level >= TIMER_LEVELS) {
		list_add_last(&wheel->far, &timer->link);
		return;
	}
	list_add_last(&wheel->slots[level][slot], &timer->link);
	wheel->busy[level] |= (uint64_t)1 << slot;
}

/* The last one of a slot has both its neighbours in the head, whose place tells the slot. */
void timer_cancel(struct timer_wheel *wheel, struct timer *timer)
{
	struct list *head = timer->link.next;
	uintptr_t offset = (uintptr_t)head - (uintptr_t)wheel->slots;

	if (head == timer->link.previous && offset < sizeof(wheel->slots)) {
		size_t index = offset / sizeof(*head);

		wheel->busy[index / TIMER_SLOTS] &= ~((uint64_t)1 << index % TIMER_SLOTS);
	}
	list_remove(&timer->link);
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t deadline_ms)
{
	must(timer->fire != NULL);
	timer_cancel(wheel, timer);
	timer->deadline_ms = deadline_ms;
	place(wheel, timer);
}

/* The start of a slot of the turn of its level that now is in. */
static uint64_t slot_start(const struct timer_wheel *wheel, int level, unsigned slot)
{
	uint64_t turn = ~(((uint64_t)1 << (level + 1) * DIGIT_BITS) - 1);

	return (wheel->now_ms & turn) | (uint64_t)slot << level * DIGIT_BITS;
}

/* The lowest busy level; TIMER_LEVELS: none. */
static int first_level(const struct timer_wheel *wheel)
{
	int level = 0;

	while (level < TIMER_LEVELS && wheel->busy[level] == 0)
		level++;
	return level;
}

uint64_t timer_next(const struct timer_wheel *wheel)
{
	int level = first_level(wheel);

	if (level < TIMER_LEVELS)
		return slot_start(wheel, level, (unsigned)__builtin_ctzll(wheel->busy[level]));
	if (list_is_empty(&wheel->far))
		return TIMER_NEVER;
	return ((wheel->now_ms >> WHEEL_BITS) + 1) << WHEEL_BITS;
}

/* What the next point of time brings: due ones go to `due`, the others find their place anew. */
static void come_down(struct timer_wheel *wheel, uint64_t at_ms, struct list *due)
{
	int level = first_level(wheel);
	struct list batch;

	list_init(&batch);
	if (level < TIMER_LEVELS) {
		unsigned slot = (unsigned)__builtin_ctzll(wheel->busy[level]);

		wheel->busy[level] &= ~((uint64_t)1 << slot);
		list_move_all(&batch, &wheel->slots[level][slot]);
	} else {
		list_move_all(&batch, &wheel->far);
	}
	must(at_ms >= wheel->now_ms);
	wheel->now_ms = at_ms;
	while (!list_is_empty(&batch)) {
		struct timer *timer = list_entry(batch.next, struct timer, link);

		list_remove(&timer->link);
		if (timer->deadline_ms <= at_ms)
			list_add_last(due, &timer->link);
		else
			place(wheel, timer);
	}
}

void timer_run(struct timer_wheel *wheel, uint64_t now_ms)
{
	struct list due;

	list_init(&due);
	for (uint64_t next = timer_next(wheel); next <= now_ms && next != TIMER_NEVER;
	     next = timer_next(wheel))
		come_down(wheel, next, &due);
	if (now_ms > wheel->now_ms)
		wheel->now_ms = now_ms;
	/* Called only now: what they arm goes into a wheel that stands at this time, and is not run
	 * before the next time. What they cancel leaves `due`. */
	while (!list_is_empty(&due)) {
		struct timer *timer = list_entry(due.next, struct timer, link);

		list_remove(&timer->link);
		timer->fire(timer);
	}
}
