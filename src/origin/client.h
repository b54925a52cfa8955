/* SPDX-License-Identifier: Apache-2.0
 * client.h - one connection to the origin server, from accept to close.
 */
#pragma once

#include "origin/worker.h"

#include <stddef.h>

size_t client_size(void);
/* Takes over the socket; without memory it is closed. */
void client_open(struct worker *worker, int fd);
/* At the end of the worker, outside its loop. */
void client_close_all(struct worker *worker);
