/* SPDX-License-Identifier: Apache-2.0
 * http_extract.h - one text out of a request: what -rule names, and cookies.
 */
#pragma once

#include "http/h1.h"
#include "model/extract.h"

/* Points into the request, undecoded. Length 0: there is no such text. EXTRACT_SOURCE is not of
 * the request and gives none. */
struct str http_extract(const struct h1_request *request, const struct extract *extract);
/* The value of the cookie of that name; the first one when there are more. */
struct str http_extract_cookie(const struct h1_request *request, struct str name);
