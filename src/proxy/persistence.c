/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/persistence.h"

#include "base/hash.h"
#include "os/socket.h"
#include "persist/persist_text.h"
#include "proxy/proxy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOBODY = -1, MARK_DIGITS = 16, TIME_DIGITS = 8 };

/* What is found out about one client. */
struct trace {
	const struct vserver *vserver;
	struct persist_key key;
	uint32_t timeout_s;
	bool has_key;
	uint64_t seen; /* what the table said; 0: nothing */
	int index;     /* of the member; NOBODY: not known, or not bound any more */
};

static uint64_t now_s(const struct vserver *vserver)
{
	return vserver->proxy->engine->loop.now_ms / 1000;
}

static const struct service *member(const struct vserver *vserver, uint32_t index)
{
	return vserver->balance.members[index].service;
}

/* --- which member is meant --- */

static int find_tag(const struct vserver *vserver, uint64_t tag)
{
	for (uint32_t index = 0; tag != 0 && index < vserver->balance.member_count; index++)
		if (member(vserver, index)->tag == tag)
			return (int)index;
	return NOBODY;
}

static int find_custom(const struct vserver *vserver, struct str text)
{
	uint64_t tag = text.length > 0 ? hash_bytes(text.at, text.length) : 0;

	for (uint32_t index = 0; tag != 0 && index < vserver->balance.member_count; index++)
		if (member(vserver, index)->custom_tag == tag)
			return (int)index;
	return NOBODY;
}

static int find_place(const struct vserver *vserver, struct str text)
{
	struct address place;

	if (!persist_text_place(text, &place))
		return NOBODY;
	for (uint32_t index = 0; index < vserver->balance.member_count; index++)
		if (address_equal(&member(vserver, index)->address, &place))
			return (int)index;
	return NOBODY;
}

/* --- cookies --- */

/* What a cookie is about: a service, or a virtual server after a spill. */
enum about { ABOUT_SERVICE, ABOUT_SPILL };

static uint64_t mark_of(const struct persistence *persistence, enum about about, uint64_t tag)
{
	uint64_t parts[3] = { persistence->owner, about, tag };

	return sip_hash(persist_secret(persistence->table), parts, sizeof(parts));
}

static uint64_t read_number(const unsigned char *bytes, size_t count)
{
	uint64_t number = 0;

	for (size_t index = 0; index < count; index++)
		number = number << 8 | bytes[index];
	return number;
}

/* The mark of the cookie of that name; 0: there is none, or it is over. *is_old: it has lived for
 * half its time. */
static uint64_t read_mark(const struct vserver *vserver, const struct h1_request *request,
			  struct str name, uint64_t timeout_s, bool *is_old)
{
	struct str value = persist_text_cookie(request, name);
	unsigned char bytes[(MARK_DIGITS + TIME_DIGITS) / 2];
	uint64_t age_s;

	*is_old = true;
	if (!persist_text_bytes(value, bytes, sizeof(bytes)))
		return 0;
	age_s = now_s(vserver) - read_number(bytes + MARK_DIGITS / 2, TIME_DIGITS / 2);
	if (timeout_s > 0 && age_s > timeout_s)
		return 0;
	*is_old = timeout_s > 0 && age_s >= timeout_s / 2;
	return read_number(bytes, MARK_DIGITS / 2);
}

static struct str write_cookie(const struct vserver *vserver, const char *name, uint64_t mark,
			       uint32_t timeout_s, char text[PERSISTENCE_COOKIE_ROOM])
{
	const char *hidden = vserver->persistence.model.is_script_cookie ? "" : "; HttpOnly";
	char age[32] = "";
	int length;

	if (timeout_s > 0)
		(void)snprintf(age, sizeof(age), "; Max-Age=%" PRIu32, timeout_s);
	length = snprintf(text, PERSISTENCE_COOKIE_ROOM,
			  "%s=%016" PRIx64 "%08" PRIx32 "%s; Path=/%s", name, mark,
			  (uint32_t)now_s(vserver), age, hidden);
	must(length > 0);
	if (length >= PERSISTENCE_COOKIE_ROOM)
		return (struct str){ NULL, 0 };
	return (struct str){ text, (size_t)length };
}

