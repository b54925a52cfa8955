/* SPDX-License-Identifier: Apache-2.0
 * capacity.h - how much a service says it can take, in the words of HAProxy's agent check: up,
 * ready, down, failed, stopped, drain, maint, 50%, maxconn:30, in any order and with blanks or
 * commas between. A bare number is taken as maxconn.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum capacity_state {
	CAPACITY_AS_IS, /* nothing was said */
	CAPACITY_UP,
	CAPACITY_DRAIN, /* no new clients, but well */
	CAPACITY_DOWN,
	CAPACITY_MAINTENANCE
};

struct capacity {
	bool is_told; /* else the rest is of no account */
	enum capacity_state state;
	bool has_most, has_percent;
	uint32_t most;    /* connections */
	uint32_t percent; /* of the configured maximum */
};

/* Words that are none of ours are skipped; false when none at all was understood. A text behind #
 * is a remark. */
bool capacity_parse(struct str text, struct capacity *capacity) MUST_USE;
/* The same of a text that may be about anything: told only when every word is one of ours, and none
 * a bare number. */
bool capacity_parse_strictly(struct str text, struct capacity *capacity) MUST_USE;
bool capacity_equal(const struct capacity *a, const struct capacity *b);
/* What the service may hold now: `configured` (0: no limit) and what was told together, -1: no
 * limit. What was told can only lower what is configured. */
int64_t capacity_limit(const struct capacity *capacity, uint32_t configured);
/* "maxconn 30, 50%, drain"; "" when nothing was told. Returns `text`. */
enum { CAPACITY_TEXT_MAX = 64 };
const char *capacity_print(const struct capacity *capacity, char text[CAPACITY_TEXT_MAX]);
