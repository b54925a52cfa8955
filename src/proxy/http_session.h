/* SPDX-License-Identifier: Apache-2.0
 * http_session.h - one client connection that speaks HTTP/1 and the requests on it, one by one.
 */
#pragma once

#include "proxy/proxy.h"

#include <stddef.h>

/* Of one session, for the engine's slab. */
size_t http_session_size(void);
/* Takes over the arrival and the use of `serving` that was admitted: without memory closes
 * the socket and gives the use back. */
void http_session_start(struct proxy *proxy, struct vserver *serving,
			const struct arrival *arrival);
/* A client that nobody can serve: reads its request, answers 503 (Retry-After) or, with a
 * redirect_url in `refusing`, 302, and closes. Holds no use. */
void http_session_refuse(struct proxy *proxy, struct vserver *refusing, bool redirects,
			 const struct arrival *arrival);
