/* SPDX-License-Identifier: Apache-2.0
 * kind_param.h - the options of kinds that are one object without a name: ns param, lb parameter,
 * spillover param.
 */
#pragma once

enum {
	NS_PARAM_NAME, /* unused: empty */
	NS_PARAM_EXCLUSIVE_MAX_CLIENT,
	NS_PARAM_GRANT_MAX_CLIENT,
	NS_PARAM_EXCLUSIVE_SPILLOVER,
	NS_PARAM_GRANT_SPILLOVER,
	NS_PARAM_MAX_CONN,
	NS_PARAM_STATE_WEBHOOK,
	NS_PARAM_OPTIONS
};

enum {
	LB_PARAMETER_NAME, /* unused: empty */
	LB_PARAMETER_HTTP_ONLY,
	LB_PARAMETER_CONSOLIDATED,
	LB_PARAMETER_ROUND_ROBIN,
	LB_PARAMETER_OPTIONS
};

enum {
	SPILLOVER_PARAM_NAME, /* unused: empty */
	SPILLOVER_PARAM_MAX_CLIENT,
	SPILLOVER_PARAM_MAX_REQUEST,
	SPILLOVER_PARAM_OPTIONS
};
