/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "control/explain_priv.h"
#include "os/clock.h"
#include "persist/persist.h"
#include "persist/persist_text.h"

static const struct plan_service *member(const struct explain *in,
					 const struct plan_vserver *vserver, uint32_t index)
{
	return &in->control->plan->services[vserver->members[index].service];
}

static const struct plan_service *find_tag(const struct explain *in,
					   const struct plan_vserver *vserver, uint64_t tag)
{
	for (uint32_t i = 0; tag != 0 && i < vserver->member_count; i++) {
		struct str name = member(in, vserver, i)->known_as;

		if (hash_name(name.at, name.length) == tag)
			return member(in, vserver, i);
	}
	return NULL;
}

/* --- what the request says -------------------------------------------------------------------- */

/* What is missing to know the text that -rule names; NULL: nothing, and *text is it. */
static const char *find_text(const struct explain *in, const struct extract *rule, struct str *text)
{
	struct h1_request request = { .path = in->url, .authority = in->host };
	bool is_of_url = rule->from == EXTRACT_URL || rule->from == EXTRACT_QUERY;

	if (rule->from != EXTRACT_HOST && !is_of_url)
		return "its -rule reads a field of the request, that decides first";
	if (is_of_url ? in->url.length == 0 : in->host.length == 0)
		return "its -rule reads the URL, give -url to see";
	*text = persist_text(&request, rule);
	return text->length == 0 ? "the URL has nothing that its -rule names" : NULL;
}

static const struct plan_service *find_place(const struct explain *in,
					     const struct plan_vserver *vserver, struct str text)
{
	struct address place;

	if (!persist_text_place(text, &place))
		return NULL;
	for (uint32_t i = 0; i < vserver->member_count; i++)
		if (address_equal(&member(in, vserver, i)->address, &place))
			return member(in, vserver, i);
	return NULL;
}

static const struct plan_service *find_custom(const struct explain *in,
					      const struct plan_vserver *vserver, struct str text)
{
	for (uint32_t i = 0; i < vserver->member_count; i++)
		if (str_equal(member(in, vserver, i)->custom_id, text))
			return member(in, vserver, i);
	return NULL;
}

/* Who is named by a text; NULL with what is said instead. */
static const struct plan_service *find_named(const struct explain *in,
					     const struct plan_vserver *vserver, const char **why)
{
	const struct model_persistence *persistence = &vserver->persistence;
	const struct plan_service *found;
	struct str text;

	*why = find_text(in, &persistence->rule, &text);
	if (*why != NULL)
		return NULL;
	found = persistence->type == PERSISTENCE_CUSTOM_ID ? find_custom(in, vserver, text)
							   : find_place(in, vserver, text);
	*why = found == NULL ? "the URL names none of its services" : NULL;
	return found;
}

/* --- what the table says ---------------------------------------------------------------------- */

static const char *add_source(const struct explain *in, const struct plan_vserver *vserver,
			      struct persist_key *key)
{
	if (in->client == NULL)
		return "by source address, give -clientIP to see";
	persist_key_source(key, in->client, vserver->persistence.netmask,
			   vserver->persistence.v6_netmask_length);
	return NULL;
}

static const char *add_destination(const struct explain *in, const struct plan_vserver *vserver,
				   struct persist_key *key)
{
	const struct address *reached = address_is_any(&vserver->address) ? &in->reached->address
									  : &vserver->address;

	if (address_is_any(reached))
		return "by the address that the client reaches, and that may be any";
	persist_key_destination(key, reached);
	return NULL;
}

static const char *add_rule(const struct explain *in, const struct plan_vserver *vserver,
			    struct persist_key *key)
{
	struct str text;
	struct persist *table = in->control->setup.persist;
	const char *missing;

	if (vserver->persistence.rule.from == EXTRACT_SOURCE)
		return add_source(in, vserver, key);
	missing = find_text(in, &vserver->persistence.rule, &text);
	if (missing == NULL && table != NULL)
		persist_key_text(table, key, text);
	return missing;
}

/* What is missing of the key; NULL: nothing. */
static const char *make_key(const struct explain *in, const struct plan_vserver *vserver,
			    enum persist_kind kind, struct persist_key *key)
{
	struct str name = vserver->known_as;
	const char *missing = NULL;

