/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/vserver.h"

#include "conn/listener.h"
#include "proxy/proxy.h"

#include <stdlib.h>

enum {
	UNDECIDED_WAIT_MS = 2, /* for a unit that is in another engine's hands */
	FULL_WAIT_MS = 2,      /* for an end that is not seen yet */
	LEAVING_WAIT_MS = 8,   /* the same while clients are leaving */
	ENDING_WAIT_MS = 200,  /* for one that is seen */
	LEAVING_MS = 100,      /* after the last departure: clients are not leaving any more */
	SPILL_CALM_MS = 100    /* without a spill, and with room: the episode is over here */
};

static struct loop *loop_of(const struct vserver *vserver)
{
	return &vserver->proxy->engine->loop;
}

static void tell(const struct vserver *vserver, enum message_kind kind, uint64_t number)
{
	engine_tell(vserver->proxy->engine,
		    (struct message){ .kind = kind, .id = vserver->id, .number = number });
}

/* --- spilling, as control sees it --- */

static void note_spill(struct vserver *vserver)
{
	vserver->spilled_ms = loop_of(vserver)->now_ms;
	if (vserver->is_spilling)
		return;
	vserver->is_spilling = true;
	tell(vserver, MESSAGE_SPILL, 1);
	timer_arm(&loop_of(vserver)->timers, &vserver->spill_timer,
		  vserver->spilled_ms + SPILL_CALM_MS);
}

static bool has_room(const struct vserver *vserver)
{
	struct quota_view view;

	quota_read(vserver->proxy->map, vserver->pool, &view);
	return view.used < view.limit;
}

/* At the limit clients come and go, and each may be admitted or not: control hears of an end only
 * when it lasted. It need not wait for a next client. */
static void look_at_spill(struct timer *timer)
{
	struct vserver *vserver = list_entry(timer, struct vserver, spill_timer);
	uint64_t calm_ms = loop_of(vserver)->now_ms - vserver->spilled_ms;

	if (calm_ms >= SPILL_CALM_MS && has_room(vserver)) {
		vserver->is_spilling = false;
		tell(vserver, MESSAGE_SPILL, 0);
		return;
	}
	timer_arm(&loop_of(vserver)->timers, timer, loop_of(vserver)->now_ms + SPILL_CALM_MS);
}

/* --- admission --- */

static struct vserver *backup_of(const struct vserver *vserver)
{
	return proxy_vserver(vserver->proxy, vserver->backup);
}

bool vserver_is_up(const struct vserver *vserver)
{
	if (!vserver->is_configured || !vserver->is_enabled)
		return false;
	for (uint32_t index = 0; index < vserver->balance.member_count; index++)
		if (service_is_usable(vserver->balance.members[index].service))
			return true;
	return false;
}

static void count_client(struct vserver *serving)
{
	serving->clients++;
	stat_add(&serving->stats->clients, 1);
	stat_add(&serving->stats->clients_total, 1);
	stat_add(&serving->proxy->stats->clients, 1);
}

void vserver_leave(struct vserver *serving)
{
	must_be_on(serving->proxy->engine);
	must(serving->clients > 0);
	serving->clients--;
	stat_subtract(&serving->stats->clients, 1);
	stat_subtract(&serving->proxy->stats->clients, 1);
	/* One client is as good as another: while there are more than uses, the first that leaves
	 * takes one of the surplus with it. */
	if (serving->excess > 0)
		serving->excess--;
	else
		quota_give(serving->proxy->quota, serving->pool);
	proxy_client_left(serving->proxy);
}

/* Those before `serving` on the way from `reached` have spilled the client. */
static void count_spills(struct vserver *reached, struct vserver *serving)
{
	if (reached == serving)
		return;
	for (struct vserver *vserver = reached; vserver != serving; vserver = backup_of(vserver)) {
		if (vserver->was_full)
			stat_add(&vserver->stats->spilled, 1);
		else
			stat_add(&vserver->stats->spilled_down, 1);
	}
	stat_add(&serving->stats->spilled_in, 1);
}

static enum admit accept_past_limit(struct vserver *reached, struct vserver *serving)
{
	serving->excess++;
	stat_add(&serving->stats->accepted_over, 1);
	count_client(serving);
	count_spills(reached, serving);
	return ADMIT_OK;
}

static bool redirects(const struct vserver *vserver)
{
	if (vserver->redirect_url == NULL)
		return false;
	return !vserver->was_full || vserver->so_backup_action == SO_BACKUP_DEFAULT ||
	       vserver->so_backup_action == SO_BACKUP_REDIRECT;
}

static enum admit refuse(struct vserver *reached, struct vserver *decider, struct vserver **serving)
{
	if (reached->was_full)
		stat_add(&reached->stats->refused, 1);
	else
		stat_add(&reached->stats->refused_down, 1);
	*serving = decider != NULL ? decider : reached;
	return decider != NULL ? ADMIT_REDIRECT : ADMIT_REFUSE;
}

/* Nobody in the chain had room. The last in the chain whose action lets the client in or sends it
 * away decides; where none does it is dropped. */
static enum admit end_of_chain(struct vserver *reached, struct vserver **serving)
{
	struct vserver *accepting = NULL, *redirecting = NULL;
	uint32_t hops = reached->proxy->vserver_room;

