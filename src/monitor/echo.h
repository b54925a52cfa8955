/* SPDX-License-Identifier: Apache-2.0
 * echo.h - ICMP echoes (RFC 792, RFC 4443) that many hosts are asked for over one socket a family.
 *
 * A socket for each would be costly where only raw ones are allowed: each raw socket gets a copy of
 * every answer. The socket is open while somebody waits. An answer is known by the place and the
 * random number in its bytes and by the address that it comes from. For one thread and one loop.
 */
#pragma once

#include "base/address.h"
#include "base/check.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

/* Owner: who asks. Zero at the beginning. */
struct echo {
	void (*answered)(struct echo *echo); /* it waits no more; may ask again */
	struct address to;
	uint64_t nonce;
	uint32_t place; /* among those that wait */
	bool is_waiting;
};

/* Sends one echo. 0, or -errno: it does not wait then. `to` without a port. */
int echo_ask(struct echo *echo, struct loop *loop, const struct address *to) MUST_USE;
/* It waits no more. Also when it does not. */
void echo_forget(struct echo *echo);
