/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_spillover.h"

#include "admit/quota_trace.h"
#include "base/heap.h"
#include "config/lex.h"
#include "control/audit.h"
#include "control/control_priv.h"
#include "os/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { EVENTS_SHOWN = 1000 };

/* --- audit ------------------------------------------------------------------------------------ */

static void audit_pool_of(struct control *control, const char *name, uint32_t pool,
			  struct text *text)
{
	struct quota_view view;
	int64_t leak = 0;

	switch (audit_pool(control, pool, name, &leak)) {
	case AUDIT_COUNTED:
		quota_read(control->setup.map, pool, &view);
		text_print(text, "%s: limit %" PRId64 "  used %" PRId64 "  missing %" PRId64 "%s\n",
			   name, view.limit, view.used, leak, leak == 0 ? "" : ", repaired");
		return;
	case AUDIT_STALLED:
		text_print(text, "%s: not counted, an engine is busy; try again\n", name);
		return;
	}
}

/* Its units come with time: there is none to be missing. */
static bool tell_rate(const char *name, const struct rate *rate, const char *what,
		      struct text *text)
{
	struct quota_rate_view view;

	if (rate_shared(rate) == NULL)
		return false;
	quota_rate_read(rate->shared, &view);
	text_print(text,
		   "%s: rate %" PRIu64 " %s a second  at once %" PRIu64 "  passed %" PRIu64
		   "  refusals %" PRIu64 "; no units to be missing, time brings them\n",
		   name, view.per_second, what, view.burst, view.granted, view.refused);
	return true;
}

/* Of the limits that it has. */
static void audit_one(struct control *control, const struct runtime_vserver *vserver,
		      struct text *text)
{
	const struct runtime_entry *entry = &vserver->entry;
	const struct reserve *reserves[] = { &vserver->requests, &vserver->sessions };
	bool has_limit = entry->limit >= 0;

	if (has_limit)
		audit_pool_of(control, entry->name, entry->pool, text);
	for (size_t i = 0; i < sizeof(reserves) / sizeof(reserves[0]); i++) {
		if (reserves[i]->pool == QUOTA_NONE || reserves[i]->limit == PLAN_UNLIMITED)
			continue;
		audit_pool_of(control, entry->name, reserves[i]->pool, text);
		has_limit = true;
	}
	has_limit |= tell_rate(entry->name, &vserver->bandwidth, "bytes", text);
	has_limit |= tell_rate(entry->name, &vserver->request_rate, "requests", text);
	if (!has_limit)
		text_print(text, "%s: no limit\n", entry->name);
}

static void audit(struct control *control, const struct runtime_vserver *only, struct text *text)
{
	for (uint32_t id = 0; id < control->runtime.vserver_room; id++) {
		const struct runtime_vserver *vserver = control->runtime.vservers[id];

		if (vserver != NULL && vserver->plan != NULL && (only == NULL || only == vserver))
			audit_one(control, vserver, text);
	}
}

/* --- events ----------------------------------------------------------------------------------- */

static const char *const reasons[QUOTA_WHYS] = {
	[QUOTA_WHY_FULL] = "full",
	[QUOTA_WHY_EARLY] = "early, T1 and T2",
	[QUOTA_WHY_RESERVE] = "the rest is reserved, T2",
	[QUOTA_WHY_HYSTERESIS] = "not free enough yet",
	[QUOTA_WHY_AUDIT] = "audit",
	[QUOTA_WHY_IN_HANDS] = "undecided",
};

/* What is said of each event; %s: see `behind`. */
static const struct {
	const char *what;
	bool has_units;
	enum { BEHIND_NOTHING, BEHIND_ENGINE, BEHIND_REASON } behind;
} said[QUOTA_EVENTS] = {
	[QUOTA_EVENT_BORROWED] = { "borrowed", true, BEHIND_NOTHING },
	[QUOTA_EVENT_RETURNED] = { "returned", true, BEHIND_NOTHING },
	[QUOTA_EVENT_RECLAIMED] = { "reclaimed", true, BEHIND_ENGINE },
	[QUOTA_EVENT_SEALED] = { "sealed", true, BEHIND_ENGINE },
	[QUOTA_EVENT_REOPENED] = { "reopened", true, BEHIND_NOTHING },
	[QUOTA_EVENT_SPILLED] = { "spilled", true, BEHIND_REASON },
	[QUOTA_EVENT_RETURNING] = { "full: spills until enough is free", false, BEHIND_NOTHING },
	[QUOTA_EVENT_NORMAL] = { "enough is free", false, BEHIND_NOTHING },
	[QUOTA_EVENT_DEBT_ENDED] = { "debt ended", false, BEHIND_NOTHING },
	[QUOTA_EVENT_OPENED] = { "opened", false, BEHIND_NOTHING },
	[QUOTA_EVENT_LIMIT] = { "limit", true, BEHIND_NOTHING },
	[QUOTA_EVENT_DEBT] = { "debt", true, BEHIND_NOTHING },
	[QUOTA_EVENT_RULE] = { "shares changed", false, BEHIND_NOTHING },
	[QUOTA_EVENT_AUDITED] = { "audit: missing", true, BEHIND_NOTHING },
	[QUOTA_EVENT_REVIVED] = { "taken over from the last data process: missing", true,
				  BEHIND_NOTHING },
	[QUOTA_EVENT_ENGINE_DEAD] = { "died", false, BEHIND_ENGINE },
	[QUOTA_EVENT_ENGINE_JOINED] = { "joined", false, BEHIND_ENGINE },
};