/* An old one is none; one that has lived for half its time is given anew. */
static int find_cookie(const struct vserver *vserver, struct persistence_ask *ask)
{
	const struct persistence *persistence = &vserver->persistence;
	bool is_old;
	uint64_t mark = read_mark(vserver, ask->request, persistence->model.cookie,
				  persistence->model.timeout_s, &is_old);

	ask->wants_cookie = true;
	for (uint32_t index = 0; mark != 0 && index < vserver->balance.member_count; index++) {
		if (mark_of(persistence, ABOUT_SERVICE, member(vserver, index)->tag) != mark)
			continue;
		ask->wants_cookie = is_old;
		return (int)index;
	}
	return NOBODY;
}

struct str persistence_cookie(const struct vserver *vserver, const struct service *service,
			      char text[PERSISTENCE_COOKIE_ROOM])
{
	const struct persistence *persistence = &vserver->persistence;

	if (find_tag(vserver, service->tag) == NOBODY || persistence->table == NULL)
		return (struct str){ NULL, 0 };
	return write_cookie(vserver, persistence->cookie,
			    mark_of(persistence, ABOUT_SERVICE, service->tag),
			    persistence->model.timeout_s, text);
}

/* --- the table --- */

static void add_source(const struct persistence *persistence, struct persist_key *key,
		       const struct address *peer)
{
	persist_key_source(key, peer, persistence->model.netmask,
			   persistence->model.v6_netmask_length);
}

static void add_destination(const struct vserver *vserver, struct persist_key *key, int fd)
{
	struct address reached = vserver->address;

	if (!address_is_any(&reached) || socket_local(fd, &reached) == 0)
		persist_key_destination(key, &reached);
}

/* The text that -rule names, or the address; false when the request has none. */
static bool add_rule(const struct persistence *persistence, struct persist_key *key,
		     const struct persistence_ask *ask)
{
	struct str text;

	if (persistence->model.rule.from == EXTRACT_SOURCE) {
		add_source(persistence, key, ask->peer);
		return true;
	}
	if (ask->request == NULL)
		return false;
	text = persist_text(ask->request, &persistence->model.rule);
	if (text.length == 0)
		return false;
	persist_key_text(persistence->table, key, text);
	return true;
}

struct str persistence_token(const struct persistence *persistence, const struct address *peer,
			     const struct h1_request *request, char text[ADDRESS_TEXT_MAX])
{
	if (persistence->model.rule.from == EXTRACT_SOURCE)
		return str_of(address_print_host(peer, text));
	if (request == NULL)
		return (struct str){ NULL, 0 };
	return persist_text(request, &persistence->model.rule);
}

static bool make_key(struct trace *trace, const struct persistence_ask *ask)
{
	const struct persistence *persistence = &trace->vserver->persistence;
	uint64_t owner = persistence->owner;
	struct persist_key *key = &trace->key;

	switch (persistence->model.type) {
	case PERSISTENCE_NONE:
	case PERSISTENCE_COOKIE:
	case PERSISTENCE_URL_PASSIVE:
	case PERSISTENCE_CUSTOM_ID:
		return false;
	case PERSISTENCE_SOURCE:
		persist_key_begin(key, PERSIST_SOURCE, owner);
		add_source(persistence, key, ask->peer);
		return true;
	case PERSISTENCE_DESTINATION:
		persist_key_begin(key, PERSIST_DESTINATION, owner);
		add_destination(trace->vserver, key, ask->fd);
		return true;
	case PERSISTENCE_SOURCE_DESTINATION:
		persist_key_begin(key, PERSIST_SOURCE_DESTINATION, owner);
		add_source(persistence, key, ask->peer);
		add_destination(trace->vserver, key, ask->fd);
		return true;
	case PERSISTENCE_RULE:
		persist_key_begin(key, PERSIST_RULE, owner);
		return add_rule(persistence, key, ask);
	}
	must_not_reach();
}

/* What the type knows, else the source address when that is the backup. */
static struct trace look_up(const struct vserver *vserver, const struct persistence_ask *ask)
{
	const struct persistence *persistence = &vserver->persistence;
	struct trace trace = { .vserver = vserver, .index = NOBODY };

	trace.timeout_s = persistence->model.timeout_s;
	trace.has_key = make_key(&trace, ask);
	if (!trace.has_key && persistence->model.backup_timeout_s > 0) {
		persist_key_begin(&trace.key, PERSIST_SOURCE, persistence->owner);
		add_source(persistence, &trace.key, ask->peer);
		trace.timeout_s = persistence->model.backup_timeout_s;
		trace.has_key = true;
	}
	if (!trace.has_key)
		return trace;
	persist_key_end(persistence->table, &trace.key);
	trace.seen = persist_use(persistence->table, &trace.key, now_s(vserver), trace.timeout_s);
	trace.index = find_tag(vserver, trace.seen);
	return trace;
}

