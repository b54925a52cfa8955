/* SPDX-License-Identifier: Apache-2.0
 * quota_audit.h - counts the units of one pool while it is in use: a self check, and the repair
 * after an engine died with units in its hands.
 *
 * The engines take part at the end of a turn: each settles, seals its stash and says so; from then
 * on it answers QUOTA_AGAIN (quota_why(): QUOTA_WHY_AUDIT) and keeps what is given back in its
 * pocket. When all have said so nothing moves, and what is in the shared pool must be the limit
 * without the uses. As long as the longest turn of any engine; one pool at a time. The line of
 * those who wait stands still meanwhile (who would join it is QUOTA_UNDECIDED), and units on their
 * way to who waited count as uses.
 *
 * Control: begin, make every engine end a turn, wait for quota_audit_is_ready() or not any longer,
 * end, make every engine end a turn again. Source: doc/quota.md.
 */
#pragma once

#include "admit/quota.h"

/* False: another one runs, or the pool is not open. */
bool quota_audit_begin(struct quota_map *map, uint32_t pool) MUST_USE;
/* Every living engine has done its part. */
bool quota_audit_is_ready(const struct quota_map *map);
/* The pool is in use again. True: it was counted; *leak units were missing (below 0: too many) and
 * are there now. False: it was not ready. */
bool quota_audit_end(struct quota_map *map, int64_t *leak) MUST_USE;
