/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/balance.h"

#include "engine/engine.h"
#include "os/socket.h"

#include <stdlib.h>

enum {
	LOOK_READS_MAX = 256, /* blocks of other engines that are read in a millisecond */
	FLOW_MS = 1000,       /* bytes and packets are forgotten over so long, */
	RESPONSE_MS = 8000,   /* times to first bytes, */
	CHARGE_MS = 128       /* and what was charged for a choice */
};

/* --- keys --- */

/* What a key is made of when the method has no use for one, or nothing to make it of. */
static enum lb_key kind_of(const struct balance *balance, const struct balance_client *client,
			   bool *is_of_backup)
{
	enum lb_key kind = balance->method->key;

	*is_of_backup = kind == LB_KEY_TOKEN && client->token.length == 0;
	if (kind == LB_KEY_NONE || *is_of_backup)
		kind = balance->backup_method->key;
	if ((kind == LB_KEY_URL || kind == LB_KEY_DOMAIN) && balance->protocol != PROTOCOL_HTTP)
		kind = LB_KEY_SOURCE;
	return kind;
}

uint64_t balance_key(const struct balance *balance, const struct balance_client *client)
{
	struct lb_key_client who = { .peer = client->peer,
				     .url = client->url,
				     .host = client->host,
				     .token = client->token };
	bool is_of_backup;
	enum lb_key kind = kind_of(balance, client, &is_of_backup);
	struct address reached;
	uint64_t key;

	if ((kind == LB_KEY_DESTINATION || kind == LB_KEY_SOURCE_DESTINATION) &&
	    socket_local(client->fd, &reached) == 0)
		who.reached = &reached;
	key = lb_key_make(kind, &balance->masks, &who);
	return is_of_backup ? key | BALANCE_KEY_OF_BACKUP : key;
}

/* --- what the engines do --- */

/* The counters of a service that the method compares: an amount, and how often it was made. */
static uint64_t read_amount(const struct balance *balance, const struct stat_service *stats)
{
	switch (balance->flow) {
	case LB_LOAD_RESPONSE_TIME:
		return stat_read(&stats->first_bytes_ms);
	case LB_LOAD_BYTES:
		return stat_read(&stats->bytes_in) + stat_read(&stats->bytes_out);
	case LB_LOAD_PACKETS:
		return stat_read(&stats->packets_in) + stat_read(&stats->packets_out);
	case LB_LOAD_NONE:
	case LB_LOAD_USES:
	case LB_LOAD_PROBE_TIME:
		break;
	}
	return 0;
}

static uint64_t read_times(const struct balance *balance, const struct stat_service *stats)
{
	if (balance->flow == LB_LOAD_RESPONSE_TIME)
		return stat_read(&stats->first_bytes);
	if (balance->protocol == PROTOCOL_HTTP)
		return stat_read(&stats->requests_total);
	return stat_read(&stats->connections_total);
}

static double forget(double value, uint64_t passed_ms, unsigned over_ms)
{
	return passed_ms < over_ms ? value * (1 - (double)passed_ms / over_ms) : 0;
}

static void grow(struct balance_flow *flow, uint64_t now, uint64_t passed_ms, unsigned over_ms)
{
	flow->recent = forget(flow->recent, passed_ms, over_ms) + (double)(now - flow->seen);
	flow->seen = now;
}

static void look_at_uses(struct balance_member *member, const struct stat_service *first,
			 unsigned engines)
{
	member->open_elsewhere = member->idle_elsewhere = member->uses_elsewhere = 0;
	for (unsigned engine = 0; engine < engines; engine++) {
		if (&first[engine] == member->service->stats)
			continue;
		member->open_elsewhere += stat_read(&first[engine].connections);
		member->idle_elsewhere += stat_read(&first[engine].idle);
		member->uses_elsewhere += stat_read(&first[engine].active) +
					  stat_read(&first[engine].waiting);
	}
}

static void look_at_flow(const struct balance *balance, struct balance_member *member,
			 const struct stat_service *first, unsigned engines, uint64_t passed_ms)
{
	unsigned over_ms = balance->flow == LB_LOAD_RESPONSE_TIME ? RESPONSE_MS : FLOW_MS;
	uint64_t amount = 0, times = 0;

	for (unsigned engine = 0; engine < engines; engine++) {
		amount += read_amount(balance, &first[engine]);
		times += read_times(balance, &first[engine]);
	}
	grow(&member->amount, amount, passed_ms, over_ms);
	grow(&member->times, times, passed_ms, over_ms);
	member->charged = forget(member->charged, passed_ms, CHARGE_MS);
}

