/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan_monitor.h"

static uint32_t number32(const struct object *monitor, unsigned option)
{
	uint64_t number = object_number(monitor, option);

	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static struct str kind_of(const struct object *monitor)
{
	const struct option *row = &monitor->kind->options[MONITOR_TYPE];
	const struct choice *type = &row->choices[object_number(monitor, MONITOR_TYPE)];

	return type->not_yet != NULL ? STR("TCP") : str_of(type->name);
}

/* "200" or "200-299"; the check of the kind has seen to it that it is one of them. */
static struct monitor_codes read_codes(struct str word)
{
	const char *hyphen = memchr(word.at, '-', word.length);
	size_t first = hyphen != NULL ? (size_t)(hyphen - word.at) : word.length;
	uint64_t low = 0, high = 0;
	bool is_good = str_to_number((struct str){ word.at, first }, 999, &low);

	high = low;
	if (hyphen != NULL)
		is_good &= str_to_number((struct str){ hyphen + 1, word.length - first - 1 }, 999,
					 &high);
	must(is_good);
	return (struct monitor_codes){ (uint16_t)low, (uint16_t)high };
}

static void plan_codes(const struct object *monitor, struct arena *arena, struct monitor_conf *conf)
{
	struct str rest = object_text(monitor, MONITOR_RESP_CODE);
	struct monitor_codes *codes = arena_many(arena, struct monitor_codes, rest.length / 2 + 1);

	conf->codes = codes;
	conf->code_count = 0;
	while (rest.length > 0) {
		const char *blank = memchr(rest.at, ' ', rest.length);
		size_t length = blank != NULL ? (size_t)(blank - rest.at) : rest.length;
		size_t skip = length + (blank != NULL);

		codes[conf->code_count++] = read_codes((struct str){ rest.at, length });
		rest = (struct str){ rest.at + skip, rest.length - skip };
	}
}

static void plan_destination(const struct object *monitor, struct monitor_conf *conf)
{
	struct str text = object_text(monitor, MONITOR_DEST_IP);

	conf->destination_port = (uint16_t)number32(monitor, MONITOR_DEST_PORT);
	conf->has_destination = address_parse(text, conf->destination_port, &conf->destination) &&
				!address_is_any(&conf->destination);
}

struct monitor_conf plan_monitor_conf(const struct object *monitor, struct arena *arena)
{
	struct monitor_conf conf = monitor_conf_default();

	conf.name = arena_copy(arena, object_name(monitor));
	conf.kind = kind_of(monitor);
	conf.is_enabled = object_number(monitor, MONITOR_STATE) == OPTION_FIRST;
	conf.is_reverse = object_number(monitor, MONITOR_REVERSE) == OPTION_FIRST;
	conf.interval_ms = number32(monitor, MONITOR_INTERVAL);
	conf.response_timeout_ms = number32(monitor, MONITOR_RESPONSE_TIMEOUT);
	conf.down_time_ms = number32(monitor, MONITOR_DOWN_TIME);
	conf.retries = number32(monitor, MONITOR_RETRIES);
	conf.failure_retries = number32(monitor, MONITOR_FAILURE_RETRIES);
	conf.success_retries = number32(monitor, MONITOR_SUCCESS_RETRIES);
	conf.http_request = arena_copy(arena, object_text(monitor, MONITOR_HTTP_REQUEST));
	conf.custom_headers = arena_copy(arena, object_text(monitor, MONITOR_CUSTOM_HEADERS));
	plan_destination(monitor, &conf);
	plan_codes(monitor, arena, &conf);
	return conf;
}
