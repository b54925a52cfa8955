/* SPDX-License-Identifier: Apache-2.0
 * operator.h - those who type commands: the connections of the command socket.
 *
 * A command is one line. Its answer is "STATUS LENGTH\n" and LENGTH bytes of text; STATUS is 0
 * when it was done and 1 when it was refused. Commands may be sent ahead. The answer to a change
 * goes out when every engine has taken it up, so that whoever reads it may rely on it.
 */
#pragma once

#include "base/check.h"
#include "base/list.h"
#include "base/str.h"
#include "base/text.h"
#include "engine/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPERATOR_LINE_MAX = 65536, OPERATORS_MAX = 64, OPERATOR_WAIT_MS = 5000 };

/* Owner: control. */
struct operators {
	struct loop *loop;  /* borrowed */
	struct watch watch; /* the listening socket; owned */
	struct list all;    /* struct operator */
	unsigned count;
	int spare_fd;       /* owned: given up for an operator when clients have taken all others */
	struct timer retry; /* armed while nobody can be taken */
	uint64_t everywhere; /* what every engine has taken up */
	void *context;
	/* Does the line, adds the answer; returns the status. */
	unsigned (*execute)(void *context, struct str line, struct text *answer);
	/* After the last of the lines that came together: publishes; returns the number of the
	 * snapshot that must be everywhere before the answers go out. */
	uint64_t (*settle)(void *context);
};

/* `fd` is a listening Unix socket. 0 or -errno. */
int operator_open_all(struct operators *operators, struct loop *loop, int fd) MUST_USE;
void operator_close_all(struct operators *operators);
/* Every engine has taken `number` up. */
void operator_everywhere(struct operators *operators, uint64_t number);