	for (struct vserver *vserver = reached; vserver != NULL && hops > 0; hops--) {
		if (vserver->was_full && vserver->so_backup_action == SO_BACKUP_ACCEPT) {
			accepting = vserver;
			redirecting = NULL;
		} else if (redirects(vserver)) {
			redirecting = vserver;
			accepting = NULL;
		}
		vserver = backup_of(vserver);
	}
	if (accepting == NULL)
		return refuse(reached, redirecting, serving);
	*serving = accepting;
	return accept_past_limit(reached, accepting);
}

/* Clients on all engines that have sent their last byte and wait for their server to end. */
static uint64_t count_ending(const struct vserver *vserver)
{
	const struct stat_vserver *first = vserver->stats - vserver->proxy->engine->index;
	uint64_t ending = 0;

	for (unsigned engine = 0; engine < vserver->balance.engines; engine++)
		ending += stat_read(&first[engine].clients_ending);
	return ending;
}

/* Clients that leave, on whatever engine. Looks at most once a millisecond. */
static void look_at_departures(struct vserver *vserver)
{
	uint64_t now_ms = loop_of(vserver)->now_ms;
	struct quota_view view;
	uint64_t departures;

	if (vserver->looked_ms == now_ms)
		return;
	vserver->looked_ms = now_ms;
	quota_read(vserver->proxy->map, vserver->pool, &view);
	departures = view.admitted - (uint64_t)view.used;
	if (departures != vserver->departures)
		vserver->departed_ms = now_ms;
	vserver->departures = departures;
	vserver->is_closed = view.limit == 0 && view.used == 0;
}

/* Whether a client that finds it full may wait a moment, having waited so long. Who closes and
 * comes back at once can be seen here before its end is: on another engine, or while its server has
 * yet to close. So everybody waits for a look or two; a little longer while clients are leaving;
 * and as many as are known to be on their way out wait for those. With a limit of 0 and
 * nobody there, nobody can leave. */
static bool is_worth_waiting(struct vserver *vserver, uint64_t waited_ms)
{
	uint64_t now_ms = loop_of(vserver)->now_ms;

	look_at_departures(vserver);
	if (vserver->is_closed)
		return false;
	if (waited_ms < FULL_WAIT_MS)
		return true;
	if (waited_ms < LEAVING_WAIT_MS && vserver->departed_ms != 0 &&
	    now_ms - vserver->departed_ms < LEAVING_MS)
		return true;
	return waited_ms < ENDING_WAIT_MS && count_ending(vserver) > vserver->proxy->parked_before;
}

/* ADMIT_REFUSE: down or full, see was_full. */
static enum admit try_one(struct vserver *vserver, uint64_t waited_ms)
{
	vserver->was_full = false;
	if (!vserver_is_up(vserver))
		return ADMIT_REFUSE;
	switch (quota_take(vserver->proxy->quota, vserver->pool)) {
	case QUOTA_OK:
		count_client(vserver);
		return ADMIT_OK;
	case QUOTA_AGAIN:
		if (waited_ms < UNDECIDED_WAIT_MS)
			return ADMIT_AGAIN;
		stat_add(&vserver->stats->spilled_undecided, 1);
		break;
	case QUOTA_FULL:
		if (is_worth_waiting(vserver, waited_ms))
			return ADMIT_AGAIN;
		quota_note_spill(vserver->proxy->quota, vserver->pool);
		break;
	}
	vserver->was_full = true;
	note_spill(vserver);
	return ADMIT_REFUSE;
}

enum admit vserver_admit(struct vserver *reached, uint64_t waited_ms, struct vserver **serving)
{
	uint32_t hops = reached->proxy->vserver_room; /* the configuration refuses loops */

	must_be_on(reached->proxy->engine);
	for (struct vserver *vserver = reached; vserver != NULL && hops > 0; hops--) {
		enum admit admit = try_one(vserver, waited_ms);

		*serving = vserver;
		if (admit == ADMIT_OK)
			count_spills(reached, vserver);
		if (admit != ADMIT_REFUSE)
			return admit;
		vserver = backup_of(vserver);
	}
	return end_of_chain(reached, serving);
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
	free(vserver->redirect_url);
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
	must(vserver->clients == 0 && proxy->vservers[vserver->id] == vserver);
	timer_cancel(&loop_of(vserver)->timers, &vserver->spill_timer);
	proxy->vservers[vserver->id] = NULL;
	loop_free_later(loop_of(vserver), &vserver->free_later);
	tell(vserver, MESSAGE_VSERVER_GONE, 0);
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
	timer_init(&vserver->spill_timer, look_at_spill);
	return vserver;
}

static void on_accepted(struct listener *listener, int fd, const struct address *peer)
{
	struct vserver *vserver = listener->owner;

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

	quota_read(vserver->proxy->map, vserver->pool, &view);
	return view.cores;
}

static void configure(struct vserver *vserver, const struct model_vserver *model)
{
	must(vserver->clients == 0 || vserver->pool == model->pool);
	vserver->is_configured = true;
	vserver->is_enabled = model->is_enabled;
	vserver->protocol = model->protocol;
	vserver->address = model->address;
	vserver->pool = model->pool;
	vserver->backup = model->backup;
	vserver->so_backup_action = model->so_backup_action;
	vserver->client_timeout_ms = model->client_timeout_ms;
	vserver->stats = &model->stats[vserver->proxy->engine->index];
	free(vserver->redirect_url);
	vserver->redirect_url = str_is_empty(model->redirect_url) ? NULL
								  : str_dup(model->redirect_url);
	balance_configure(&vserver->balance, model, &vserver->proxy->services,
			  count_engines(vserver));
	set_listener(vserver, descriptor_of(vserver, model));
}

static void retire(struct vserver *vserver)
{
	vserver->is_configured = false;
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
