/* SPDX-License-Identifier: Apache-2.0
 * ldap.c - the monitor kind LDAP (RFC 4511): a simple bind, and with -baseDN a search that finds an
 * entry.
 */
#include "monitor/ber.h"
#include "monitor/ldap_filter.h"
#include "monitor/talk.h"

#include <inttypes.h>
#include <string.h>

enum {
	BIND_REQUEST = 0x60,
	BIND_RESPONSE = 0x61,
	UNBIND_REQUEST = 0x42,
	SEARCH_REQUEST = 0x63,
	SEARCH_ENTRY = 0x64,
	SEARCH_DONE = 0x65,
	SEARCH_REFERENCE = 0x73,
	SIMPLE = 0x80,
	SIZE_LIMIT_EXCEEDED = 4
};
enum { STEP_BEGIN, STEP_BOUND, STEP_SEARCH };

static void put_text(struct ber_writer *writer, unsigned tag, struct str text)
{
	ber_put(writer, tag, text.at, text.length);
}

static enum talk_verdict send_it(struct talk *talk, struct ber_writer *writer, int64_t id)
{
	struct str written;

	ber_put_number(writer, BER_INTEGER, id);
	ber_wrap(writer, BER_SEQUENCE, BER_WRITE_MAX);
	written = ber_written(writer);
	if (writer->is_full || !talk_say(talk, written.at, written.length))
		return talk_bad(talk, "a name is too long");
	return TALK_MORE;
}

static enum talk_verdict bind_to(struct talk *talk)
{
	struct ber_writer writer;

	talk->step = STEP_BOUND;
	ber_begin(&writer);
	put_text(&writer, SIMPLE, talk_conf(talk, MONITOR_TEXT_PASSWORD));
	put_text(&writer, BER_OCTETS, talk_conf(talk, MONITOR_TEXT_BIND_DN));
	ber_put_number(&writer, BER_INTEGER, 3);
	ber_wrap(&writer, BIND_REQUEST, BER_WRITE_MAX);
	return send_it(talk, &writer, 1);
}

static void unbind(struct talk *talk)
{
	struct ber_writer writer;

	ber_begin(&writer);
	ber_put(&writer, UNBIND_REQUEST, NULL, 0);
	(void)send_it(talk, &writer, 3);
}

static enum talk_verdict search(struct talk *talk)
{
	struct str attribute = talk_conf(talk, MONITOR_TEXT_ATTRIBUTE);
	struct ber_writer writer;
	unsigned char no = 0;

	talk->step = STEP_SEARCH;
	ber_begin(&writer);
	put_text(&writer, BER_OCTETS, attribute.length > 0 ? attribute : STR("1.1"));
	ber_wrap(&writer, BER_SEQUENCE, BER_WRITE_MAX);
	if (!ldap_filter_put(&writer, talk_conf(talk, MONITOR_TEXT_FILTER)))
		return talk_bad(talk, "-filter is no filter of LDAP");
	ber_put(&writer, BER_BOOLEAN, &no, 1);
	ber_put_number(&writer, BER_INTEGER, 0); /* time limit */
	ber_put_number(&writer, BER_INTEGER, 1); /* size limit */
	ber_put_number(&writer, BER_ENUMERATED, 0);
	ber_put_number(&writer, BER_ENUMERATED, 2); /* the whole subtree */
	put_text(&writer, BER_OCTETS, talk_conf(talk, MONITOR_TEXT_BASE_DN));
	ber_wrap(&writer, SEARCH_REQUEST, BER_WRITE_MAX);
	return send_it(talk, &writer, 2);
}

static enum talk_verdict bound(struct talk *talk, int64_t code)
{
	if (code != 0)
		return talk_bad(talk, "the bind is refused with LDAP result %" PRId64, code);
	if (talk_conf(talk, MONITOR_TEXT_BASE_DN).length > 0)
		return search(talk);
	unbind(talk);
	return talk_good(talk, "bound");
}

static enum talk_verdict found(struct talk *talk)
{
	unbind(talk);
	return talk_good(talk, "found");
}

static enum talk_verdict take(struct talk *talk, struct ber_reader in)
{
	struct ber_reader message, operation;
	unsigned tag;
	int64_t id, code;

	if (!ber_take_tag(&in, BER_SEQUENCE, &message) ||
	    !ber_take_number(&message, BER_INTEGER, &id) || !ber_take(&message, &tag, &operation))
		return talk_bad(talk, "the answer is not LDAP");
	if (talk->step == STEP_SEARCH && tag == SEARCH_ENTRY)
		return found(talk);
	if (talk->step == STEP_SEARCH && tag == SEARCH_REFERENCE)
		return TALK_MORE;
	if (!ber_take_number(&operation, BER_ENUMERATED, &code))
		return talk_bad(talk, "the answer is not LDAP");
	if (talk->step == STEP_BOUND && tag == BIND_RESPONSE)
		return bound(talk, code);
	if (talk->step != STEP_SEARCH || tag != SEARCH_DONE)
		return talk_bad(talk, "LDAP result %" PRId64, code);
	if (code != 0 && code != SIZE_LIMIT_EXCEEDED)
		return talk_bad(talk, "the search ends with LDAP result %" PRId64, code);
	return talk_bad(talk, "the search finds nothing");
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	size_t size;

	(void)is_over;
	if (talk->step == STEP_BEGIN)
		return bind_to(talk);
	if (length > 0 && heard[0] != BER_SEQUENCE)
		return talk_bad(talk, "the answer is not LDAP");
	switch (ber_size(heard, length, TALK_HEARD_MAX, &size)) {
	case BER_MORE:
		return TALK_MORE;
	case BER_BROKEN:
		return talk_bad(talk, "the answer is not LDAP");
	case BER_WHOLE:
		break;
	}
	*used = size;
	return take(talk, ber_reader_of(heard, size));
}

const struct talk_protocol ldap_protocol = { .turn = turn };
