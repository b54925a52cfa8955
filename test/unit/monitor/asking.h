/* SPDX-License-Identifier: Apache-2.0
 * asking.h - one probe of one kind on a loop, until its outcome.
 */
#pragma once

#include "monitor/probe.h"

#include <stdio.h>

struct asking {
	struct probe probe;
	bool has_ended, is_good;
	char text[PROBE_TEXT_MAX];
};

static inline void asking_ended(struct probe *probe, bool is_good, const char *text)
{
	struct asking *asking = list_entry(probe, struct asking, probe);

	must(!asking->has_ended);
	asking->has_ended = true;
	asking->is_good = is_good;
	snprintf(asking->text, sizeof(asking->text), "%s", text);
}

/* Runs the loop until the probe has its outcome, and a little on: nothing may follow. */
static inline void asking_run(struct asking *asking, struct loop *loop,
			      const struct monitor_kind *kind, const struct monitor_conf *conf,
			      const struct address *target, struct str request)
{
	*asking = (struct asking){ 0 };
	probe_init(&asking->probe, loop, kind, asking_ended);
	asking->probe.conf = conf;
	asking->probe.target = target;
	asking->probe.request = request.at;
	asking->probe.request_length = request.length;
	probe_start(&asking->probe);
	while (!asking->has_ended)
		loop_turn(loop);
	must(!probe_runs(&asking->probe) && asking->probe.watch.fd < 0);
	probe_stop(&asking->probe);
}
