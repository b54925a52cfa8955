/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/arrival.h"

#include "os/socket.h"
#include "proxy/introduction.h"

void arrival_close(const struct arrival *arrival, bool resets)
{
	if (resets)
		socket_reset_on_close(arrival->fd);
	socket_close(arrival->fd);
	introduction_free(arrival->introduction);
}
