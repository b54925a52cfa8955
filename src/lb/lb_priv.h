/* SPDX-License-Identifier: Apache-2.0
 * lb_priv.h - the rows of lb_methods[]: one for each file of this room that is a method.
 */
#pragma once

#include "lb/lb.h"

extern const struct lb_method lb_least_connection;
extern const struct lb_method lb_least_response_time;
extern const struct lb_method lb_least_bandwidth;
extern const struct lb_method lb_least_packets;
extern const struct lb_method lb_least_request;
extern const struct lb_method lb_source_hash;
extern const struct lb_method lb_destination_hash;
extern const struct lb_method lb_source_destination_hash;
extern const struct lb_method lb_source_port_hash;
extern const struct lb_method lb_url_hash;
extern const struct lb_method lb_domain_hash;
extern const struct lb_method lb_token;
extern const struct lb_method lb_least_probe_time;