	persist_key_begin(key, kind, hash_name(name.at, name.length));
	if (kind == PERSIST_RULE)
		missing = add_rule(in, vserver, key);
	if (kind == PERSIST_SOURCE || kind == PERSIST_SOURCE_DESTINATION)
		missing = add_source(in, vserver, key);
	if (missing == NULL && (kind == PERSIST_DESTINATION || kind == PERSIST_SOURCE_DESTINATION))
		missing = add_destination(in, vserver, key);
	return missing;
}

static const struct plan_service *look_up(const struct explain *in,
					  const struct plan_vserver *vserver,
					  enum persist_kind kind, const char **why)
{
	struct persist *table = in->control->setup.persist;
	const struct plan_service *found = NULL;
	struct persist_key key;

	*why = make_key(in, vserver, kind, &key);
	if (*why != NULL)
		return NULL;
	if (table != NULL) {
		persist_key_end(table, &key);
		found = find_tag(in, vserver, persist_look(table, &key, clock_ms() / 1000));
	}
	if (found == NULL)
		*why = kind == PERSIST_SOURCE ? "no entry for this address"
					      : "no entry for this client";
	return found;
}

/* --- what is said ----------------------------------------------------------------------------- */

static const struct plan_service *find_first(const struct explain *in,
					     const struct plan_vserver *vserver, const char **why)
{
	switch (vserver->persistence.type) {
	case PERSISTENCE_NONE:
		break;
	case PERSISTENCE_COOKIE:
		*why = "a cookie of the client decides first";
		return NULL;
	case PERSISTENCE_URL_PASSIVE:
	case PERSISTENCE_CUSTOM_ID:
		return find_named(in, vserver, why);
	case PERSISTENCE_SOURCE:
		return look_up(in, vserver, PERSIST_SOURCE, why);
	case PERSISTENCE_DESTINATION:
		return look_up(in, vserver, PERSIST_DESTINATION, why);
	case PERSISTENCE_SOURCE_DESTINATION:
		return look_up(in, vserver, PERSIST_SOURCE_DESTINATION, why);
	case PERSISTENCE_RULE:
		return look_up(in, vserver, PERSIST_RULE, why);
	}
	must_not_reach();
}

static bool is_named(enum persistence_type type)
{
	return type == PERSISTENCE_URL_PASSIVE || type == PERSISTENCE_CUSTOM_ID;
}

/* -persistenceBackup is for requests that show nothing. */
static bool has_backup(const struct explain *in, const struct plan_vserver *vserver)
{
	const struct model_persistence *persistence = &vserver->persistence;
	struct str text;

	if (persistence->backup_timeout_s == 0)
		return false;
	if (persistence->type == PERSISTENCE_RULE)
		return persistence->rule.from != EXTRACT_SOURCE &&
		       find_text(in, &persistence->rule, &text) != NULL;
	return persistence->type == PERSISTENCE_COOKIE || is_named(persistence->type);
}

/* True: it has the client, and that is said. */
static bool has_client(struct explain *in, const struct plan_service *service, const char *how)
{
	const struct runtime_service *runtime = runtime_service(&in->control->runtime,
								service->uid);

	text_print(in->text, "\tpersistence: %s %s\n", how, runtime->entry.name);
	if (runtime->is_up)
		text_print(in->text, "\tservice: %s, as before\n", runtime->entry.name);
	return runtime->is_up;
}

bool explain_persistence(struct explain *in, const struct plan_vserver *vserver)
{
	const struct model_persistence *persistence = &vserver->persistence;
	const char *how = is_named(persistence->type) ? "the URL names"
						      : "the client was served by";
	const struct plan_service *service;
	const char *why;

	if (persistence->type == PERSISTENCE_NONE)
		return false;
	service = find_first(in, vserver, &why);
	if (service != NULL && has_client(in, service, how))
		return true;
	if (service == NULL)
		text_print(in->text, "\tpersistence: %s\n", why);
	if (!has_backup(in, vserver))
		return false;
	service = look_up(in, vserver, PERSIST_SOURCE, &why);
	if (service != NULL)
		return has_client(in, service, "else by -persistenceBackup the client is with");
	text_print(in->text, "\tpersistence: -persistenceBackup: %s\n", why);
	return false;
}
