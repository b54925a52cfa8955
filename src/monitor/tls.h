/* SPDX-License-Identifier: Apache-2.0
 * tls.h - the client's side of TLS over a connected socket, for probes with -secure YES. OpenSSL.
 *
 * The server's certificate is not verified, as on NetScaler: a monitor asks whether the service is
 * well, over an address, and what clients see is not its business. Never raises SIGPIPE. For one
 * thread. Functions return -errno; -EPROTO: not TLS as we know it, tls_error_text() says more.
 */
#pragma once

#include "base/check.h"

#include <stddef.h>
#include <sys/types.h>

struct tls; /* Owner: who made it. Opaque. */

/* NULL: no memory. The descriptor is borrowed. */
struct tls *tls_new(int fd) MUST_USE;
/* Says good-bye if that is possible at once. NULL is allowed. */
void tls_free(struct tls *tls);
/* 0 once both sides agree; -EAGAIN: call again when the socket is ready. */
int tls_shake(struct tls *tls) MUST_USE;
/* Bytes moved, 0 at the end, -EAGAIN, or what is wrong. */
ssize_t tls_read(struct tls *tls, void *bytes, size_t room) MUST_USE;
ssize_t tls_write(struct tls *tls, const void *bytes, size_t length) MUST_USE;
/* In words, of what a function returned: "TLS: wrong version number". */
const char *tls_error_text(const struct tls *tls, int error);