/* The tag that holds now: another engine may have been quicker. */
static uint64_t put(struct trace *trace, uint64_t value)
{
	struct stat_engine *stats = trace->vserver->proxy->stats;

	if (trace->seen == value)
		return value;
	switch (persist_put(trace->vserver->persistence.table, &trace->key, now_s(trace->vserver),
			    trace->timeout_s, &trace->seen, value)) {
	case PERSIST_KEPT:
		break;
	case PERSIST_FULL:
		stat_add(&stats->persist_evicted, 1);
		break;
	case PERSIST_LOST:
		stat_add(&stats->persist_lost, 1);
		break;
	}
	return trace->seen;
}

/* --- the choice --- */

static int find_named(const struct vserver *vserver, struct persistence_ask *ask)
{
	const struct model_persistence *model = &vserver->persistence.model;

	switch (model->type) {
	case PERSISTENCE_COOKIE:
		return find_cookie(vserver, ask);
	case PERSISTENCE_URL_PASSIVE:
		return find_place(vserver, persist_text(ask->request, &model->rule));
	case PERSISTENCE_CUSTOM_ID:
		return find_custom(vserver, persist_text(ask->request, &model->rule));
	case PERSISTENCE_NONE:
	case PERSISTENCE_SOURCE:
	case PERSISTENCE_RULE:
	case PERSISTENCE_DESTINATION:
	case PERSISTENCE_SOURCE_DESTINATION:
		break;
	}
	return NOBODY;
}

static bool can_have(const struct vserver *vserver, int index, uint64_t tried)
{
	if (index == NOBODY || !service_takes_known(member(vserver, (uint32_t)index)))
		return false;
	return index >= 64 || (tried & (uint64_t)1 << index) == 0;
}

static struct service *keep(struct vserver *vserver, struct persistence_ask *ask, int index,
			    uint64_t *tried)
{
	if (index < 64)
		*tried |= (uint64_t)1 << index;
	ask->is_kept = true;
	stat_add(&vserver->stats->persistent, 1);
	return vserver->balance.members[index].service;
}

/* Where the client goes that nothing leads anywhere; *tried has it. */
static struct service *choose_anew(struct vserver *vserver, struct persistence_ask *ask,
				   struct trace *trace, uint64_t *tried)
{
	uint64_t before = *tried;
	struct service *service = vserver_choose(vserver, ask->key, tried);
	int winner;

	if (service == NULL || !trace->has_key)
		return service;
	winner = find_tag(vserver, put(trace, service->tag));
	if (winner == NOBODY || member(vserver, (uint32_t)winner) == service)
		return service;
	if (can_have(vserver, winner, before)) {
		*tried = before;
		return keep(vserver, ask, winner, tried);
	}
	(void)put(trace, service->tag);
	return service;
}

struct service *persistence_choose(struct vserver *vserver, struct persistence_ask *ask,
				   uint64_t *tried)
{
	const struct persistence *persistence = &vserver->persistence;
	struct trace trace;
	int index;

	must_be_on(vserver->proxy->engine);
	ask->is_kept = ask->wants_cookie = false;
	if (persistence->model.type == PERSISTENCE_NONE || persistence->table == NULL)
		return vserver_choose(vserver, ask->key, tried);
	index = find_named(vserver, ask);
	trace = look_up(vserver, ask);
	if (!can_have(vserver, index, *tried)) {
		ask->wants_cookie = persistence->model.type == PERSISTENCE_COOKIE;
		index = trace.index;
	}
	if (!can_have(vserver, index, *tried))
		return choose_anew(vserver, ask, &trace, tried);
	if (trace.has_key)
		(void)put(&trace, member(vserver, (uint32_t)index)->tag);
	return keep(vserver, ask, index, tried);
}

void persistence_stay(struct vserver *vserver, const struct persistence_ask *ask,
		      const struct service *service)
{
	struct trace trace;

	if (vserver->persistence.model.type == PERSISTENCE_NONE ||
	    vserver->persistence.table == NULL)
		return;
	trace = look_up(vserver, ask);
	if (trace.has_key)
		(void)put(&trace, service->tag);
}

/* Before there is a connection or a request an address is all that can be known. */
bool persistence_knows(const struct vserver *vserver, const struct address *peer)
{
	const struct persistence *persistence = &vserver->persistence;
	struct persistence_ask ask = { .peer = peer, .fd = -1 };

	if (persistence->table == NULL || (persistence->model.type != PERSISTENCE_SOURCE &&
					   persistence->model.backup_timeout_s == 0))
		return false;
	return look_up(vserver, &ask).seen != 0;
}