static const struct stat_service *first_block(const struct balance *balance,
					      const struct balance_member *member)
{
	return member->service->stats - balance->engine->index;
}

static void look(struct balance *balance)
{
	uint64_t now_ms = balance->engine->loop.now_ms, passed_ms = now_ms - balance->looked_ms;
	uint64_t reads = (uint64_t)balance->member_count * balance->engines;

	for (uint32_t index = 0; index < balance->member_count; index++) {
		struct balance_member *member = &balance->members[index];
		const struct stat_service *first = first_block(balance, member);

		look_at_uses(member, first, balance->engines);
		if (balance->flow != LB_LOAD_NONE)
			look_at_flow(balance, member, first, balance->engines, passed_ms);
	}
	balance->looked_ms = now_ms;
	balance->look_ms = now_ms + 1 + reads / LOOK_READS_MAX;
}

/* --- the choice --- */

/* Shrinks as what was seen is forgotten. Never 0: uses count also among those that answer within
 * the clock's grain. */
static double response_ms(const struct balance_member *member)
{
	return member->amount.recent / (member->times.recent + 1) + 1.0 / 16;
}

/* A service of which nothing is known counts like the others on average. */
static uint64_t probe_us_of(const struct balance *balance, const struct balance_member *member)
{
	const struct stat_health *health = member->service->health;
	uint64_t average_us = health != NULL ? stat_read(&health->average_us) : 0;

	return average_us > 0 ? average_us : balance->probe_us;
}

static uint64_t load_of(const struct balance *balance, const struct balance_member *member,
			enum lb_load load)
{
	uint64_t uses = service_load(member->service);

	if (!balance->counts_alone)
		uses += member->uses_elsewhere;
	switch (load) {
	case LB_LOAD_NONE:
		return 0;
	case LB_LOAD_USES:
		return uses;
	case LB_LOAD_PROBE_TIME:
		return (uses + 1) * probe_us_of(balance, member);
	case LB_LOAD_RESPONSE_TIME:
		return (uint64_t)((double)(uses + 1) * response_ms(member) * 1024);
	case LB_LOAD_BYTES:
	case LB_LOAD_PACKETS:
		return (uint64_t)(member->amount.recent + member->charged);
	}
	must_not_reach();
}

static uint64_t mean_probe_us(const struct balance *balance)
{
	uint64_t sum = 0, count = 0;

	for (uint32_t index = 0; index < balance->member_count; index++) {
		const struct stat_health *health = balance->members[index].service->health;
		uint64_t average_us = health != NULL ? stat_read(&health->average_us) : 0;

		sum += average_us;
		count += average_us > 0;
	}
	return count > 0 ? sum / count : 0;
}

static void charge(struct balance_member *member)
{
	double cost = 1;

	if (member->times.recent >= 1 && member->amount.recent > member->times.recent)
		cost = member->amount.recent / member->times.recent;
	member->charged += cost;
}

/* Known to have no use left, or to have others in line. What is known of other engines is as old as
 * the last look. */
static bool is_full(const struct balance_member *member)
{
	const struct service *service = member->service;

	if (pace_is_reached(&service->pace))
		return true;
	if (service->max_client == 0)
		return service->line.count > 0;
	return service->line.count > 0 ||
	       (service->idle_count == 0 &&
		service->connections + member->open_elsewhere >= service->max_client);
}

static bool is_tried(uint64_t tried, uint32_t index)
{
	return index < 64 && (tried & (uint64_t)1 << index) != 0;
}

/* How much there is to be said for a member. */
enum standing {
	STANDING_OUT,  /* down, or tried already */
	STANDING_FULL, /* only when no other can be */
	STANDING_SLOW, /* it has come up and had its part of new clients: likewise, before those */
	STANDING_GOOD
};

/* Seen again after it was down, or for the first time. Where nobody has a share yet there is none
 * to come to slowly. */
