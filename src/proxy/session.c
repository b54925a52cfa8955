/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/session.h"

#include "proxy/arrival.h"
#include "proxy/introduction.h"
#include "proxy/proxy.h"

void session_open(struct session *session, struct proxy *proxy, struct vserver *serving,
		  const struct arrival *arrival)
{
	must_be_on(proxy->engine);
	must(session->kind->cut != NULL);
	session->proxy = proxy;
	session->serving = serving;
	session->introduction = arrival->introduction;
	list_init(&session->link);
	list_add_last(&proxy->all_sessions, &session->link);
	proxy->sessions++;
	stat_add(&proxy->stats->sessions, 1);
	vserver_hold(serving);
}

void session_face(const struct session *session, struct conn *client, struct server_conn *server)
{
	struct vserver *serving = session->serving;

	if (server == NULL) {
		pace_meter_mind(&serving->meter, client);
		return;
	}
	pace_meter_init(&server->meter, &serving->pace, &server->service->pace,
			&session->proxy->pace);
	pace_meter_mind(&server->meter, client);
	pace_meter_mind(&server->meter, &server->conn);
}

void session_close(struct session *session)
{
	struct proxy *proxy = session->proxy;

	must_be_on(proxy->engine);
	must(list_is_in(&session->link));
	list_remove(&session->link);
	introduction_free(session->introduction);
	proxy->sessions--;
	stat_subtract(&proxy->stats->sessions, 1);
	vserver_drop(session->serving);
	proxy_session_left(proxy);
}
