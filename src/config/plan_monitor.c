/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plan_monitor.h"

#include "config/bind_metric.h"
#include "config/plan.h"

#include <inttypes.h>

static uint32_t number32(const struct object *monitor, unsigned option)
{
	uint64_t number = object_number(monitor, option);

	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

/* Types that are known by another name, or that another stands in for. */
static const struct {
	const char *type, *kind;
} stand_ins[] = {
	{ "LDNS-PING", "PING" }, { "LDNS-TCP", "TCP" },           { "LDNS-DNS", "DNS" },
	{ "SIP-UDP", "PING" },   { "RADIUS_ACCOUNTING", "PING" },
};

static struct str kind_of(const struct object *monitor)
{
	const struct option *row = &monitor->kind->options[MONITOR_TYPE];
	const struct choice *type = &row->choices[object_number(monitor, MONITOR_TYPE)];

	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++)
		if (strcmp(type->name, stand_ins[i].type) == 0)
			return str_of(stand_ins[i].kind);
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
	if (!object_is_set(monitor, MONITOR_RESP_CODE))
		return; /* the kind knows best: 200 of HTTP, 2 of RADIUS */
	while (rest.length > 0) {
		const char *blank = memchr(rest.at, ' ', rest.length);
		size_t length = blank != NULL ? (size_t)(blank - rest.at) : rest.length;
		size_t skip = length + (blank != NULL);

		codes[conf->code_count++] = read_codes((struct str){ rest.at, length });
		rest = (struct str){ rest.at + skip, rest.length - skip };
	}
}

/* Which option fills which text. */
static const struct {
	enum monitor_text text;
	unsigned option;
} text_rows[] = {
	{ MONITOR_TEXT_SEND, MONITOR_SEND },
	{ MONITOR_TEXT_RECV, MONITOR_RECV },
	{ MONITOR_TEXT_TROFS_STRING, MONITOR_TROFS_STRING },
	{ MONITOR_TEXT_QUERY, MONITOR_QUERY },
	{ MONITOR_TEXT_QUERY_TYPE, MONITOR_QUERY_TYPE },
	{ MONITOR_TEXT_ADDRESSES, MONITOR_ADDRESSES },
	{ MONITOR_TEXT_USER_NAME, MONITOR_USER_NAME },
	{ MONITOR_TEXT_PASSWORD, MONITOR_PASSWORD },
	{ MONITOR_TEXT_DOMAIN, MONITOR_DOMAIN },
	{ MONITOR_TEXT_GROUP, MONITOR_GROUP },
	{ MONITOR_TEXT_FILE_NAME, MONITOR_FILE_NAME },
	{ MONITOR_TEXT_BASE_DN, MONITOR_BASE_DN },
	{ MONITOR_TEXT_BIND_DN, MONITOR_BIND_DN },
	{ MONITOR_TEXT_FILTER, MONITOR_FILTER },
	{ MONITOR_TEXT_ATTRIBUTE, MONITOR_ATTRIBUTE },
	{ MONITOR_TEXT_DATABASE, MONITOR_DATABASE },
	{ MONITOR_TEXT_SQL_QUERY, MONITOR_SQL_QUERY },
	{ MONITOR_TEXT_RAD_KEY, MONITOR_RAD_KEY },
	{ MONITOR_TEXT_RAD_NAS_ID, MONITOR_RAD_NAS_ID },
	{ MONITOR_TEXT_RAD_NAS_IP, MONITOR_RAD_NAS_IP },
	{ MONITOR_TEXT_SNMP_OID, MONITOR_SNMP_OID },
	{ MONITOR_TEXT_SNMP_COMMUNITY, MONITOR_SNMP_COMMUNITY },
	{ MONITOR_TEXT_SNMP_VERSION, MONITOR_SNMP_VERSION },
	{ MONITOR_TEXT_SNMP_THRESHOLD, MONITOR_SNMP_THRESHOLD },
	{ MONITOR_TEXT_SCRIPT_NAME, MONITOR_SCRIPT_NAME },
	{ MONITOR_TEXT_SCRIPT_ARGS, MONITOR_SCRIPT_ARGS },
	{ MONITOR_TEXT_CAPACITY_HEADER, MONITOR_CAPACITY_HEADER },
	{ MONITOR_TEXT_CAPACITY_FIELD, MONITOR_CAPACITY_FIELD },
};

static void plan_texts(const struct object *monitor, struct arena *arena, struct monitor_conf *conf)
{
	struct text text = TEXT_EMPTY;

	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		text_cut(&text, 0);
		object_print_option(monitor, text_rows[i].option, &text);
		conf->texts[text_rows[i].text] = arena_copy(arena, text_str(&text));
	}
	text_free(&text);
}

