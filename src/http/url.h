/* SPDX-License-Identifier: Apache-2.0
 * url.h - an absolute URL that an operator gives us to ask: http or https, host, port, path (RFC
 * 3986; no user information, the fragment is refused).
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { URL_BYTES_MAX = 1024 };

struct url {
	bool is_secure;
	struct str authority; /* as it stands there: "[::1]:8080" */
	struct str host;      /* without brackets */
	uint16_t port;        /* 80 or 443 when none is there */
	struct str target;    /* path and query; "/" when there is none */
};

/* Parts point into `text`. False: *why says what is wrong, in words; else it is NULL. */
bool url_parse(struct str text, struct url *url, const char **why) MUST_USE;
