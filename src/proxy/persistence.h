/* SPDX-License-Identifier: Apache-2.0
 * persistence.h - a client comes back to the service that served it, and after a spill to the
 * virtual server that did.
 *
 * Before the balancing method is asked: what the client is known by (an address, a text of the
 * request, our cookie) says which service had it, and that one has it again while it is up, or is
 * going out of service gracefully; when every use of it is taken the client waits in its line. A
 * client that nothing is known of goes where the method says, and that is noted. The table
 * (persist/persist.h) is that of all engines; a cookie and what a URL names need none.
 *
 * The cookie's value is a hash, keyed with a secret of the appliance, of the virtual server and the
 * service, and the time of issue: nobody can make one up, and none leads to a service that is not
 * bound.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "http/h1.h"
#include "model/snapshot.h"
#include "persist/persist.h"

#include <stdbool.h>
#include <stdint.h>

struct service;
struct vserver;

/* Owner: the engine. Lies in a vserver's slot; settings are copies. */
struct persistence {
	struct persist *table; /* borrowed; NULL: there is none, and nobody is known */
	uint64_t owner;        /* tag of the virtual server */
	struct model_persistence model;
	char *cookie, *spill_cookie, *rule_name; /* owned: the texts of `model` */
};

/* Who asks, and what is answered. */
struct persistence_ask {
	const struct address *peer;
	int fd;                           /* of the client's connection */
	const struct h1_request *request; /* NULL unless persistence_reads_request() */
	uint64_t key;                     /* for the balancing method */
	bool is_kept;      /* the client was sent where it had been before: it waits there */
	bool wants_cookie; /* the answer should bring it a (new) cookie */
};

enum { PERSISTENCE_COOKIE_ROOM = 192 };

void persistence_configure(struct persistence *persistence, const struct model_vserver *model,
			   struct persist *table);
void persistence_fini(struct persistence *persistence);

/* Whether the request must be there to know a client. */
static inline bool persistence_reads_request(const struct persistence *persistence)
{
	enum persistence_type type = persistence->model.type;

	return type == PERSISTENCE_COOKIE || type == PERSISTENCE_RULE ||
	       type == PERSISTENCE_URL_PASSIVE || type == PERSISTENCE_CUSTOM_ID;
}

/* The text that -rule names, for the balancing method TOKEN; empty: there is none. `request` may be
 * NULL. */
struct str persistence_token(const struct persistence *persistence, const struct address *peer,
			     const struct h1_request *request, char text[ADDRESS_TEXT_MAX]);

/* As vserver_choose(), but first the service that the client is known at. */
struct service *persistence_choose(struct vserver *vserver, struct persistence_ask *ask,
				   uint64_t *tried) MUST_USE;
/* All services are full and the client waits for this one: that is where it belongs. */
void persistence_stay(struct vserver *vserver, const struct persistence_ask *ask,
		      const struct service *service);
/* The value of a Set-Cookie field; empty when the service is not bound any more. */
struct str persistence_cookie(const struct vserver *vserver, const struct service *service,
			      char text[PERSISTENCE_COOKIE_ROOM]);

/* Whether the table knows a service of this virtual server for a client of that address. */
bool persistence_knows(const struct vserver *vserver, const struct address *peer);
/* Likewise for a request (`ask->request` is there), by any type of persistence and by the cookie of
 * spillover that `reached` gave. */
bool persistence_knows_request(const struct vserver *vserver, const struct vserver *reached,
			       struct persistence_ask *ask);

/* The tag of the virtual server that served this client last, with spillover persistence; 0: it is
 * not known. */
uint64_t persistence_spill_find(const struct vserver *reached, const struct address *peer);
void persistence_spill_note(const struct vserver *reached, const struct address *peer,
			    const struct vserver *serving);

/* HTTP says it by a cookie, which counts more than the address: whether it may be there. */
static inline bool persistence_has_spill_cookie(const struct persistence *persistence)
{
	return persistence->table != NULL && persistence->model.spill_timeout_s > 0;
}
/* Who in the chain of `reached` the request's cookie names; NULL: nobody. *is_old: it should be
 * given anew. */
struct vserver *persistence_spill_named(const struct vserver *reached,
					const struct h1_request *request, bool *is_old);
/* The value of a Set-Cookie field that names `serving`. */
struct str persistence_spill_cookie(const struct vserver *reached, const struct vserver *serving,
				    char text[PERSISTENCE_COOKIE_ROOM]);
