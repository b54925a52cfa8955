/* SPDX-License-Identifier: Apache-2.0
 * snmp.c - the monitor kind SNMP: a GET of one object (RFC 1157, RFC 3416) with a number in the
 * answer that is not above -snmpThreshold. Without -snmpOID the host's up-time is read.
 */
#include "monitor/snmp.h"

#include <inttypes.h>

enum { GET_REQUEST = 0xa0, GET_RESPONSE = 0xa2 };
enum { COUNTER = 0x41, GAUGE = 0x42, TIME_TICKS = 0x43, COUNTER64 = 0x46 };

static int64_t request_id(const struct talk *talk)
{
	return (int64_t)(talk->nonce & 0x7fffffff);
}

enum talk_verdict snmp_ask(struct talk *talk, const struct str *oids, unsigned count)
{
	struct str community = talk_conf(talk, MONITOR_TEXT_SNMP_COMMUNITY);
	bool is_v2 = str_equal_nocase(talk_conf(talk, MONITOR_TEXT_SNMP_VERSION), STR("V2"));
	struct ber_writer writer;
	struct str written;

	talk->step = 1;
	ber_begin(&writer);
	for (unsigned i = count; i > 0; i--) {
		size_t end = writer.at;

		ber_put(&writer, BER_NULL, NULL, 0);
		if (!ber_put_oid(&writer, oids[i - 1]))
			return talk_bad(talk, "%s is no object identifier",
					talk_plain(oids[i - 1]));
		ber_wrap(&writer, BER_SEQUENCE, end);
	}
	ber_wrap(&writer, BER_SEQUENCE, BER_WRITE_MAX);
	ber_put_number(&writer, BER_INTEGER, 0);
	ber_put_number(&writer, BER_INTEGER, 0);
	ber_put_number(&writer, BER_INTEGER, request_id(talk));
	ber_wrap(&writer, GET_REQUEST, BER_WRITE_MAX);
	if (community.length == 0)
		community = STR("public");
	ber_put(&writer, BER_OCTETS, community.at, community.length);
	ber_put_number(&writer, BER_INTEGER, is_v2);
	ber_wrap(&writer, BER_SEQUENCE, BER_WRITE_MAX);
	written = ber_written(&writer);
	return !writer.is_full && talk_say(talk, written.at, written.length)
		       ? TALK_MORE
		       : talk_bad(talk, "the request is too long");
}

static enum talk_verdict ask(struct talk *talk)
{
	struct str oid = talk_conf(talk, MONITOR_TEXT_SNMP_OID);

	if (oid.length == 0)
		oid = STR("1.3.6.1.2.1.1.3.0");
	return snmp_ask(talk, &oid, 1);
}

bool snmp_number(unsigned tag, const struct ber_reader *inside, int64_t *number)
{
	struct str text = { (const char *)inside->at, (size_t)(inside->end - inside->at) };
	uint64_t plain;

	if (tag == BER_OCTETS) {
		if (!str_to_number(str_trim(text), INT64_MAX, &plain))
			return false;
		*number = (int64_t)plain;
		return true;
	}
	return (tag == BER_INTEGER || tag == COUNTER || tag == GAUGE || tag == TIME_TICKS ||
		tag == COUNTER64) &&
	       ber_number(inside, number);
}

static enum talk_verdict judge_value(struct talk *talk, unsigned tag,
				     const struct ber_reader *inside)
{
	struct str threshold = talk_conf(talk, MONITOR_TEXT_SNMP_THRESHOLD);
	uint64_t most;
	int64_t number;

	if (tag >= SNMP_EXCEPTION)
		return talk_bad(talk, "the object is not there");
	if (threshold.length == 0)
		return talk_good(talk, "answered");
	if (!str_to_number(threshold, INT64_MAX, &most))
		return talk_bad(talk, "-snmpThreshold is no number");
	if (!snmp_number(tag, inside, &number))
		return talk_bad(talk, "the object is no number");
	if (number > (int64_t)most)
		return talk_bad(talk, "value %" PRId64 " is above %" PRIu64, number, most);
	return talk_good(talk, "value %" PRId64, number);
}

enum talk_verdict snmp_answer(struct talk *talk, const char *bytes, size_t length,
			      struct ber_reader *list)
{
	struct ber_reader in = ber_reader_of(bytes, length), message, part, response;
	int64_t version, id, error, index;

	if (!ber_take_tag(&in, BER_SEQUENCE, &message) ||
	    !ber_take_number(&message, BER_INTEGER, &version) ||
	    !ber_take_tag(&message, BER_OCTETS, &part) ||
	    !ber_take_tag(&message, GET_RESPONSE, &response) ||
	    !ber_take_number(&response, BER_INTEGER, &id) ||
	    !ber_take_number(&response, BER_INTEGER, &error) ||
	    !ber_take_number(&response, BER_INTEGER, &index))
		return talk_bad(talk, "the answer is not SNMP");
	if (id != request_id(talk))
		return TALK_MORE;
	if (error != 0)
		return talk_bad(talk, "SNMP error %" PRId64, error);
	if (!ber_take_tag(&response, BER_SEQUENCE, list))
		return talk_bad(talk, "the answer is not SNMP");
	return TALK_GOOD;
}

bool snmp_pair(struct ber_reader *list, unsigned *tag, struct ber_reader *value)
{
	struct ber_reader pair, oid;

	return ber_take_tag(list, BER_SEQUENCE, &pair) && ber_take_tag(&pair, BER_OID, &oid) &&
	       ber_take(&pair, tag, value);
}

static enum talk_verdict judge(struct talk *talk, const char *bytes, size_t length)
{
	struct ber_reader list, value;
	enum talk_verdict verdict = snmp_answer(talk, bytes, length, &list);
	unsigned tag;

	if (verdict != TALK_GOOD)
		return verdict;
	if (!snmp_pair(&list, &tag, &value))
		return talk_bad(talk, "the answer is not SNMP");
	return judge_value(talk, tag, &value);
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	(void)is_over;
	(void)used;
	return talk->step == 0 ? ask(talk) : judge(talk, heard, length);
}

const struct talk_protocol snmp_protocol = { .is_datagram = true, .turn = turn };
