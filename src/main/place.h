/* SPDX-License-Identifier: Apache-2.0
 * place.h - where the appliance's command socket lies when nobody says.
 */
#pragma once

enum { PLACE_MAX = 108 }; /* what a Unix socket's path may have, with NUL */

/* $SPILLWAY_SOCKET if set, else /run/spillway.sock for root, else
 * $XDG_RUNTIME_DIR/spillway.sock if that is set, else ./spillway.sock. Returns `path`. */
const char *place_default(char path[PLACE_MAX]);
