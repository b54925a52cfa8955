/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/tally.h"

#include <inttypes.h>
#include <stdatomic.h>

void tally_enter(struct tally_count *count)
{
	uint64_t now = atomic_fetch_add_explicit(&count->now, 1, memory_order_relaxed) + 1;
	uint64_t peak = atomic_load_explicit(&count->peak, memory_order_relaxed);

	atomic_fetch_add_explicit(&count->total, 1, memory_order_relaxed);
	while (peak < now &&
	       !atomic_compare_exchange_weak_explicit(&count->peak, &peak, now,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void tally_leave(struct tally_count *count)
{
	uint64_t before = atomic_fetch_sub_explicit(&count->now, 1, memory_order_relaxed);

	must(before > 0);
}

void tally_receive(struct tally *tally, uint64_t bytes)
{
	atomic_fetch_add_explicit(&tally->received, bytes, memory_order_relaxed);
}

static uint64_t read_number(_Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void print_string(struct str string, struct text *json)
{
	text_print(json, "\"");
	for (size_t i = 0; i < string.length; i++) {
		unsigned char byte = (unsigned char)string.at[i];

		if (byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x7f)
			text_print(json, "\\u%04x", byte);
		else
			text_print(json, "%c", byte);
	}
	text_print(json, "\"");
}

static void print_count(struct tally_count *count, const char *total, const char *now,
			const char *peak, struct text *json)
{
	text_print(json, ", \"%s\": %" PRIu64, total, read_number(&count->total));
	text_print(json, ", \"%s\": %" PRIu64, now, read_number(&count->now));
	text_print(json, ", \"%s\": %" PRIu64, peak, read_number(&count->peak));
}

void tally_print(struct tally *tally, struct str name, struct text *json)
{
	text_print(json, "{\"name\": ");
	print_string(name, json);
	print_count(&tally->connections, "connections_total", "connections", "connections_peak",
		    json);
	print_count(&tally->requests, "requests", "requests_active", "requests_active_peak", json);
	text_print(json, ", \"received\": %" PRIu64 "}\n", read_number(&tally->received));
}
