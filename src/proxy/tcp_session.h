/* SPDX-License-Identifier: Apache-2.0
 * tcp_session.h - relays bytes between a client and a server, both ways, with half-close.
 */
#pragma once

#include "proxy/proxy.h"

size_t tcp_session_size(void); /* for proxy->tcp_sessions */
/* Takes over the arrival and the use of `serving` that was admitted: without memory closes
 * the socket and gives the use back. */
void tcp_session_start(struct proxy *proxy, struct vserver *serving, const struct arrival *arrival);
