/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/plug.h"

#include "os/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

void plug_pool_init(struct plugs *plugs, struct loop *loop, plug_fn *ready)
{
	*plugs = (struct plugs){ .loop = loop, .ready = ready };
	list_init(&plugs->idle[0]);
	list_init(&plugs->idle[1]);
}

static void free_now(struct loop_free *later)
{
	free(list_entry(later, struct plug, free_later));
}

static void discard(struct plug *plug)
{
	socket_close(loop_forget(&plug->watch));
	plug->owner = NULL;
	plug->free_later.free = free_now;
	loop_free_later(plug->plugs->loop, &plug->free_later);
}

static struct plug *take_idle(struct plugs *plugs, bool is_v6)
{
	struct plug *plug;

	if (list_is_empty(&plugs->idle[is_v6]))
		return NULL;
	plug = list_entry(plugs->idle[is_v6].next, struct plug, link);
	list_remove(&plug->link);
	plugs->idle_count[is_v6]--;
	return plug;
}

void plug_pool_fini(struct plugs *plugs)
{
	for (int family = 0; family < 2; family++)
		for (struct plug *plug; (plug = take_idle(plugs, family != 0)) != NULL;)
			discard(plug);
}

/* --- events ----------------------------------------------------------------------------------- */

/* The disconnection itself is an event, of a plug that is idle then. One that was plugged in during
 * this turn may have had it on the way. */
static void on_event(struct watch *watch, unsigned events)
{
	struct plug *plug = list_entry(watch, struct plug, watch);

	if (plug->owner != NULL && plug->turn != plug->plugs->loop->turns)
		plug->plugs->ready(plug->owner, events);
}

/* --- in and out ------------------------------------------------------------------------------- */

static bool is_v6(const struct address *address)
{
	return address->any.sa_family == AF_INET6;
}

bool plug_suits(const struct address *to)
{
	return !is_v6(to) || !(IN6_IS_ADDR_LINKLOCAL(&to->v6.sin6_addr) ||
			       IN6_IS_ADDR_V4MAPPED(&to->v6.sin6_addr));
}

/* Watched only once it connects: a fresh socket would raise an event. */
static int make(struct plugs *plugs, const struct address *to, struct plug **made)
{
	int fd = socket_connect(to, NULL), err;
	struct plug *plug;

	if (fd < 0)
		return fd;
	plug = calloc(1, sizeof(*plug));
	if (plug == NULL) {
		socket_close(fd);
		return -ENOMEM;
	}
	plug->plugs = plugs;
	plug->watch = (struct watch){ .fd = fd, .ready = on_event };
	list_init(&plug->link);
	err = loop_watch(plugs->loop, &plug->watch);
	if (err < 0) {
		socket_close(fd);
		free(plug);
		return err;
	}
	*made = plug;
	return 0;
}

/* An idle one that does not want to is no answer: a fresh socket is asked. */
int plug_in(struct plugs *plugs, const struct address *to, void *owner, struct plug **plug)
{
	int err = 0;

	must(plug_suits(to) && owner != NULL);
	*plug = take_idle(plugs, is_v6(to));
	if (*plug != NULL && socket_connect_again((*plug)->watch.fd, to) != 0) {
		discard(*plug);
		*plug = NULL;
	}
	if (*plug == NULL)
		err = make(plugs, to, plug);
	if (err != 0)
		return err;
	(*plug)->owner = owner;
	(*plug)->turn = plugs->loop->turns;
	(*plug)->is_v6 = is_v6(to);
	return 0;
}

void plug_out(struct plug *plug)
{
	struct plugs *plugs = plug->plugs;
	bool is_six = plug->is_v6;

	must(plug->owner != NULL);
	socket_abort(plug->watch.fd);
	plug->owner = NULL;
	if (plugs->idle_count[is_six] == PLUGS_IDLE_MAX) {
		discard(plug);
		return;
	}
	list_add_first(&plugs->idle[is_six], &plug->link);
	plugs->idle_count[is_six]++;
}

void plug_close(struct plug *plug)
{
	must(plug->owner != NULL);
	discard(plug);
}
