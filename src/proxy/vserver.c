/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/vserver.h"

#include "conn/listener.h"
#include "proxy/proxy.h"

#include <stdlib.h>

static struct loop *loop_of(const struct vserver *vserver)
{
	return &vserver->proxy->engine->loop;
}

/* One is enough, unless a share of them is wanted. */
bool vserver_is_up(const struct vserver *vserver)
{
	const struct balance *balance = &vserver->balance;
	uint64_t wanted = (uint64_t)vserver->spill.up_least * balance->member_count, up = 0;

	if (!vserver->is_configured || !vserver->is_enabled)
		return false;
	for (uint32_t index = 0; index < balance->member_count; index++) {
		up += service_is_usable(balance->members[index].service);
		if (up > 0 && up * 100 >= wanted)
			return true;
	}
	return false;
}

bool vserver_has_service(const struct vserver *vserver)
{
	const struct balance *balance = &vserver->balance;

	for (uint32_t index = 0; index < balance->member_count; index++)
		if (service_takes_known(balance->members[index].service))
			return true;
	return false;
}

bool vserver_takes_clients(const struct vserver *vserver)
{
	return vserver_is_up(vserver) && !vserver->spill.is_held_out;
}

void vserver_close_lines(struct proxy *proxy)
{
	bool is_one_closed = false;

	must_be_on(proxy->engine);
	for (uint32_t id = 0; id < proxy->vserver_room; id++) {
		struct vserver *vserver = proxy->vservers[id];

		if (vserver == NULL || vserver->in_line == 0)
			continue;
		vserver->is_line_closed = !vserver_takes_clients(vserver);
		is_one_closed |= vserver->is_line_closed;
	}
	if (is_one_closed)
		queue_send_on(proxy);
}

uint32_t vserver_health(const struct vserver *vserver)
{
	const struct balance *balance = &vserver->balance;
	uint64_t up = 0, all = 0;

	for (uint32_t index = 0; index < balance->member_count; index++) {
		const struct balance_member *member = &balance->members[index];

		all += member->weight;
		up += service_is_usable(member->service) ? member->weight : 0;
	}
	return all > 0 ? (uint32_t)(up * 100 / all) : 100;
}

/* --- the choice of a service --- */

struct service *vserver_choose(struct vserver *vserver, uint64_t key, uint64_t *tried)
{
	struct balance *balance = &vserver->balance;
	int index;

	must_be_on(vserver->proxy->engine);
	must(balance->member_count <= vserver->proxy->candidate_room);
	index = balance_choose(balance, vserver->proxy->candidates, key, *tried);
	if (index == LB_NONE)
		return NULL;
	if (index < 64)
		*tried |= (uint64_t)1 << index;
	return balance->members[index].service;
}

/* --- life of a slot --- */

void vserver_free(struct vserver *vserver)
{
	must(vserver->sessions == 0);
	balance_fini(&vserver->balance);
	persistence_fini(&vserver->persistence);
	spill_policy_clear(&vserver->policies);
	free(vserver->redirect_url);
	free(vserver->trusted);
	free(vserver->destinations);
	free(vserver->listener);
	free(vserver);
}

static void free_later(struct loop_free *later)
{
	vserver_free(list_entry(later, struct vserver, free_later));
}

/* Configured no more, and its last session has gone. */
static void go_when_unused(struct vserver *vserver)
{
	struct proxy *proxy = vserver->proxy;

	if (vserver->is_configured || vserver->sessions > 0)
		return;
	must(vserver->clients.count == 0 && vserver->requests.count == 0 &&
	     vserver->handshakes.count == 0 && proxy->vservers[vserver->id] == vserver);
	episode_end(vserver);
	peak_end(vserver);
	pace_fini(&vserver->pace);
	proxy->vservers[vserver->id] = NULL;
	loop_free_later(loop_of(vserver), &vserver->free_later);
	engine_tell(proxy->engine,
		    (struct message){ .kind = MESSAGE_VSERVER_GONE, .id = vserver->id });
}

