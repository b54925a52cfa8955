/* SPDX-License-Identifier: Apache-2.0
 * object.h - one configured thing: its values, what is bound to it, and what it is told but cannot
 * do yet. Owner: control.
 *
 * Objects never move: a pointer is good until the object is removed. Control remembers objects by
 * uid, which is never used again and stays over a rename.
 */
#pragma once

#include "base/address.h"
#include "base/list.h"
#include "base/str.h"
#include "config/kind.h"

#include <stdbool.h>
#include <stdint.h>

/* An option of the reference that has no row of its own yet: kept as it was typed. */
struct extra {
	char *name; /* owned; as the reference spells it */
	char *text; /* owned; its words, quoted, with a blank before each */
};

/* What control has found out about a server with a domain name: resolver.h. Not saved. */
struct learned {
	bool is_known;
	struct address address; /* port 0 */
	uint32_t ttl_s;
	char why[64];       /* why it is not known, or the last question failed; empty: well */
	unsigned asked_now; /* how often -domainResolveNow was said */
};

enum binding_type {
	BINDING_SERVICE,   /* of a vserver: a service */
	BINDING_GROUP,     /* of a vserver: a service group */
	BINDING_POLICY,    /* of a vserver or service: kept as text */
	BINDING_SPILLOVER, /* of a vserver: a spillover policy, see bind_policy.h */
	BINDING_MEMBER,    /* of a service group: a server and a port */
	BINDING_MONITOR,   /* of a service or service group */
	BINDING_METRIC     /* of a metric table, or of a monitor; see bind_metric.h */
};

/* How what was disabled goes out of service. Not saved: a file that says DISABLED means at once. */
struct leave {
	uint64_t uid;     /* of the command that said so, never used again; 0: at once */
	uint32_t delay_s; /* most time; 0: no end but by is_graceful */
	bool is_graceful; /* as soon as nobody is served any more */
};

struct binding {
	uint64_t uid; /* never used again; stays while the binding stands */
	enum binding_type type;
	struct object *target;    /* NULL of a policy */
	uint16_t port;            /* of a member */
	uint32_t weight;          /* 1..100 */
	uint32_t priority, go_to; /* of a spillover policy */
	uint32_t hash_id;         /* of a member; 0: none */
	bool is_disabled;         /* of a member or a monitor */
	bool is_passive;          /* of a monitor */
	struct leave leave;       /* of a member that is disabled */
	uint64_t threshold;       /* of a metric of a monitor */
	char *name;  /* owned; of a policy or a metric; -CustomServerID of a member, NULL: none */
	char *extra; /* owned; further options, each with a blank before it; NULL: none */
};

struct object {
	uint64_t uid; /* 0: a copy, or not in the store yet */
	const struct kind *kind;
	struct value *values;     /* owned; kind->option_count of them */
	struct binding *bindings; /* owned; in the order in which they came */
	unsigned binding_count;
	struct extra *extras; /* owned */
	unsigned extra_count;
	bool is_implicit; /* a server that a service made by its address: goes with its last user */
	bool is_builtin;  /* came with Spillway: not printed while untouched, cannot be removed */
	struct leave leave;     /* of what is disabled */
	struct learned learned; /* of a server */
	struct list by_kind;    /* link: all of a kind, oldest first */
};

static inline struct str object_name(const struct object *object)
{
	return str_of(object->values[0].text);
}

/* What holds: the value that is set, else the default. */
uint64_t object_number(const struct object *object, unsigned option);
struct str object_text(const struct object *object, unsigned option); /* TEXT, ADDRESS, LIST */
bool object_is_set(const struct object *object, unsigned option);
/* Of kinds with a state: its own state only (a service's server may be disabled). */
bool object_is_enabled(const struct object *object);
/* Any option as text, default included; empty when neither is there. */
void object_print_option(const struct object *object, unsigned option, struct text *text);

/* Memory; the store decides which objects exist. */
struct object *object_new(const struct kind *kind, struct str name);
void object_free(struct object *object);
/* Values, bindings and extras; not identity and links. */
struct object *object_copy(const struct object *object);
/* What `object` holds is freed and it gets what `from` holds; `from` is freed. */
void object_take(struct object *object, struct object *from);

struct binding *object_add_binding(struct object *object, const struct binding *binding);
void object_remove_binding(struct object *object, const struct binding *binding);
void object_set_extra(struct object *object, struct str name, struct str text);
bool object_remove_extra(struct object *object, struct str name); /* false: it had none */

const struct binding *object_binding(const struct object *object, const struct object *target,
				     unsigned port); /* port only of members; NULL: none */
