/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "coroutine.h"

enum { STEPS_MOST = 1000000, NOBODY = -1 };

struct slot {
	struct coroutine coroutine;
	void (*act)(void *argument);
	void *argument;
	unsigned allowed, steps, loads_seen, writes_seen;
	bool has_returned;
	const volatile void *next_word;
	enum quota_step next_step;
};

static struct slot slots[STAGE_SLOTS];
static struct coroutine outside;
static int running = NOBODY;
static const volatile void *watched;

static void count(struct slot *slot, const volatile void *word, enum quota_step step)
{
	slot->steps++;
	if (word != watched || word == NULL)
		return;
	if (step == QUOTA_STEP_LOAD)
		slot->loads_seen++;
	else
		slot->writes_seen++;
}

void quota_chaos(const volatile void *word, enum quota_step step)
{
	struct slot *slot;

	if (running == NOBODY)
		return;
	slot = &slots[running];
	slot->next_word = word;
	slot->next_step = step;
	while (slot->allowed == 0)
		coroutine_switch(&slot->coroutine, &outside);
	slot->allowed--;
	count(slot, word, step);
}

static void run(void)
{
	struct slot *slot = &slots[running];

	coroutine_begin();
	slot->act(slot->argument);
	slot->has_returned = true;
	for (;;)
		coroutine_switch(&slot->coroutine, &outside);
}

void stage_call(unsigned index, void (*act)(void *argument), void *argument)
{
	struct slot *slot = &slots[index];

	must(index < STAGE_SLOTS);
	*slot = (struct slot){ .coroutine = slot->coroutine, .act = act, .argument = argument };
	coroutine_init(&slot->coroutine, run);
}

bool stage_go(unsigned index, unsigned steps)
{
	struct slot *slot = &slots[index];

	if (slot->has_returned)
		return true;
	slot->allowed = steps;
	coroutine_adopt(&outside);
	running = (int)index;
	coroutine_switch(&outside, &slot->coroutine);
	running = NOBODY;
	return slot->has_returned;
}

void stage_finish(unsigned index)
{
	must(stage_go(index, STEPS_MOST));
}

enum quota_step stage_next(unsigned index, const volatile void **word)
{
	*word = slots[index].next_word;
	return slots[index].next_step;
}

unsigned stage_steps(unsigned index)
{
	return slots[index].steps;
}

void stage_watch(const volatile void *word)
{
	watched = word;
}

unsigned stage_loads_seen(unsigned index)
{
	return slots[index].loads_seen;
}

unsigned stage_writes_seen(unsigned index)
{
	return slots[index].writes_seen;
}