static void note_state(struct balance *balance, struct balance_member *member, bool is_usable)
{
	unsigned engines = balance->engines;

	if (is_usable && !member->was_usable && balance->established > 0) {
		slow_start_begin(&member->start, balance->engine->loop.now_ms);
		balance->turns_left += (balance->slow_start.round_robin + engines - 1) / engines;
	}
	member->was_usable = is_usable;
}

/* It has come up and had its part of new clients. */
static bool is_held_back(const struct balance *balance, struct balance_member *member)
{
	struct slow_start_place place = { balance->engine->index, balance->engines };
	uint64_t now_ms = balance->engine->loop.now_ms;

	if (!member->start.is_on || slow_start_allows(&member->start, &balance->slow_start, place,
						      balance->member_count - 1, now_ms))
		return false;
	stat_add(&member->service->stats->slow_held, 1);
	stat_set(&member->service->stats->slow_held_ms, now_ms);
	return true;
}

static enum standing standing_of(struct balance *balance, uint32_t index, uint64_t tried)
{
	struct balance_member *member = &balance->members[index];
	bool is_usable = service_is_usable(member->service);

	if (is_usable != member->was_usable)
		note_state(balance, member, is_usable);
	if (!is_usable || is_tried(tried, index))
		return STANDING_OUT;
	if (is_full(member))
		return STANDING_FULL;
	return is_held_back(balance, member) ? STANDING_SLOW : STANDING_GOOD;
}

/* The best standing that is left; those below it are not eligible. */
static enum standing line_up(struct balance *balance, struct lb_candidate *candidates,
			     const struct lb_method *method, uint64_t tried)
{
	enum standing best = STANDING_OUT;
	uint32_t established = 0;

	for (uint32_t index = 0; index < balance->member_count; index++) {
		const struct balance_member *member = &balance->members[index];
		enum standing standing = standing_of(balance, index, tried);

		if (standing > best) {
			for (uint32_t before = 0; before < index; before++)
				candidates[before].is_eligible = false;
			best = standing;
		}
		candidates[index] = (struct lb_candidate){
			.is_eligible = standing == best && standing != STANDING_OUT,
			.weight = member->weight,
			.id = member->service->hash_id,
			.load = load_of(balance, member, method->load),
		};
		established += member->was_usable && !member->start.is_on;
	}
	balance->established = established;
	return best;
}

/* The method, the one for when that has nothing to go by, or in turn. */
static const struct lb_method *method_for(struct balance *balance, uint64_t key, void **state)
{
	const struct lb_method *method = balance->method;

	*state = balance->state;
	if (method->load == LB_LOAD_PROBE_TIME)
		balance->probe_us = mean_probe_us(balance);
	if ((key & BALANCE_KEY_OF_BACKUP) != 0 ||
	    (method->load == LB_LOAD_PROBE_TIME && balance->probe_us == 0)) {
		*state = balance->backup_state;
		return balance->backup_method;
	}
	if (balance->turns_left > 0 && method->key == LB_KEY_NONE) {
		balance->turns_left--;
		*state = balance->turn_state;
		return &lb_round_robin;
	}
	return method;
}

static void note_choice(struct balance *balance, uint32_t chosen)
{
	if (balance->flow != LB_LOAD_NONE)
		charge(&balance->members[chosen]);
	for (uint32_t index = 0; balance->slow_start.step > 0 && index < balance->member_count;
	     index++)
		slow_start_note(&balance->members[index].start, index == chosen);
}

int balance_choose(struct balance *balance, struct lb_candidate *candidates, uint64_t key,
		   uint64_t tried)
{
	const struct lb_method *method;
	void *state;
	int chosen;

	if (balance->has_looks && balance->engine->loop.now_ms >= balance->look_ms)
		look(balance);
	method = method_for(balance, key, &state);
	if (line_up(balance, candidates, method, tried) == STANDING_OUT)
		return LB_NONE;
	chosen = method->choose(state, candidates, balance->member_count, key);
	if (chosen != LB_NONE)
		note_choice(balance, (uint32_t)chosen);
	return chosen;
}