static bool is_pool_of(const struct runtime_vserver *vserver, uint32_t pool)
{
	return vserver->entry.pool == pool || vserver->requests.pool == pool ||
	       vserver->sessions.pool == pool;
}

/* A service's pool has a name as well. */
static const char *name_of(const struct control *control, uint32_t pool)
{
	const struct runtime *runtime = &control->runtime;

	if (runtime->clients.pool == pool || runtime->requests.pool == pool)
		return "appliance";
	for (uint32_t id = 0; id < runtime->vserver_room; id++)
		if (runtime->vservers[id] != NULL && is_pool_of(runtime->vservers[id], pool))
			return runtime->vservers[id]->entry.name;
	for (uint32_t id = 0; id < runtime->service_room; id++)
		if (runtime->services[id] != NULL && runtime->services[id]->entry.pool == pool)
			return runtime->services[id]->entry.name;
	return "another";
}

static void print_time(uint64_t time_ns, struct text *text)
{
	uint64_t ms = clock_wall_ms() - (clock_ns() - time_ns) / 1000000;
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	char words[32];

	gmtime_r(&seconds, &parts);
	strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S", &parts);
	text_print(text, "%s.%03u UTC", words, (unsigned)(ms % 1000));
}

static void print_units(const struct quota_trace_entry *entry, struct text *text)
{
	if (entry->event == QUOTA_EVENT_LIMIT && entry->units == QUOTA_UNLIMITED)
		text_add(text, STR(" none"));
	else
		text_print(text, " %" PRId64, entry->units);
}

static void print_event(const struct control *control, const struct quota_trace_entry *entry,
			struct text *text)
{
	print_time(entry->time_ns, text);
	text_print(text, "  %s  ", name_of(control, entry->pool));
	if (entry->writer < control->setup.engine_count)
		text_print(text, "engine %u: ", entry->writer);
	else
		text_add(text, STR("control: "));
	text_add(text, str_of(said[entry->event].what));
	if (said[entry->event].has_units)
		print_units(entry, text);
	if (said[entry->event].behind == BEHIND_ENGINE)
		text_print(text, " (engine %u)", entry->other);
	else if (said[entry->event].behind == BEHIND_REASON && entry->other < QUOTA_WHYS)
		text_print(text, " (%s)", reasons[entry->other]);
	if (entry->times > 1)
		text_print(text, ", %" PRIu64 " times", entry->times);
	text_add(text, STR("\n"));
}

/* Only those of its pools stay; how many. */
static size_t pick(struct quota_trace_entry *entries, size_t count,
		   const struct runtime_vserver *only)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (only == NULL || is_pool_of(only, entries[i].pool))
			entries[kept++] = entries[i];
	return kept;
}

static void events(struct control *control, const struct runtime_vserver *only, struct text *text)
{
	size_t most = quota_trace_most(control->setup.map);
	struct quota_trace_entry *entries = heap_zeroed(most, sizeof(*entries));
	size_t count;

	must(entries != NULL);
	count = quota_trace_read(control->setup.map, QUOTA_NONE, entries);
	count = pick(entries, count, only);
	for (size_t i = count > EVENTS_SHOWN ? count - EVENTS_SHOWN : 0; i < count; i++)
		print_event(control, &entries[i], text);
	free(entries);
}

/* --- together --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	/* `only` may be NULL: all. */
	void (*show)(struct control *control, const struct runtime_vserver *only,
		     struct text *text);
} things[] = {
	{ "audit", audit },
	{ "events", events },
};

/* NULL: there is none of that name, or it is not served; the answer says so. */
static const struct runtime_vserver *find(struct control *control, const struct word *name,
					  struct text *answer)
{
	const struct object *object = config_find(control->config, KIND_VSERVER, name->text);
	const struct runtime_vserver *vserver =
		object != NULL ? runtime_vserver(&control->runtime, object->uid) : NULL;

	if (vserver != NULL && vserver->plan != NULL)
		return vserver;
	text_print(answer, "ERROR: there is no lb vserver %.*s%s\n", STR_ARG(name->text),
		   object != NULL ? " with a protocol that is served" : "");
	return NULL;
}

/* `names`: what stands behind the thing. False: the answer is an error. */
static bool show_thing(struct control *control, size_t thing, struct words names,
		       struct text *answer)
{
	const struct runtime_vserver *only = NULL;

	if (names.count > 1) {
		text_print(answer,
			   "ERROR: column %u: one name at most; a name with blanks is quoted\n",
			   names.at[1].column);
		return false;
	}
	control_publish(control);
	if (names.count == 1) {
		only = find(control, &names.at[0], answer);
		if (only == NULL)
			return false;
	}
	things[thing].show(control, only, answer);
	return true;
}

/* Which of the things; -1: it is another command. */
static int thing_of(const struct words *words)
{
	if (words->count < 3 || !str_equal_nocase(words->at[0].text, STR("show")) ||
	    !str_equal_nocase(words->at[1].text, STR("spillover")))
		return -1;
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		if (str_equal_nocase(words->at[2].text, str_of(things[i].name)))
			return (int)i;
	return -1;
}

bool show_spillover(struct control *control, struct str line, bool *is_right, struct text *answer)
{
	struct arena *arena = arena_new();
	struct words words = { 0 };
	struct lex_fault fault;
	int thing = lex_line(line, arena, &words, &fault) ? thing_of(&words) : -1;

	if (thing >= 0)
		*is_right = show_thing(control, (size_t)thing,
				       (struct words){ words.at + 3, words.count - 3 }, answer);
	arena_free(arena);
	return thing >= 0;
}
