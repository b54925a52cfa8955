/* SPDX-License-Identifier: Apache-2.0 */
#include "config/object.h"

static const struct option options[METRIC_TABLE_OPTIONS] = {
	[METRIC_TABLE_NAME] = { .name = "metricTable",
				.type = OPTION_TEXT,
				.is_position = true,
				.is_once = true,
				.help = "name of the table",
				.since = "0.1" },
};

const struct kind kind_metric_table = {
	.id = KIND_METRIC_TABLE,
	.object = "lb metricTable",
	.help = "names of what SNMP tells about a host, for monitors of type LOAD",
	.options = options,
	.option_count = METRIC_TABLE_OPTIONS,
	.position_count = 1,
};
