/* SPDX-License-Identifier: Apache-2.0
 * networks.h - a list of networks as an option holds it: words with blanks between.
 */
#pragma once

#include "base/network.h"

#include <stdint.h>

enum { NETWORKS_MAX = 64 };

/* At most NETWORKS_MAX of them; their number, or -1: `bad` is the word that is none, or the first
 * that is too many. */
int networks_parse(struct str list, struct network networks[NETWORKS_MAX],
		   struct str *bad) MUST_USE;
