/* SPDX-License-Identifier: Apache-2.0 */
#include "record/stat.h"

/* clang-format off */
#define GAUGE(block, field, name, help) { name, help, offsetof(struct block, field), true, false }
#define COUNT(block, field, name, help) { name, help, offsetof(struct block, field), false, false }
#define PEAK(block, field, name, help)  { name, help, offsetof(struct block, field), true, true }

const struct stat_row stat_vserver_rows[] = {
	GAUGE(stat_vserver, clients, "Current client connections", "clients that hold a use of the limit now"),
	GAUGE(stat_vserver, clients_ending, "Ending client connections", "clients that closed their half and wait for the server to close its own"),
	GAUGE(stat_vserver, requests_active, "Current requests", "requests being served now"),
	PEAK(stat_vserver, clients_peak, "Peak client connections", "most clients at once that were seen; they are looked at every 10 ms while they come and go"),
	PEAK(stat_vserver, requests_peak, "Peak requests", "most requests in flight at once, likewise"),
	COUNT(stat_vserver, clients_total, "Client connections", "clients served since the start"),
	COUNT(stat_vserver, requests_total, "Requests", "requests received"),
	COUNT(stat_vserver, responses_total, "Responses", "responses sent"),
	COUNT(stat_vserver, bytes_in, "Request bytes", "bytes received from clients"),
	COUNT(stat_vserver, bytes_out, "Response bytes", "bytes sent to clients"),
	COUNT(stat_vserver, spilled, "Spilled over", "clients given to the backup because the limit was reached"),
	COUNT(stat_vserver, spilled_down, "Spilled over while down", "clients given to the backup because this virtual server was down"),
	COUNT(stat_vserver, spilled_in, "Taken over", "clients taken over from another virtual server"),
	COUNT(stat_vserver, refused, "Refused", "clients dropped or redirected because the limit was reached and no backup could serve them"),
	COUNT(stat_vserver, refused_down, "Refused while down", "clients refused because this virtual server was down and no backup could serve them"),
	COUNT(stat_vserver, accepted_over, "Accepted over the limit", "clients let in past the limit because -soBackupAction is ACCEPT"),
	COUNT(stat_vserver, redirected, "Redirected", "clients sent to the redirect URL because nobody in the chain could serve them"),
	COUNT(stat_vserver, dropped, "Dropped", "clients dropped because nobody in the chain could serve them"),
	GAUGE(stat_vserver, queued, "Waiting in line", "clients, or requests, that wait for a use of the limit now (-soQueueDepth)"),
	COUNT(stat_vserver, queued_total, "Queued", "clients, or requests, that waited in line, or do"),
	COUNT(stat_vserver, queue_served, "Served from the line", "of them, those that got a use"),
	COUNT(stat_vserver, queue_left, "Left the line", "of them, those that went away"),
	COUNT(stat_vserver, queue_timed_out, "Timed out in line", "of them, those that spilled after -soQueueTimeout"),
	COUNT(stat_vserver, queue_dissolved, "Line was dissolved", "of them, those who were decided anew because the limit was no more, or the virtual server down"),
	COUNT(stat_vserver, queue_crowded, "Line was full", "clients, or requests, that spilled at once because -soQueueDepth others waited"),
	COUNT(stat_vserver, queue_wait_ms, "Milliseconds in line", "sum over those that got a use"),
	COUNT(stat_vserver, queue_waits[0], "Waited up to 1 ms", "of those that got a use"),
	COUNT(stat_vserver, queue_waits[1], "Waited up to 10 ms", "of those that got a use, longer than 1 ms"),
	COUNT(stat_vserver, queue_waits[2], "Waited up to 100 ms", "of those that got a use, longer than 10 ms"),
	COUNT(stat_vserver, queue_waits[3], "Waited up to 1 s", "of those that got a use, longer than 100 ms"),
	COUNT(stat_vserver, queue_waits[4], "Waited longer than 1 s", "of those that got a use"),
	COUNT(stat_vserver, asked[REASON_NONE], "Asked with room", "clients that it was asked for, as primary or backup, and had room for"),
	COUNT(stat_vserver, asked[REASON_DISABLED], "Asked while disabled", "clients not served here because it was disabled"),
	COUNT(stat_vserver, asked[REASON_DOWN], "Asked while down", "clients not served here because too few of its services were up"),
	COUNT(stat_vserver, asked[REASON_HELD_OUT], "Asked while held out", "clients not served here because it was down and waits for enable lb vserver"),
	COUNT(stat_vserver, asked[REASON_LOOP], "Asked in a loop", "clients not sent on to another appliance because they came through this one before, or through too many"),
	COUNT(stat_vserver, asked[REASON_KEPT], "Kept by a backup", "clients that stayed with the backup that served them last, by -soPersistence"),
	COUNT(stat_vserver, asked[REASON_HEALTH], "Asked in bad health", "clients not served here because too little of the weight of its services was up"),
	COUNT(stat_vserver, asked[REASON_RAMP], "Asked on the ramp", "clients not served here because the limit was near and -soRamp spills a share"),
	COUNT(stat_vserver, asked[REASON_RETURN], "Asked before the return", "clients not served here because the limit had been reached and -soReturn was not yet"),
	COUNT(stat_vserver, asked[REASON_EARLY], "Asked early", "clients not served here because -soEngineThreshold and -soSharedThreshold spill before the limit"),
	COUNT(stat_vserver, asked[REASON_POLICY], "Asked under a policy", "clients not served here because a spillover policy was true"),
	COUNT(stat_vserver, asked[REASON_CLIENTS], "Asked at the limit of connections", "clients not served here because the limit of client connections was reached"),
	COUNT(stat_vserver, asked[REASON_REQUESTS], "Asked at the limit of requests", "requests not served here because the limit of requests in flight was reached"),
	COUNT(stat_vserver, asked[REASON_SESSIONS], "Asked at the limit of sessions", "TLS sessions refused because the limit of sessions was reached"),
	COUNT(stat_vserver, asked[REASON_BANDWIDTH], "Asked at the limit of bandwidth", "clients not served here because the bandwidth was at its limit"),
	COUNT(stat_vserver, asked[REASON_REQUEST_RATE], "Asked at the limit of the request rate", "requests not served here because they came faster than the limit"),
	COUNT(stat_vserver, asked[REASON_ALL_CLIENTS], "Asked at the appliance limit of connections", "clients not served because the limit of client connections of the whole appliance was reached"),
	COUNT(stat_vserver, asked[REASON_ALL_REQUESTS], "Asked at the appliance limit of requests", "requests not served because the limit of requests in flight of the whole appliance was reached"),
	COUNT(stat_vserver, asked[REASON_ALL_REQUEST_RATE], "Asked at the appliance request rate", "requests not served because those of the whole appliance came faster than the limit"),
	COUNT(stat_vserver, asked[REASON_ALL_BANDWIDTH], "Asked at the appliance bandwidth", "clients not served because the bandwidth of the whole appliance was at its limit"),
	COUNT(stat_vserver, shadowed, "Shadow spills", "clients that would have been spilled, and were served, because of -soShadow"),
	COUNT(stat_vserver, spilled_undecided, "Spilled undecided", "clients for whom the limit was taken as reached because no engine could tell in time"),
	COUNT(stat_vserver, bad_requests, "Bad requests", "requests answered with 400, 431 or 501 by ourselves"),
	COUNT(stat_vserver, bad_gateways, "Bad gateways", "requests answered with 502, 503 or 504 by ourselves"),
	COUNT(stat_vserver, client_aborts, "Client aborts", "clients that went away before their answer was whole"),
	COUNT(stat_vserver, client_timeouts, "Client time-outs", "clients closed because they were idle or too slow"),
	COUNT(stat_vserver, bad_introductions, "Bad PROXY headers", "connections of trusted proxies that did not begin with a good header in time"),
	COUNT(stat_vserver, persistent, "Persistence hits", "times that a client was sent to the service that had served it before"),
	{ 0 }
};

