/* SPDX-License-Identifier: Apache-2.0
 * monitor_conf.h - what a monitor does, as the control plane hands it to the room that probes.
 *
 * Only the control thread reads it. monitor_new() copies it whole: what its texts point at need not
 * outlive that call.
 */
#pragma once

#include "base/address.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MONITOR_RETRIES_MOST = 127 };

/* Status codes that count as a success, both ends included. */
struct monitor_codes {
	uint16_t first, last;
};

struct monitor_conf {
	struct str name;
	struct str kind; /* as in the configuration: "TCP", "HTTP", "PING"; see monitor_kind_of() */
	bool is_enabled;
	bool is_reverse;              /* an answer counts as a failure, and none as a success */
	uint32_t interval_ms;         /* between the starts of two probes */
	uint32_t response_timeout_ms; /* for a whole probe; less than the interval */
	uint32_t down_time_ms;        /* between probes of what is down */
	uint32_t retries;             /* 1..127: probes that decide about down */
	uint32_t failure_retries;     /* failures among them that mean down; 0: all */
	uint32_t success_retries;     /* successes in a row that mean up again; at least 1 */
	bool has_destination;         /* -destIP: probe that address, not the service's */
	struct address destination;
	uint16_t destination_port; /* -destPort: 0: the service's */
	struct str http_request;   /* "HEAD /" or "GET /path" */
	struct str custom_headers; /* header lines with CRLF between them; the last CRLF may lack */
	const struct monitor_codes *codes; /* NULL: 200 only */
	size_t code_count;
};

/* Everything as the reference has it when nothing is said: interval 5 s, response time-out 2 s, 3
 * retries, 1 success, down time 30 s, "HEAD /", 200. The name and the kind are empty. */
struct monitor_conf monitor_conf_default(void);
