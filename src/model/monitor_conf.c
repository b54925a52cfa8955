/* SPDX-License-Identifier: Apache-2.0 */
#include "model/monitor_conf.h"

struct monitor_conf monitor_conf_default(void)
{
	return (struct monitor_conf){
		.is_enabled = true,
		.interval_ms = 5000,
		.response_timeout_ms = 2000,
		.down_time_ms = 30000,
		.retries = 3,
		.success_retries = 1,
		.learns = true,
		.http_request = STR("HEAD /"),
	};
}
