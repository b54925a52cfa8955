/* SPDX-License-Identifier: Apache-2.0
 * lb_priv.h - the rows of lb_methods[]: one for each file of this room that is a method.
 */
#pragma once

#include "lb/lb.h"

extern const struct lb_method lb_least_connection;
extern const struct lb_method lb_round_robin;
extern const struct lb_method lb_source_hash;
