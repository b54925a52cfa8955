/* SPDX-License-Identifier: Apache-2.0
 * rate.h - a rate that exists once a limit of bytes or requests a second is configured.
 *
 * It stays until what it limits goes: engines may hold it from an earlier snapshot. What was
 * granted holds for the next data process, too: it claims the rate by its key.
 */
#pragma once

#include "admit/quota_rate.h"
#include "base/check.h"
#include "control/vault.h"

#include <stdint.h>

/* Where a rate lies. */
struct rate_place {
	struct vault *vault; /* borrowed; NULL: in ordinary memory */
	unsigned engines;
	uint64_t key; /* quota_key() */
};

/* Owner: control. */
struct rate {
	struct quota_rate *
		shared; /* owned: a block of the vault; engines borrow it; NULL: never configured */
	uint64_t per_second; /* 0: no limit now */
};

/* Bytes: a tenth of a second's worth may pass at once, at least 64 KB. */
void rate_set_bytes(struct rate *rate, struct rate_place place, uint64_t per_second);
/* Requests: those of one second may come at once. */
void rate_set_requests(struct rate *rate, struct rate_place place, uint64_t per_second);
/* For the snapshot; NULL: no limit. */
struct quota_rate *rate_shared(const struct rate *rate);
/* No engine has it any more. */
void rate_fini(struct rate *rate, struct vault *vault);