const struct stat_row stat_service_rows[] = {
	GAUGE(stat_service, connections, "Current server connections", "connections open to the server, idle ones too"),
	GAUGE(stat_service, idle, "Idle server connections", "open connections kept for the next request"),
	GAUGE(stat_service, active, "Active transactions", "clients or requests being served"),
	GAUGE(stat_service, waiting, "Waiting in line", "sessions that wait for a connection because maxClient is reached"),
	COUNT(stat_service, connections_total, "Server connections", "connections opened since the start"),
	COUNT(stat_service, reused_total, "Reused connections", "times an idle connection was used again"),
	COUNT(stat_service, requests_total, "Requests", "requests sent"),
	COUNT(stat_service, responses_total, "Responses", "responses received"),
	COUNT(stat_service, bytes_in, "Response bytes", "bytes received from the server"),
	COUNT(stat_service, bytes_out, "Request bytes", "bytes sent to the server"),
	COUNT(stat_service, packets_in, "Response packets", "packets received from the server, as far as reads show them"),
	COUNT(stat_service, packets_out, "Request packets", "packets sent to the server, as far as writes show them"),
	COUNT(stat_service, first_bytes, "First bytes", "answers of which the first byte came"),
	COUNT(stat_service, first_bytes_ms, "Milliseconds to first bytes", "sum of the times from the end of what was asked to the first byte of the answer"),
	COUNT(stat_service, connect_failures, "Connect failures", "connections that could not be opened"),
	COUNT(stat_service, resets, "Resets", "connections that the server broke off"),
	COUNT(stat_service, timeouts, "Time-outs", "connections closed because the server was silent"),
	COUNT(stat_service, retries, "Retries", "requests sent once more over another connection"),
	COUNT(stat_service, bad_answers, "Bad answers", "answers that were not valid HTTP"),
	COUNT(stat_service, server_errors, "Server errors", "answers with a status from 500 on"),
	COUNT(stat_service, slow_held, "Held back by slow start", "choices of a service that it was no part of because it has just come up"),
	COUNT(stat_service, unexpected, "Unexpected answers", "answers with a status that -respCode of an HTTP-INLINE monitor does not name; without one from 500 on"),
	{ 0 }
};