static bool is_named(const struct vserver *vserver, const struct vserver *reached,
		     const struct persistence_ask *ask)
{
	bool is_old;

	return persistence_has_spill_cookie(&reached->persistence) &&
	       persistence_spill_named(reached, ask->request, &is_old) == vserver;
}

bool persistence_knows_request(const struct vserver *vserver, const struct vserver *reached,
			       struct persistence_ask *ask)
{
	const struct persistence *persistence = &vserver->persistence;

	if (persistence->table == NULL)
		return false;
	if (persistence->model.type == PERSISTENCE_NONE)
		return is_named(vserver, reached, ask);
	return find_named(vserver, ask) != NOBODY || look_up(vserver, ask).seen != 0 ||
	       is_named(vserver, reached, ask);
}

/* --- spillover --- */

static bool begin_spill(struct trace *trace, const struct vserver *reached,
			const struct address *peer)
{
	const struct persistence *persistence = &reached->persistence;

	if (persistence->table == NULL || persistence->model.spill_timeout_s == 0)
		return false;
	*trace = (struct trace){ .vserver = reached, .has_key = true };
	trace->timeout_s = persistence->model.spill_timeout_s;
	persist_key_begin(&trace->key, PERSIST_SPILL, persistence->owner);
	add_source(persistence, &trace->key, peer);
	persist_key_end(persistence->table, &trace->key);
	trace->seen = persist_use(persistence->table, &trace->key, now_s(reached),
				  trace->timeout_s);
	return true;
}

uint64_t persistence_spill_find(const struct vserver *reached, const struct address *peer)
{
	struct trace trace;

	return begin_spill(&trace, reached, peer) ? trace.seen : 0;
}

/* Whoever served last wins, so that what others have put meanwhile is overwritten. */
void persistence_spill_note(const struct vserver *reached, const struct address *peer,
			    const struct vserver *serving)
{
	uint64_t tag = serving->persistence.owner;
	struct trace trace;

	if (begin_spill(&trace, reached, peer) && put(&trace, tag) != tag)
		(void)put(&trace, tag);
}

struct vserver *persistence_spill_named(const struct vserver *reached,
					const struct h1_request *request, bool *is_old)
{
	const struct persistence *persistence = &reached->persistence;
	struct proxy *proxy = reached->proxy;
	struct vserver *vserver = proxy_vserver(proxy, reached->id);
	uint64_t mark = read_mark(reached, request, persistence->model.spill_cookie,
				  persistence->model.spill_timeout_s, is_old);

	for (uint32_t hops = proxy->vserver_room; mark != 0 && vserver != NULL && hops > 0;
	     hops--) {
		if (mark_of(persistence, ABOUT_SPILL, vserver->persistence.owner) == mark)
			return vserver;
		vserver = proxy_vserver(proxy, vserver->backup);
	}
	return NULL;
}

struct str persistence_spill_cookie(const struct vserver *reached, const struct vserver *serving,
				    char text[PERSISTENCE_COOKIE_ROOM])
{
	const struct persistence *persistence = &reached->persistence;

	if (!persistence_has_spill_cookie(persistence))
		return (struct str){ NULL, 0 };
	return write_cookie(reached, persistence->spill_cookie,
			    mark_of(persistence, ABOUT_SPILL, serving->persistence.owner),
			    persistence->model.spill_timeout_s, text);
}

/* --- life --- */

void persistence_configure(struct persistence *persistence, const struct model_vserver *model,
			   struct persist *table)
{
	persistence_fini(persistence);
	persistence->table = table;
	persistence->owner = model->tag;
	persistence->model = model->persistence;
	persistence->cookie = str_dup(model->persistence.cookie);
	persistence->spill_cookie = str_dup(model->persistence.spill_cookie);
	persistence->rule_name = str_dup(model->persistence.rule.name);
	persistence->model.spill_cookie = str_of(persistence->spill_cookie);
	persistence->model.cookie = str_of(persistence->cookie);
	persistence->model.rule.name = str_of(persistence->rule_name);
}

void persistence_fini(struct persistence *persistence)
{
	free(persistence->cookie);
	free(persistence->spill_cookie);
	free(persistence->rule_name);
	persistence->cookie = persistence->spill_cookie = persistence->rule_name = NULL;
}
