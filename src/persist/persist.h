/* SPDX-License-Identifier: Apache-2.0
 * persist.h - who was served by whom: the table by which clients come back to the same service, or
 * to the same virtual server after a spill.
 *
 * One for all engines, of a fixed size, in memory that outlives the data process: the supervisor
 * makes it before the fork. So no entry has a pointer or an id: virtual servers and services are
 * tags, hashes of the names by which they are known (config/known_as.h).
 *
 * Nobody waits. A bucket of seven entries has a sequence word (Lameter, "Effective synchronization
 * on Linux/NUMA systems", 2005, calls them seqlocks): odd while it is written. Readers read again
 * when it has moved, writers try for a while; who gives up serves the client without memory, which
 * is counted. A full bucket loses the entry that would have expired first, which is counted too.
 *
 * Time is seconds of the monotonic clock and always an argument.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/sip.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct persist;

/* What a client is known by. */
enum persist_kind {
	PERSIST_NONE,
	PERSIST_SOURCE,
	PERSIST_DESTINATION,
	PERSIST_SOURCE_DESTINATION,
	PERSIST_RULE, /* a text out of the request */
	PERSIST_SPILL /* source address; the value is the tag of a virtual server */
};

/* Made by persist_key_begin(), completed by persist_key_*(), then persist_key_end(). */
struct persist_key {
	uint64_t hash;
	uint64_t owner; /* tag of the virtual server */
	uint64_t kind;
	uint64_t source[2], destination[2]; /* address bytes, IPv4 as ::ffff:a.b.c.d; or a text's
					     * hash */
};

/* As a walk shows it. */
struct persist_entry {
	struct persist_key key;
	uint64_t value;    /* tag of the service, or of the virtual server */
	uint32_t expiry_s; /* PERSIST_FOREVER: never */
};

#define PERSIST_FOREVER UINT32_MAX

enum persist_end {
	PERSIST_KEPT, /* it is in the table now */
	PERSIST_FULL, /* likewise, and another that was alive had to go */
	PERSIST_LOST  /* the bucket was busy: it is not in the table */
};

enum { PERSIST_BUCKET = 7, PERSIST_BUCKETS = 1 << 17 };

/* `buckets`: a power of two; memory is taken as it is used, 512 bytes each. NULL without memory.
 * Shared with processes that are forked afterwards. */
struct persist *persist_new(uint32_t buckets);
void persist_free(struct persist *table); /* NULL is allowed */
/* A process that wrote to it may have died: buckets that it left half written are emptied. Nobody
 * else may use the table meanwhile. */
void persist_recover(struct persist *table);

/* Random; as old as the table, unless it is set before an engine knows of a virtual server. */
const struct sip_key *persist_secret(const struct persist *table);
void persist_set_secret(struct persist *table, const struct sip_key *secret);

void persist_key_begin(struct persist_key *key, enum persist_kind kind, uint64_t owner);
/* As far as the masks reach; `mask` of IPv4 in network order, `bits` of IPv6. */
void persist_key_source(struct persist_key *key, const struct address *address, uint32_t mask,
			uint32_t bits);
void persist_key_destination(struct persist_key *key, const struct address *address);
void persist_key_text(const struct persist *table, struct persist_key *key, struct str text);
void persist_key_end(const struct persist *table, struct persist_key *key);

/* The value of a live entry, or 0; the entry then lives for another `timeout_s` (0: for ever). */
uint64_t persist_use(struct persist *table, const struct persist_key *key, uint64_t now_s,
		     uint32_t timeout_s);
/* The same, and the entry lives no longer by that. */
uint64_t persist_look(struct persist *table, const struct persist_key *key, uint64_t now_s);
/* Puts `value` where `*seen` is still what is there (0: nothing that lives). Else nothing is
 * changed. *seen becomes what holds now: `value`, or what another engine was quicker to put. */
enum persist_end persist_put(struct persist *table, const struct persist_key *key, uint64_t now_s,
			     uint32_t timeout_s, uint64_t *seen, uint64_t value);

/* Every live entry, in no order, until `visit` says false. Entries may come and go meanwhile. */
typedef bool persist_visit_fn(void *context, const struct persist_entry *entry);
void persist_walk(struct persist *table, uint64_t now_s, persist_visit_fn *visit, void *context);
/* Forgets the entries of an owner (0: of all) with the source or text of `like` (NULL: any); how
 * many. */
uint64_t persist_clear(struct persist *table, uint64_t owner, const struct persist_key *like,
		       uint64_t now_s);