void vserver_hold(struct vserver *vserver)
{
	must_be_on(vserver->proxy->engine);
	vserver->sessions++;
}

void vserver_drop(struct vserver *vserver)
{
	must_be_on(vserver->proxy->engine);
	must(vserver->sessions > 0);
	vserver->sessions--;
	go_when_unused(vserver);
}

static struct vserver *make_vserver(struct proxy *proxy, uint32_t id)
{
	struct vserver *vserver = calloc(1, sizeof(*vserver));

	must(vserver != NULL);
	vserver->proxy = proxy;
	vserver->id = id;
	vserver->free_later.free = free_later;
	list_init(&vserver->free_later.link);
	crowd_init(&vserver->crowd, &proxy->engine->loop);
	holding_init(&vserver->clients);
	holding_init(&vserver->requests);
	holding_init(&vserver->handshakes);
	episode_init(&vserver->episode);
	peak_init(&vserver->peak);
	pace_init(&vserver->pace, proxy->engine);
	pace_meter_init(&vserver->meter, &vserver->pace, NULL, &proxy->pace);
	return vserver;
}

static void on_accepted(struct listener *listener, int fd, const struct address *peer,
			unsigned following)
{
	struct vserver *vserver = listener->owner;

	/* Who has to wait first does not ask in this turn. */
	if (following > 0 && vserver->parked == 0 && vserver->trusted_count == 0)
		quota_expect(vserver->proxy->quota, vserver->clients.pool, following + 1);
	proxy_accept(vserver->proxy, vserver, fd, peer);
}

void vserver_close(struct vserver *vserver)
{
	if (vserver->listener != NULL)
		listener_close(vserver->listener);
}

/* The descriptor of this engine; -1: it is not reachable. */
static int descriptor_of(const struct vserver *vserver, const struct model_vserver *model)
{
	const struct proxy *proxy = vserver->proxy;

	if (model->listeners == NULL || proxy->is_draining)
		return -1;
	return model->listeners[proxy->engine->index];
}

static void set_listener(struct vserver *vserver, int fd)
{
	struct engine *engine = vserver->proxy->engine;

	if (vserver->listener == NULL) {
		vserver->listener = calloc(1, sizeof(*vserver->listener));
		must(vserver->listener != NULL);
		vserver->listener->watch.fd = -1;
	}
	if (vserver->listener->watch.fd == fd)
		return;
	listener_close(vserver->listener);
	/* Out of memory for the watch: the clients wait in the kernel for the next snapshot. */
	if (fd >= 0 && listener_open(vserver->listener, engine, fd, on_accepted, vserver) != 0)
		stat_add(&vserver->proxy->stats->accept_pauses, 1);
}

static unsigned count_engines(const struct vserver *vserver)
{
	struct quota_view view;

	quota_read(vserver->proxy->map, vserver->clients.pool, &view);
	return view.cores;
}

static void set_trusted(struct vserver *vserver, const struct model_vserver *model)
{
	size_t bytes = model->trusted_count * sizeof(*model->trusted);

	free(vserver->trusted);
	vserver->trusted = NULL;
	vserver->trusted_count = model->trusted_count;
	if (bytes == 0)
		return;
	vserver->trusted = malloc(bytes);
	must(vserver->trusted != NULL);
	memcpy(vserver->trusted, model->trusted, bytes);
}

static void set_destinations(struct vserver *vserver, const struct model_vserver *model)
{
	size_t bytes = model->destination_count * sizeof(*vserver->destinations);

	free(vserver->destinations);
	vserver->destinations = NULL;
	vserver->destination_count = model->destination_count;
	if (bytes == 0)
		return;
	vserver->destinations = malloc(bytes);
	must(vserver->destinations != NULL);
	for (uint32_t i = 0; i < model->destination_count; i++)
		vserver->destinations[i] = &model->destinations[i][vserver->proxy->engine->index];
}

static bool leads_on(const struct balance *balance)
{
	for (uint32_t index = 0; index < balance->member_count; index++)
		if (balance->members[index].service->sends_proxy_protocol)
			return true;
	return false;
}

