/* SPDX-License-Identifier: Apache-2.0
 * wish.h - what a request wants of the origin server: its path, and its query over the options.
 */
#pragma once

#include "base/str.h"
#include "origin/origin.h"

enum wish_page { WISH_NAME, WISH_STATS, WISH_ECHO };

struct wish {
	enum wish_page page;
	unsigned hold_ms;
	bool has_size;
	uint64_t size;
	int status;
	bool is_chunked, has_trailer, closes;
};

/* `path` with its query. Parameters that are unknown or no good numbers have no effect. */
struct wish wish_read(struct str path, const struct origin_options *options);
