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

/* What failures do. */
enum monitor_action {
	MONITOR_ACTION_DOWN, /* the service goes down */
	MONITOR_ACTION_LOG,  /* they are logged, and the service stays up */
	MONITOR_ACTION_NONE  /* they are counted */
};

/* What some kinds want to know beside; empty where nothing is said. */
enum monitor_text {
	MONITOR_TEXT_SEND,         /* bytes, or the request of HTTP-ECV */
	MONITOR_TEXT_RECV,         /* that the answer must hold */
	MONITOR_TEXT_TROFS_STRING, /* that an answer holds of a server that wants no new clients */
	MONITOR_TEXT_QUERY,        /* a domain name */
	MONITOR_TEXT_QUERY_TYPE,
	MONITOR_TEXT_ADDRESSES, /* blanks between: one of them must be in the answer */
	MONITOR_TEXT_USER_NAME,
	MONITOR_TEXT_PASSWORD,
	MONITOR_TEXT_DOMAIN,
	MONITOR_TEXT_GROUP,
	MONITOR_TEXT_FILE_NAME,
	MONITOR_TEXT_BASE_DN,
	MONITOR_TEXT_BIND_DN,
	MONITOR_TEXT_FILTER,
	MONITOR_TEXT_ATTRIBUTE,
	MONITOR_TEXT_DATABASE,
	MONITOR_TEXT_SQL_QUERY,
	MONITOR_TEXT_RAD_KEY,
	MONITOR_TEXT_RAD_NAS_ID,
	MONITOR_TEXT_RAD_NAS_IP,
	MONITOR_TEXT_SNMP_OID,
	MONITOR_TEXT_SNMP_COMMUNITY,
	MONITOR_TEXT_SNMP_VERSION,
	MONITOR_TEXT_SNMP_THRESHOLD,
	MONITOR_TEXT_METRICS, /* a line for each: OID, threshold, weight, name */
	MONITOR_TEXT_SCRIPT_NAME,
	MONITOR_TEXT_SCRIPT_ARGS,
	MONITOR_TEXT_CAPACITY_HEADER, /* HTTP field that tells how much the service can take */
	MONITOR_TEXT_CAPACITY_FIELD,  /* member of a JSON body that does: "load.free" */
	MONITOR_TEXTS
};

struct monitor_conf {
	struct str name;
	struct str kind; /* as in the configuration: "TCP", "HTTP", "PING"; see monitor_kind_of() */
	bool is_enabled;
	bool is_secure; /* over TLS; of kinds over TCP */
	enum monitor_action action;
	bool is_reverse;              /* an answer counts as a failure, and none as a success */
	uint32_t interval_ms;         /* between the starts of two probes */
	uint32_t response_timeout_ms; /* for a whole probe; less than the interval */
	uint32_t down_time_ms;        /* between probes of what is down */
	uint32_t retries;             /* 1..127: probes that decide about down */
	uint32_t failure_retries;     /* failures among them that mean down; 0: all */
	uint32_t success_retries;     /* successes in a row that mean up again; at least 1 */
	uint32_t alert_retries; /* failures in a row after which a warning is logged; 0: none */
	bool learns;            /* response times: -LRTM */
	/* A probe that took longer has failed. The average is learned from the good ones. */
	bool has_deviation;
	uint32_t deviation_ms;      /* more than the average by this */
	uint32_t deviation_percent; /* more than the average by that much of it; 0: does not matter
				     */
	uint32_t warn_percent;      /* of the time-out: slower is logged; 0: never */
	bool has_destination;       /* -destIP: probe that address, not the service's */
	struct address destination;
	uint16_t destination_port; /* -destPort: 0: the service's */
	uint32_t trofs_code;       /* HTTP status that says no new clients; 0: none */
	struct str http_request;   /* "HEAD /" or "GET /path" */
	struct str custom_headers; /* header lines with CRLF between them; the last CRLF may lack */
	const struct monitor_codes *codes; /* NULL: 200 only */
	size_t code_count;
	struct str texts[MONITOR_TEXTS];
};

/* Everything as the reference has it when nothing is said: interval 5 s, response time-out 2 s, 3
 * retries, 1 success, down time 30 s, "HEAD /", 200. The name and the kind are empty. */
struct monitor_conf monitor_conf_default(void);
