/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/probe.h"

#include "monitor/exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void probe_event(void *owner, unsigned events)
{
	struct probe *probe = owner;

	if (probe_runs(probe))
		probe->kind->ready(probe, events);
}

static void on_event(struct watch *watch, unsigned events)
{
	probe_event(list_entry(watch, struct probe, watch), events);
}

/* As much as we have lost since it was asked. */
static bool has_more_time(struct probe *probe, uint64_t due_ms)
{
	uint32_t left_ms = probe->conf->response_timeout_ms - probe->given_ms;
	uint64_t now_ms = probe->loop->now_ms, lost_ms;

	if (probe->lateness == NULL)
		return false;
	lateness_note(probe->lateness, due_ms, now_ms);
	lost_ms = probe->lateness->lost_ms - probe->lost_before_ms;
	if (lost_ms > left_ms)
		lost_ms = left_ms;
	if (lost_ms == 0)
		return false;
	probe->lost_before_ms = probe->lateness->lost_ms;
	probe->given_ms += (uint32_t)lost_ms;
	timer_arm(&probe->loop->timers, &probe->timeout, now_ms + lost_ms);
	return true;
}

static void on_timeout(struct timer *timer)
{
	struct probe *probe = list_entry(timer, struct probe, timeout);

	if (has_more_time(probe, timer->deadline_ms))
		return;
	/* Fired is disarmed, which would mean that no probe runs. */
	timer_arm(&probe->loop->timers, timer, TIMER_NEVER);
	if (probe->exchange != NULL && exchange_silence_is_good(probe->exchange)) {
		probe->was_silent = true;
		probe_end(probe, true, "no answer, and none is asked for");
		return;
	}
	probe_end(probe, false, "no answer within %u ms",
		  (unsigned)probe->conf->response_timeout_ms);
}

void probe_init(struct probe *probe, struct loop *loop, const struct monitor_kind *kind,
		void (*ended)(struct probe *probe, bool is_good, const char *text))
{
	*probe = (struct probe){
		.loop = loop, .kind = kind, .ended = ended, .program = { .fd = -1, .output = -1 }
	};
	probe->watch = (struct watch){ .fd = -1, .ready = on_event };
	timer_init(&probe->timeout, on_timeout);
}

void probe_start(struct probe *probe)
{
	must(!probe_runs(probe) && probe_fd(probe) < 0);
	probe->is_connected = probe->may_break = probe->was_silent = probe->was_never_asked = false;
	probe->given_ms = 0;
	probe->lost_before_ms = probe->lateness != NULL ? probe->lateness->lost_ms : 0;
	timer_arm(&probe->loop->timers, &probe->timeout,
		  probe->loop->now_ms + probe->conf->response_timeout_ms);
	probe->kind->start(probe);
}

static void unplug(struct probe *probe)
{
	if (probe->may_break)
		plug_out(probe->plug);
	else
		plug_close(probe->plug);
	probe->plug = NULL;
}

static void close_own(struct probe *probe)
{
	if (probe->may_break)
		socket_reset_on_close(probe->watch.fd);
	socket_close(loop_unwatch(probe->loop, &probe->watch));
}

void probe_stop(struct probe *probe)
{
	timer_cancel(&probe->loop->timers, &probe->timeout);
	exchange_free(probe->exchange);
	probe->exchange = NULL;
	if (probe->kind->stop != NULL)
		probe->kind->stop(probe);
	if (probe->plug != NULL)
		unplug(probe);
	if (probe->watch.fd >= 0)
		close_own(probe);
}

bool probe_watch(struct probe *probe, int fd)
{
	int err = fd;

	must(probe->watch.fd < 0);
	if (fd >= 0) {
		probe->watch.fd = fd;
		err = loop_watch(probe->loop, &probe->watch);
	}
	if (err >= 0)
		return true;
	probe->watch.fd = -1;
	if (fd >= 0)
		socket_close(fd);
	probe_refuse(probe, err);
	return false;
}

bool probe_connect(struct probe *probe)
{
	int err;

	if (probe->plugs == NULL || probe->conf->is_secure || !plug_suits(probe->target))
		return probe_watch(probe, socket_connect(probe->target, NULL));
	err = plug_in(probe->plugs, probe->target, probe, &probe->plug);
	if (err != 0)
		probe_refuse(probe, err);
	return err == 0;
}

void probe_refuse(struct probe *probe, int err)
{
	probe->was_never_asked = err == -EMFILE || err == -ENFILE || err == -ENOBUFS ||
				 err == -ENOMEM;
	probe_end(probe, false, "%s", socket_error_text(err));
}

void probe_end(struct probe *probe, bool is_good, const char *format, ...)
{
	char text[PROBE_TEXT_MAX];
	va_list values;

	must(probe_runs(probe));
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	if (!is_good) /* whatever the server still does for us, it need not */
		probe->may_break = true;
	probe_stop(probe);
	probe->ended(probe, is_good, text);
}

bool probe_connected(struct probe *probe, unsigned events)
{
	int err;

	if (probe->is_connected)
		return true;
	if (!(events & LOOP_WRITE))
		return false;
	err = events & LOOP_BROKEN ? socket_connect_result(probe_fd(probe)) : 0;
	if (err != 0) {
		probe_end(probe, false, "%s", socket_error_text(err));
		return false;
	}
	probe->is_connected = true;
	return true;
}
