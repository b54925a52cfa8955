/* SPDX-License-Identifier: Apache-2.0
 * bind_metric.h - metrics: what they are called and where SNMP has them (in an lb metricTable), and
 * which of them an lb monitor of type LOAD looks at, with which threshold.
 */
#pragma once

#include "config/command.h"
#include "config/config.h"

#include <stdbool.h>

/* bind, unbind and set lb metricTable TABLE METRIC [OID]. The table was given to store_edit().
 * False after a fault. */
bool bind_metric_add(struct config *config, struct object *table, const struct command *command,
		     struct report *report) MUST_USE;
bool bind_metric_remove(const struct config *config, struct object *table,
			const struct command *command, struct report *report) MUST_USE;
bool bind_metric_set(struct object *table, const struct command *command,
		     struct report *report) MUST_USE;

/* bind and unbind lb monitor MONITOR -metric METRIC ...; likewise. */
bool bind_metric_use(struct config *config, struct object *monitor, const struct command *command,
		     struct report *report) MUST_USE;
/* set lb monitor MONITOR TYPE -metric METRIC ... */
bool bind_metric_change(struct object *monitor, const struct command *command,
			struct report *report) MUST_USE;
bool bind_metric_drop(struct object *monitor, const struct command *command,
		      struct report *report) MUST_USE;

/* The binding of that metric at a table or a monitor; NULL: none. */
const struct binding *bind_metric_find(const struct object *object, struct str metric);
/* " cpu 1.3.6", " -metric cpu -metricThreshold 80 -metricWeight 2" */
void bind_metric_print(const struct object *object, const struct binding *binding,
		       struct text *text);
