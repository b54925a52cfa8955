/* SPDX-License-Identifier: Apache-2.0 */
#include "lb/lb.h"

#include "lb/lb_priv.h"

/* All there are. The first is the default. */
const struct lb_method *const lb_methods[] = {
	&lb_least_connection,
	&lb_round_robin,
	&lb_least_response_time,
	&lb_least_bandwidth,
	&lb_least_packets,
	&lb_least_request,
	&lb_source_hash,
	&lb_destination_hash,
	&lb_source_destination_hash,
	&lb_source_port_hash,
	&lb_url_hash,
	&lb_domain_hash,
	&lb_token,
	&lb_least_probe_time,
	NULL,
};

const struct lb_method *lb_find(struct str name)
{
	for (const struct lb_method *const *row = lb_methods; *row != NULL; row++)
		if (str_equal_nocase(str_of((*row)->name), name))
			return *row;
	return NULL;
}