static void configure(struct vserver *vserver, const struct model_vserver *model)
{
	vserver->is_configured = true;
	vserver->is_enabled = model->is_enabled;
	vserver->protocol = model->protocol;
	vserver->address = model->address;
	holding_move(&vserver->clients, vserver->proxy->quota, model->pool);
	holding_move(&vserver->requests, vserver->proxy->quota, model->request_pool);
	holding_move(&vserver->handshakes, vserver->proxy->quota, model->session_pool);
	vserver->backup = model->backup;
	pace_set(&vserver->pace, model->bandwidth);
	vserver->request_rate = model->request_rate;
	vserver->queue_depth = model->queue_depth;
	vserver->queue_timeout_ms = model->queue_timeout_ms;
	vserver->so_backup_action = model->so_backup_action;
	vserver->spill = model->spill;
	vserver->ramp.percent = model->spill.ramp;
	vserver->client_timeout_ms = model->client_timeout_ms;
	vserver->stats = &model->stats[vserver->proxy->engine->index];
	free(vserver->redirect_url);
	vserver->redirect_url = str_is_empty(model->redirect_url) ? NULL
								  : str_dup(model->redirect_url);
	balance_configure(&vserver->balance, model, &vserver->proxy->services,
			  count_engines(vserver));
	vserver->leads_on = leads_on(&vserver->balance);
	set_trusted(vserver, model);
	set_destinations(vserver, model);
	persistence_configure(&vserver->persistence, model, vserver->proxy->persist);
	vserver->fact = (struct fact_look){ .live = model->live };
	spill_policy_configure(vserver, model);
	set_listener(vserver, descriptor_of(vserver, model));
}

static void retire(struct vserver *vserver)
{
	vserver->is_configured = false;
	vserver->backup = MODEL_NONE; /* its id may be another's before our sessions are over */
	spill_policy_clear(&vserver->policies);
	vserver->destination_count = 0;
	balance_clear(&vserver->balance); /* its services may go before its sessions do */
	vserver_close(vserver);
	go_when_unused(vserver);
}

static void make_room(struct proxy *proxy, uint32_t wanted)
{
	if (wanted <= proxy->vserver_room)
		return;
	proxy->vservers = realloc(proxy->vservers, wanted * sizeof(struct vserver *));
	must(proxy->vservers != NULL);
	while (proxy->vserver_room < wanted)
		proxy->vservers[proxy->vserver_room++] = NULL;
}

static void make_candidates(struct proxy *proxy, uint32_t wanted)
{
	if (wanted <= proxy->candidate_room)
		return;
	proxy->candidates = realloc(proxy->candidates, wanted * sizeof(struct lb_candidate));
	must(proxy->candidates != NULL);
	proxy->candidate_room = wanted;
}

void vserver_dissolve_lines(struct proxy *proxy, const struct snapshot *snapshot)
{
	for (uint32_t id = 0; id < proxy->vserver_room; id++) {
		const struct model_vserver *model = snapshot_vserver(snapshot, id);
		const struct vserver *vserver = proxy->vservers[id];

		if (model == NULL || vserver == NULL || vserver->requests.pool == QUOTA_NONE)
			continue;
		if (vserver->requests.pool != model->request_pool)
			queue_dissolve(proxy, &vserver->requests);
	}
}

void vserver_take_up(struct proxy *proxy, const struct snapshot *snapshot)
{
	must_be_on(proxy->engine);
	make_room(proxy, snapshot->vserver_room);
	for (uint32_t id = 0; id < proxy->vserver_room; id++) {
		const struct model_vserver *model = snapshot_vserver(snapshot, id);

		if (model != NULL && proxy->vservers[id] == NULL)
			proxy->vservers[id] = make_vserver(proxy, id);
		if (model != NULL) {
			make_candidates(proxy, model->member_count);
			configure(proxy->vservers[id], model);
		} else if (proxy->vservers[id] != NULL && proxy->vservers[id]->is_configured) {
			retire(proxy->vservers[id]);
		}
	}
}
