/* SPDX-License-Identifier: Apache-2.0
 * show_priv.h - what the files of show share. Each adds text to an answer.
 */
#pragma once

#include "control/control_priv.h"
#include "record/stat.h"

/* show.c: every option that has a value, "name: value". */
void show_options(const struct object *object, struct text *text);
/* "2026-11-23 19:02:11 UTC (3 s ago)" */
void show_since(uint64_t wall_ms, struct text *text);

/* show_server.c */
void show_server_line(struct control *control, const struct object *object, struct text *text);
void show_server(struct control *control, const struct object *object, struct text *text);

/* show_service.c */
const char *show_service_state(const struct runtime_service *service);
void show_service_line(const struct runtime_service *service, struct text *text);
void show_service(struct control *control, const struct object *object, struct text *text);
void show_service_bindings(struct control *control, const struct object *object, struct text *text);
/* Of a group, a line each. */
void show_service_members(const struct control *control, const struct object *group,
			  struct text *text);
void show_service_group(struct control *control, const struct object *object, struct text *text);

/* show_monitor.c */
void show_monitor(struct control *control, const struct object *object, struct text *text);

/* What it is bound to. */
void show_monitor_bindings(struct control *control, const struct object *object, struct text *text);

/* show_vserver.c */
const char *show_vserver_state(const struct runtime_vserver *vserver);
void show_vserver_line(struct control *control, const struct object *object, struct text *text);
void show_vserver(struct control *control, const struct object *object, struct text *text);

/* show_pool.c: what each engine has of a pool; every number of it; every number of each engine.
 * `of` stands behind each name: "", or " of ..." where a thing has several pools. */
void show_pool_engines(const struct control *control, uint32_t pool, struct text *text);
void show_pool_stat(const struct control *control, uint32_t pool, const char *of,
		    struct text *text);
void show_pool_detail(const struct control *control, uint32_t pool, const char *of,
		      struct text *text);

/* show_reserve.c: the pool of a limit that is configured; nothing without. `what` it counts, in
 * words. */
void show_reserve(const struct control *control, const struct reserve *reserve, const char *what,
		  struct text *text);
void show_stat_reserve(const struct control *control, const struct reserve *reserve,
		       const char *what, bool is_detailed, struct text *text);

/* show_destinations.c: what went to whom, for `show`, for `stat`, and from now on. */
void show_destinations(const struct control *control, const struct runtime_vserver *vserver,
		       struct text *text);
void show_stat_destinations(const struct control *control, const struct runtime_vserver *vserver,
			    struct text *text);
void show_clear_destinations(const struct control *control, struct runtime_vserver *vserver);

/* show_persistence.c: `show` and `clear lb persistentSessions`; false: the answer says why. */
bool show_persistence(struct control *control, const struct command *command, struct text *answer);

/* show_policy.c */
void show_policy(struct control *control, const struct object *object, struct text *text);
void show_action_stat(struct control *control, const struct object *object, bool clears,
		      struct text *text);
void show_policy_stat(struct control *control, const struct object *object, bool clears,
		      struct text *text);
void show_policy_of_vserver(const struct plan *plan, const struct plan_vserver *vserver,
			    struct text *text);
void show_policy_functions(struct text *text);

/* show_stat.c: every row, summed over the engines. */
void show_stat_rows(const struct stat_row *rows, const void *blocks, size_t size, unsigned count,
		    struct text *text);
void show_stat_engines(struct control *control, struct text *text);
