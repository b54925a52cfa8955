/* SPDX-License-Identifier: Apache-2.0
 * arrival.h - a client that was accepted, on its way to a session: who takes it over takes over all
 * of it.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"

#include <stdbool.h>

struct introduction;
struct vserver;

struct arrival {
	int fd;
	struct vserver *reached;           /* borrowed until it is taken over */
	struct address peer;               /* who it is: the socket's peer, or as introduced */
	struct introduction *introduction; /* owned; NULL: nobody introduced it */
};

/* Nobody takes it over: closed, with a reset where `resets`. */
void arrival_close(const struct arrival *arrival, bool resets);
