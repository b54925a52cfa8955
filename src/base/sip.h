/* SPDX-License-Identifier: Apache-2.0
 * sip.h - SipHash-2-4: a short keyed hash whose values nobody can foretell without the key.
 *
 * For what is shown to strangers or keyed by them (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012). The same on every machine.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sip_key {
	uint64_t half[2];
};

uint64_t sip_hash(const struct sip_key *key, const void *bytes, size_t length);