/* Asked for of one member only: each call costs every other engine a warm connection. */
void balance_call_idle(struct balance *balance, uint64_t failed)
{
	for (uint32_t index = 0; index < balance->member_count; index++) {
		struct balance_member *member = &balance->members[index];

		if (member->idle_elsewhere == 0 || member->service->max_client == 0 ||
		    !service_is_usable(member->service) || is_tried(failed, index))
			continue;
		line_call_idle(member->service);
		return;
	}
}

/* --- life --- */

/* What the method, or else the one behind it, compares of the flow. */
static enum lb_load flow_of(const struct lb_method *method)
{
	switch (method->load) {
	case LB_LOAD_RESPONSE_TIME:
	case LB_LOAD_BYTES:
	case LB_LOAD_PACKETS:
		return method->load;
	case LB_LOAD_NONE:
	case LB_LOAD_USES:
	case LB_LOAD_PROBE_TIME:
		break;
	}
	return LB_LOAD_NONE;
}

static void set_methods(struct balance *balance, const struct lb_method *method,
			const struct lb_method *backup)
{
	enum lb_load flow = flow_of(method);

	if (backup == NULL)
		backup = &lb_round_robin;
	must(method->state_size <= sizeof(balance->state));
	must(backup->state_size <= sizeof(balance->backup_state));
	if (flow == LB_LOAD_NONE)
		flow = flow_of(backup);
	if (balance->method != method)
		memset(balance->state, 0, sizeof(balance->state));
	if (balance->backup_method != backup)
		memset(balance->backup_state, 0, sizeof(balance->backup_state));
	if (balance->method != method || balance->flow != flow)
		balance->member_count = balance->established = 0; /* they are measured anew */
	balance->method = method;
	balance->backup_method = backup;
	balance->flow = flow;
}

/* The member for a service as it was before; NULL: it is new. Mostly it stands where it stood. */
static const struct balance_member *find_old(const struct balance *balance,
					     const struct service *service, uint32_t place)
{
	if (place < balance->member_count && balance->members[place].service == service)
		return &balance->members[place];
	for (uint32_t index = 0; index < balance->member_count; index++)
		if (balance->members[index].service == service)
			return &balance->members[index];
	return NULL;
}

static struct balance_member make_member(const struct balance *balance, struct service *service,
					 uint32_t place)
{
	const struct balance_member *old = find_old(balance, service, place);
	struct balance_member member = { .service = service };

	if (old != NULL)
		return *old;
	look_at_flow(balance, &member, first_block(balance, &member), balance->engines, 0);
	member.amount.recent = member.times.recent = 0;
	return member;
}

/* Whether what other engines do counts for the choice. */
static bool compares(const struct balance *balance)
{
	return !balance->counts_alone && (balance->method->load != LB_LOAD_NONE ||
					  balance->backup_method->load != LB_LOAD_NONE);
}

static void set_members(struct balance *balance, const struct model_vserver *model,
			struct service_room *services)
{
	uint32_t count = model->member_count;
	struct balance_member *members = calloc(count > 0 ? count : 1, sizeof(*members));
	bool has_limits = false;

	must(members != NULL);
	for (uint32_t index = 0; index < count; index++) {
		struct service *service = service_of(services, model->members[index].service);

		must(service != NULL && service->is_configured);
		members[index] = make_member(balance, service, index);
		members[index].weight = model->members[index].weight;
		has_limits |= service->max_client > 0;
	}
	free(balance->members);
	balance->members = members;
	balance->member_count = count;
	balance->has_looks = balance->flow != LB_LOAD_NONE ||
			     (balance->engines > 1 && (has_limits || compares(balance)));
	balance->look_ms = 0;
}

void balance_configure(struct balance *balance, const struct model_vserver *model,
		       struct service_room *services, unsigned engines)
{
	must_be_on(services->engine);
	balance->engine = services->engine;
	balance->engines = engines;
	balance->protocol = model->protocol;
	balance->masks = (struct lb_key_masks){ model->hash_length, model->netmask,
						model->v6_netmask_length };
	balance->data_offset = model->data_offset;
	balance->data_length = model->data_length;
	balance->counts_alone = model->counts_alone;
	balance->slow_start = model->slow_start;
	set_methods(balance, model->method, model->backup_method);
	set_members(balance, model, services);
}

void balance_clear(struct balance *balance)
{
	balance->member_count = 0;
}

void balance_fini(struct balance *balance)
{
	free(balance->members);
}
