/* SPDX-License-Identifier: Apache-2.0
 * control_priv.h - what the files of the control plane share: the appliance as control sees it.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "config/plan.h"
#include "control/audit.h"
#include "control/control.h"
#include "control/gate.h"
#include "control/health.h"
#include "control/hold.h"
#include "control/operator.h"
#include "control/post.h"
#include "control/provision.h"
#include "control/publish.h"
#include "control/resolver.h"
#include "control/runtime.h"
#include "control/shortage.h"
#include "control/survey.h"
#include "control/watchdog.h"
#include "control/webhook.h"

enum { CONTROL_POOLS = 65536, CONTROL_ENGINE_WORDS = ENGINES_MAX / 64 };

/* One engine's mail to control. */
struct control_inbox {
	struct control *control;
	struct engine *engine;
	struct watch watch;
	struct task task;
	bool has_drained, has_stopped;
};

/* Owner: the control thread. */
struct control {
	struct control_setup setup;
	struct loop loop;
	struct keeper *keeper;
	struct config *config;
	struct plan *plan;        /* of the configuration as it is, or NULL */
	uint64_t plan_generation; /* of the configuration that plan was made from */
	bool is_published;        /* the plan, with the states it had */
	uint64_t saved_generation;
	uint32_t appliance; /* number of this appliance in the trail of a client: random */
	struct runtime runtime;
	struct gates gates;
	struct post post;
	struct publisher publisher;
	struct health_room health;
	struct operators operators;
	struct provision provision;
	struct shortage shortage;
	struct watchdog watchdog;
	struct audits audits;
	struct surveys surveys;
	struct webhook webhook;
	struct resolver resolver;
	struct control_inbox *inboxes; /* owned: one for each engine */
	struct watch keeper_watch;
	struct timer drain_timer, relisten_timer, hold_timer, leave_timer;
	bool is_draining, is_ready;
	bool is_untold;       /* the supervisor does not know the configuration that runs */
	struct text keepsake; /* as it was read or written last; empty: it was not */
	bool keepsake_failed; /* that was */
	enum hold hold;
	uint64_t started_wall_ms;
};

/* Makes the plan new when the configuration has changed, with entries, sockets and monitors. False
 * when there are more things than pools. */
bool control_plan(struct control *control);
/* The engines get what the configuration says now, if they do not have it yet. */
void control_publish(struct control *control);
