/* SPDX-License-Identifier: Apache-2.0 */
#include "control/spill.h"

#include "os/clock.h"
#include "record/log.h"

#include <inttypes.h>
#include <stdio.h>

bool spill_is_on(const struct runtime_vserver *vserver)
{
	return (vserver->spilling[0] | vserver->spilling[1]) != 0;
}

uint64_t spill_time_ms(const struct runtime_vserver *vserver)
{
	const struct runtime_spilling *so_far = vserver->spilling_so_far;

	return so_far->ms_total + (so_far->since_ms > 0 ? clock_wall_ms() - so_far->since_ms : 0);
}

/* 0: none of its pools waits for -soReturn with enough of it free. Monotonic. */
static uint64_t returning_since(const struct runtime *runtime,
				const struct runtime_vserver *vserver)
{
	const uint32_t pools[] = { vserver->entry.pool, vserver->requests.pool,
				   vserver->sessions.pool };

	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
		struct quota_view view;

		if (pools[i] == QUOTA_NONE)
			continue;
		quota_read(runtime->map, pools[i], &view);
		if (view.is_returning && view.free_since_ms != 0)
			return view.free_since_ms;
	}
	return 0;
}

struct spill_phase spill_phase(const struct runtime *runtime, const struct runtime_vserver *vserver)
{
	uint64_t now = clock_wall_ms(), since = returning_since(runtime, vserver);

	if (!spill_is_on(vserver))
		return (struct spill_phase){ "NORMAL", now - vserver->calm_since_ms };
	if (since != 0)
		return (struct spill_phase){ "RETURNING", clock_ms() - since };
	return (struct spill_phase){ "SPILLING", now - vserver->spilling_so_far->since_ms };
}

/* An episode that lasted has ended with its process. */
void spill_revive(struct runtime_vserver *vserver)
{
	vserver->calm_since_ms = clock_wall_ms();
	vserver->spilling_so_far->ms_total = spill_time_ms(vserver);
	vserver->spilling_so_far->since_ms = 0;
}

static uint64_t count_spilled(const struct runtime *runtime, const struct runtime_vserver *vserver)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < runtime->engine_count; i++)
		sum += stat_read(&vserver->stats[i].spilled) +
		       stat_read(&vserver->stats[i].refused);
	return sum;
}

/* What comes and goes, and is not held: no pool counts it. */
static bool is_rate(enum reason reason)
{
	return reason == REASON_BANDWIDTH || reason == REASON_ALL_BANDWIDTH ||
	       reason == REASON_REQUEST_RATE || reason == REASON_ALL_REQUEST_RATE;
}

/* The pool that the reason is about; QUOTA_NONE: none. */
static uint32_t pool_of(const struct runtime *runtime, const struct runtime_vserver *vserver)
{
	enum reason reason = vserver->spill_reason;

	if (is_rate(reason))
		return QUOTA_NONE;
	if (reason == REASON_SESSIONS)
		return vserver->sessions.pool;
	if (reason == REASON_ALL_CLIENTS)
		return runtime->clients.pool;
	if (reason == REASON_ALL_REQUESTS)
		return runtime->requests.pool;
	if (reason_is_full(reason) && reason != REASON_HEALTH && reason != REASON_POLICY)
		return vserver->requests.pool != QUOTA_NONE ? vserver->requests.pool
							    : vserver->entry.pool;
	return QUOTA_NONE;
}

/* " (limit 10, uses 10)", as far as there are any. */
static void print_uses(const struct runtime *runtime, const struct runtime_vserver *vserver,
		       char text[80])
{
	uint32_t pool = pool_of(runtime, vserver);
	struct quota_view view;

	text[0] = '\0';
	if (pool == QUOTA_NONE)
		return;
	quota_read(runtime->map, pool, &view);
	if (view.limit >= QUOTA_UNLIMITED)
		return; /* the limit is a rate */
	snprintf(text, 80, " (limit %" PRId64 ", uses %" PRId64 ")", view.limit, view.used);
}

static bool is_shadow(const struct runtime_vserver *vserver)
{
	return vserver->plan != NULL && vserver->plan->spill.is_shadow;
}

static void begin(const struct runtime *runtime, struct runtime_vserver *vserver,
		  enum reason reason, struct spill_words words)
{
	char uses[80], why[200];

	vserver->spill_reason = reason;
	vserver->spilling_so_far->since_ms = clock_wall_ms();
	vserver->spilling_so_far->episodes++;
	print_uses(runtime, vserver, uses);
	snprintf(why, sizeof(why), "%s%s%s", words.policy != NULL ? "policy " : "",
		 words.policy != NULL ? words.policy : reason_rows[reason].text,
		 words.policy != NULL ? " is true" : "");
	if (is_shadow(vserver) && !reason_is_of_all(reason))
		log_write(LOG_LEVEL_NOTICE,
			  "vserver %s would spill: %s%s; it serves on (-soShadow), else new "
			  "clients would go to %s",
			  vserver->entry.name, why, uses, words.destination);
	else
		log_write(LOG_LEVEL_NOTICE, "vserver %s spills: %s%s; new clients go to %s",
			  vserver->entry.name, why, uses,
			  reason_is_of_all(reason) ? "nobody: -soBackupAction decides"
						   : words.destination);
}

static void end(const struct runtime *runtime, struct runtime_vserver *vserver)
{
	uint64_t lasted = clock_wall_ms() - vserver->spilling_so_far->since_ms;
	char uses[80];

	vserver->spilling_so_far->ms_total += lasted;
	vserver->spilling_so_far->since_ms = 0;
	vserver->calm_since_ms = clock_wall_ms();
	print_uses(runtime, vserver, uses);
	log_write(LOG_LEVEL_NOTICE,
		  "vserver %s has room again after %" PRIu64 ".%03u s%s; spilled so far: %" PRIu64,
		  vserver->entry.name, lasted / 1000, (unsigned)(lasted % 1000), uses,
		  count_spilled(runtime, vserver));
}

void spill_tell(struct runtime *runtime, struct runtime_vserver *vserver, unsigned engine,
		enum reason reason, struct spill_words words)
{
	bool was_on = spill_is_on(vserver);
	uint64_t bit = (uint64_t)1 << (engine % 64);

	if (reason != REASON_NONE)
		vserver->spilling[engine / 64] |= bit;
	else
		vserver->spilling[engine / 64] &= ~bit;
	if (!was_on && spill_is_on(vserver))
		begin(runtime, vserver, reason, words);
	else if (was_on && !spill_is_on(vserver))
		end(runtime, vserver);
}
