/* SPDX-License-Identifier: Apache-2.0
 * load.c - the monitor kind LOAD: all metrics that are bound to it are read from the host by one
 * SNMP request; well is who is above none of their thresholds. What it says has the load, the mean
 * of the values by their weights. Without a metric any answer is well.
 *
 * MONITOR_TEXT_METRICS has a line for each: OID, threshold, weight, name, with blanks between.
 */
#include "monitor/snmp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { METRICS_MOST = 32 };

struct metric {
	struct str oid, name;
	uint64_t threshold, weight;
};

static struct str take_word(struct str *rest, char end)
{
	const char *at = memchr(rest->at, end, rest->length);
	size_t length = at != NULL ? (size_t)(at - rest->at) : rest->length;
	struct str word = { rest->at, length };
	size_t skip = length + (at != NULL);

	*rest = (struct str){ rest->at + skip, rest->length - skip };
	return word;
}

static unsigned read_metrics(const struct talk *talk, struct metric metrics[METRICS_MOST])
{
	struct str rest = talk_conf(talk, MONITOR_TEXT_METRICS);
	unsigned count = 0;

	while (rest.length > 0 && count < METRICS_MOST) {
		struct metric *metric = &metrics[count];

		metric->oid = take_word(&rest, ' ');
		if (!str_to_number(take_word(&rest, ' '), INT64_MAX, &metric->threshold) ||
		    !str_to_number(take_word(&rest, ' '), UINT32_MAX, &metric->weight))
			break;
		metric->name = take_word(&rest, '\n');
		count++;
	}
	return count;
}

static enum talk_verdict ask(struct talk *talk, const struct metric *metrics, unsigned count)
{
	struct str oids[METRICS_MOST] = { STR("1.3.6.1.2.1.1.3.0") };

	for (unsigned i = 0; i < count; i++)
		oids[i] = metrics[i].oid;
	return snmp_ask(talk, oids, count > 0 ? count : 1);
}

static enum talk_verdict judge_values(struct talk *talk, struct ber_reader *list,
				      const struct metric *metrics, unsigned count)
{
	__int128 sum = 0;
	uint64_t weights = 0;
	struct ber_reader value;
	unsigned tag;
	int64_t number;

	for (unsigned i = 0; i < count; i++) {
		const char *name = talk_plain(metrics[i].name);

		if (!snmp_pair(list, &tag, &value))
			return talk_bad(talk, "the answer lacks metric %s", name);
		if (tag >= SNMP_EXCEPTION)
			return talk_bad(talk, "metric %s: the object is not there", name);
		if (!snmp_number(tag, &value, &number))
			return talk_bad(talk, "metric %s is no number", name);
		if (number > (int64_t)metrics[i].threshold)
			return talk_bad(talk, "metric %s is %" PRId64 ", above %" PRIu64, name,
					number, metrics[i].threshold);
		sum += (__int128)number * (int64_t)metrics[i].weight;
		weights += metrics[i].weight;
	}
	if (weights == 0)
		return talk_good(talk, "answered");
	return talk_good(talk, "load %" PRId64 " of %u metrics", (int64_t)(sum / (int64_t)weights),
			 count);
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	struct metric metrics[METRICS_MOST];
	unsigned count = read_metrics(talk, metrics);
	enum talk_verdict verdict;
	struct ber_reader list;

	(void)is_over;
	(void)used;
	if (talk->step == 0)
		return ask(talk, metrics, count);
	verdict = snmp_answer(talk, heard, length, &list);
	return verdict == TALK_GOOD ? judge_values(talk, &list, metrics, count) : verdict;
}

const struct talk_protocol load_protocol = { .is_datagram = true, .turn = turn };
