/* SPDX-License-Identifier: Apache-2.0
 * kind_spillover_policy.h - what others need to know of spillover policies: the virtual servers
 * that their rules name. A rule keeps the text; names are looked up anew for every plan.
 */
#pragma once

#include "base/str.h"
#include "config/report.h"

struct config;

/* A virtual server is removed or gets another name: says which rules look for it in vain then. */
void kind_spillover_policy_lose(const struct config *config, struct str vserver,
				struct report *report);
