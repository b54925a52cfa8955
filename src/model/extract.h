/* SPDX-License-Identifier: Apache-2.0
 * extract.h - which text of a request something is known by: what -rule says for persistence and
 * for the method TOKEN.
 *
 * The few expressions that name one text: HTTP.REQ.URL, HTTP.REQ.HOSTNAME, HTTP.REQ.HEADER("name"),
 * HTTP.REQ.URL.QUERY.VALUE("name"), HTTP.REQ.COOKIE.VALUE("name") and CLIENT.IP.SRC. Words in any
 * case.
 */
#pragma once

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>

enum extract_from {
	EXTRACT_NONE,
	EXTRACT_SOURCE, /* the client's address */
	EXTRACT_URL,    /* path and query */
	EXTRACT_HOST,
	EXTRACT_QUERY,  /* the value of a parameter of the query */
	EXTRACT_HEADER, /* the first field of that name */
	EXTRACT_COOKIE
};

struct extract {
	enum extract_from from;
	struct str name; /* of the parameter, field or cookie */
};

/* `name` points into `rule`. False: it is no such expression. */
bool extract_parse(struct str rule, struct extract *extract) MUST_USE;
