/* SPDX-License-Identifier: Apache-2.0
 * balance.h - a virtual server's services on one engine, and which of them a client gets.
 *
 * The method (lb/lb.h) is a pure choice; here are the numbers that it compares. They cover all
 * engines: what this engine does is known exactly and at once, what the others do is read from the
 * statistics pages at most once a millisecond, and less often when there are many to read. What
 * flows (bytes, packets, times to first bytes) is taken from counters that only grow, and decays:
 * bytes and packets over about a second, response times over several, so that a service which was
 * slow long ago is asked again. A choice is charged to the service at once as much as one has cost
 * so far, so that a burst does not all go to the one that was lightest when it began.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "base/str.h"
#include "lb/lb.h"
#include "lb/lb_key.h"
#include "model/snapshot.h"
#include "proxy/slow_start.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>

/* What a counter has grown by, forgotten slowly; over all engines. */
struct balance_flow {
	uint64_t seen;
	double recent;
};

struct balance_member {
	struct service *service; /* borrowed: lives while it is configured */
	uint32_t weight;
	uint64_t open_elsewhere;    /* connections of other engines, idle ones too */
	uint64_t idle_elsewhere;    /* of these */
	uint64_t uses_elsewhere;    /* served or waiting on other engines */
	struct balance_flow amount; /* of bytes, packets or milliseconds: as the method wants */
	struct balance_flow times;  /* that made the amount: clients, requests or first bytes */
	bool was_usable;            /* at the last choice */
	struct slow_start start;
	double charged; /* for choices that are not in the amount yet; decays */
};

/* Owner: the engine. Lies in a vserver's slot. */
struct balance {
	const struct lb_method *method, *backup_method;
	_Alignas(16) char state[LB_STATE_MAX], backup_state[LB_STATE_MAX], turn_state[LB_STATE_MAX];
	struct model_slow_start slow_start;
	uint32_t
		established; /* members that were up and had their whole share at the last choice */
	uint64_t turns_left; /* choices that are made in turn before the method is asked */
	uint64_t probe_us;   /* mean of the response times that monitors know; 0: of none */
	enum lb_load flow;   /* what of the flow is measured; LB_LOAD_NONE: nothing */
	bool counts_alone;   /* without the other engines */
	struct balance_member *members; /* owned */
	uint32_t member_count;
	struct lb_key_masks masks;
	uint32_t data_offset, data_length; /* of the token in a TCP client's data; 0: none */
	const struct engine *engine;
	unsigned engines; /* that there are */
	enum protocol protocol;
	bool has_looks;              /* something is to be read from the pages */
	uint64_t looked_ms, look_ms; /* last and next look at them */
};

/* Who asks. Texts may be empty, and are not read unless balance_reads_request(). */
struct balance_client {
	const struct address *peer;
	int fd; /* of the client's connection: asked for the address that it reached */
	struct str url, host;
	struct str token; /* what -rule names, or of the data; empty: nothing */
};

/* In a key: the method has nothing to go by, and this is of the backup method. */
#define BALANCE_KEY_OF_BACKUP 1u

/* What the snapshot says; services were taken up before. */
void balance_configure(struct balance *balance, const struct model_vserver *model,
		       struct service_room *services, unsigned engines);
void balance_clear(struct balance *balance); /* no services any more */
void balance_fini(struct balance *balance);

/* Whether the key is made of the request. */
static inline bool balance_reads_request(const struct balance *balance)
{
	return balance->method->key == LB_KEY_URL || balance->method->key == LB_KEY_DOMAIN ||
	       balance->method->key == LB_KEY_TOKEN;
}
/* Whether it is made of the first bytes of a TCP client. */
static inline bool balance_reads_data(const struct balance *balance)
{
	return balance->method->key == LB_KEY_TOKEN && balance->data_length > 0;
}
/* For methods that hash: the same on every engine and every appliance. Others: 0. */
uint64_t balance_key(const struct balance *balance, const struct balance_client *client);

/* An index among the members: with the method among those that are up and not in `tried` (a bit
 * for each of the first 64; later ones count as tried never). One that is known to have no use
 * left is taken only when no other can be. LB_NONE: none. `candidates` is scratch for all. */
int balance_choose(struct balance *balance, struct lb_candidate *candidates, uint64_t key,
		   uint64_t tried) MUST_USE;
/* For a client that waits because none of them had a use left: idle connections of other engines
 * hold uses, too. One is asked for, of whichever member has any and is not in `failed` (bits as
 * above): the client that looks again soon finds its use. */
void balance_call_idle(struct balance *balance, uint64_t failed);