uint32_t plan_monitor_timeout(const struct object *monitor)
{
	uint32_t interval = number32(monitor, MONITOR_INTERVAL);
	uint32_t timeout = number32(monitor, MONITOR_RESPONSE_TIMEOUT);

	if (timeout == 0)
		return interval * 9 / 10;
	return timeout;
}

static void plan_learning(const struct object *monitor, struct monitor_conf *conf)
{
	conf->has_deviation = object_is_set(monitor, MONITOR_DEVIATION);
	conf->deviation_ms = number32(monitor, MONITOR_DEVIATION);
	conf->deviation_percent = number32(monitor, MONITOR_DEVIATION_PERCENT);
	conf->warn_percent = number32(monitor, MONITOR_RESPONSE_THRESHOLD);
	conf->learns = object_number(monitor, MONITOR_LRTM) == OPTION_FIRST;
	if (conf->learns)
		return;
	conf->has_deviation = false;
	conf->deviation_percent = 0;
}

static void plan_destination(const struct object *monitor, struct monitor_conf *conf)
{
	struct str text = object_text(monitor, MONITOR_DEST_IP);

	conf->destination_port = (uint16_t)number32(monitor, MONITOR_DEST_PORT);
	conf->has_destination = address_parse(text, conf->destination_port, &conf->destination) &&
				!address_is_any(&conf->destination);
}

void plan_monitor_metrics(const struct config *config, const struct object *monitor,
			  struct arena *arena, struct monitor_conf *conf)
{
	struct str name = object_text(monitor, MONITOR_METRIC_TABLE);
	const struct object *table = config_find(config, KIND_METRIC_TABLE, name);
	struct text text = TEXT_EMPTY;

	for (unsigned i = 0; table != NULL && i < monitor->binding_count; i++) {
		const struct binding *used = &monitor->bindings[i];
		const struct binding *metric = used->type == BINDING_METRIC
						       ? bind_metric_find(table, str_of(used->name))
						       : NULL;

		if (metric != NULL)
			text_print(&text, "%.*s %" PRIu64 " %" PRIu32 " %s\n",
				   STR_ARG(str_trim(str_of(metric->extra))), used->threshold,
				   used->weight, used->name);
	}
	conf->texts[MONITOR_TEXT_METRICS] = arena_copy(arena, text_str(&text));
	text_free(&text);
}

/* Of other kinds than HTTP-INLINE the option means nothing. */
static enum monitor_action action_of(const struct object *monitor)
{
	if (!str_equal(kind_of(monitor), STR("HTTP-INLINE")))
		return MONITOR_ACTION_DOWN;
	return (enum monitor_action)object_number(monitor, MONITOR_ACTION);
}

struct codes plan_monitor_good_codes(const struct plan_monitor *monitors, uint32_t count)
{
	struct codes codes = { 0 };
	bool is_any = true;

	for (uint32_t i = 0; i < count; i++) {
		const struct monitor_conf *conf = &monitors[i].conf;

		if (!str_equal(conf->kind, STR("HTTP-INLINE")))
			continue;
		for (size_t n = 0; n < conf->code_count; n++)
			codes_add(&codes, conf->codes[n].first, conf->codes[n].last);
		is_any &= conf->code_count == 0;
	}
	if (is_any)
		codes_add(&codes, CODES_LEAST, 499);
	return codes;
}

struct monitor_conf plan_monitor_conf(const struct object *monitor, struct arena *arena)
{
	struct monitor_conf conf = monitor_conf_default();

	conf.name = arena_copy(arena, object_name(monitor));
	conf.kind = kind_of(monitor);
	conf.is_enabled = object_number(monitor, MONITOR_STATE) == OPTION_FIRST;
	conf.action = action_of(monitor);
	conf.is_reverse = object_number(monitor, MONITOR_REVERSE) == OPTION_FIRST;
	conf.is_secure = object_number(monitor, MONITOR_SECURE) == OPTION_FIRST;
	conf.interval_ms = number32(monitor, MONITOR_INTERVAL);
	conf.response_timeout_ms = plan_monitor_timeout(monitor);
	conf.down_time_ms = number32(monitor, MONITOR_DOWN_TIME);
	conf.retries = number32(monitor, MONITOR_RETRIES);
	conf.failure_retries = number32(monitor, MONITOR_FAILURE_RETRIES);
	conf.success_retries = number32(monitor, MONITOR_SUCCESS_RETRIES);
	conf.alert_retries = number32(monitor, MONITOR_ALERT_RETRIES);
	conf.trofs_code = number32(monitor, MONITOR_TROFS_CODE);
	conf.http_request = arena_copy(arena, object_text(monitor, MONITOR_HTTP_REQUEST));
	conf.custom_headers = arena_copy(arena, object_text(monitor, MONITOR_CUSTOM_HEADERS));
	plan_destination(monitor, &conf);
	plan_codes(monitor, arena, &conf);
	plan_texts(monitor, arena, &conf);
	plan_learning(monitor, &conf);
	return conf;
}