const struct stat_row stat_policy_rows[] = {
	COUNT(stat_policy, hits, "Hits", "clients for which the rule was true"),
	COUNT(stat_policy, undefined, "Undefined hits", "clients for which the rule was undefined"),
	{ 0 }
};

const struct stat_row stat_engine_rows[] = {
	COUNT(stat_engine, turns, "Turns", "turns of the event loop"),
	COUNT(stat_engine, events, "Events", "events from the kernel"),
	COUNT(stat_engine, messages, "Messages", "messages from the control thread"),
	COUNT(stat_engine, accepted, "Accepted", "clients accepted"),
	COUNT(stat_engine, accept_pauses, "Accept pauses", "times accepting paused because descriptors or memory ran out"),
	GAUGE(stat_engine, clients, "Current client connections", "client sockets open"),
	GAUGE(stat_engine, sessions, "Sessions", "session objects in use"),
	GAUGE(stat_engine, servers, "Current server connections", "server sockets open"),
	GAUGE(stat_engine, buffers, "Buffers", "buffers in use"),
	COUNT(stat_engine, refused_memory, "Refused for memory", "clients refused because memory ran out"),
	COUNT(stat_engine, persist_evicted, "Persistence evictions", "live entries of the persistence table that made room for others"),
	COUNT(stat_engine, persist_lost, "Persistence misses", "clients that could not be noted in the persistence table because others wrote there"),
	{ 0 }
};
/* clang-format on */

uint64_t stat_sum(const void *blocks, size_t size, unsigned count, const struct stat_row *row)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *block = (const char *)blocks + i * size;
		uint64_t one = stat_read(
			(const struct stat_number *)(const void *)(block + row->offset));

		if (!row->is_peak)
			sum += one;
		else if (one > sum)
			sum = one;
	}
	return sum;
}

void stat_end_gauges(void *blocks, size_t size, unsigned count, const struct stat_row *rows)
{
	for (const struct stat_row *row = rows; row->name != NULL; row++)
		for (unsigned i = 0; row->is_gauge && !row->is_peak && i < count; i++) {
			char *block = (char *)blocks + i * size;

			stat_set((struct stat_number *)(void *)(block + row->offset), 0);
		}
}
