/* SPDX-License-Identifier: Apache-2.0
 * monitor_fuzz.c - what a server may answer to a monitor, of every kind that is a conversation.
 *
 * Input: a byte that says which kind, one that says how the answer comes, one that says which
 * settings the monitor has, the answer. What must hold whatever comes: no byte is read that was not
 * heard; every conversation ends, also when the answer is repeated without end; a verdict has
 * words, and printable ones; a short answer has the same outcome in pieces and whole.
 */
#include "base/check.h"
#include "monitor/ear.h"
#include "monitor/monitor.h"
#include "monitor/probe.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	HOW_ENDLESS = 0x80, /* the answer comes again and again */
	HOW_PIECE = 0x7f,   /* bytes of a piece; 0: all at once */
	SHORT_MAX = 480     /* nobody refuses a line of so few bytes for its length */
};

enum {
	WITH_USER = 0x01,
	WITH_RECV = 0x02,
	WITH_FIELD = 0x04,
	WITH_HEADER = 0x08,
	WITH_QUERY = 0x10,
	WITH_FILE = 0x20,
	WITH_THRESHOLD = 0x40,
	WITH_CODES = 0x80
};

/* By place, so that a seed keeps its meaning. */
static const char *const kinds[] = { "TCP-ECV", "HTTP-ECV", "UDP-ECV",      "DNS",
				     "DNS-TCP", "FTP",      "SMTP",         "POP3",
				     "LDAP",    "RADIUS",   "MYSQL",        "SNMP",
				     "AGENT",   "HTTP",     "FTP-EXTENDED", "MYSQL-ECV",
				     "NNTP",    "LOAD",     "HTTP-INLINE" };
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct ear ear;

static const struct talk_protocol *protocol_of(unsigned number)
{
	static bool is_checked;

	for (unsigned i = 0; !is_checked && monitor_kinds[i] != NULL; i++) {
		bool is_here = monitor_kinds[i]->protocol == NULL;

		for (unsigned j = 0; j < KINDS; j++)
			is_here |= strcmp(kinds[j], monitor_kinds[i]->name) == 0;
		must(is_here); /* a kind without fuzzing */
	}
	is_checked = true;
	return monitor_kind_of(str_of(kinds[number % KINDS]))->protocol;
}

static struct monitor_conf set_up(unsigned with)
{
	static const struct monitor_codes codes[] = { { 1, 3 }, { 200, 299 } };
	static const struct {
		unsigned with;
		enum monitor_text text;
		struct str value;
	} rows[] = {
		{ WITH_USER, MONITOR_TEXT_USER_NAME, STR("probe") },
		{ WITH_USER, MONITOR_TEXT_PASSWORD, STR("right") },
		{ WITH_RECV, MONITOR_TEXT_RECV, STR("ready") },
		{ WITH_RECV, MONITOR_TEXT_SEND, STR("GET /") },
		{ WITH_FIELD, MONITOR_TEXT_CAPACITY_FIELD, STR("load.free") },
		{ WITH_HEADER, MONITOR_TEXT_CAPACITY_HEADER, STR("X-Free") },
		{ WITH_QUERY, MONITOR_TEXT_QUERY, STR("a.test") },
		{ WITH_QUERY, MONITOR_TEXT_ADDRESSES, STR("10.1.2.3 ::1") },
		{ WITH_QUERY, MONITOR_TEXT_SQL_QUERY, STR("select 1") },
		{ WITH_FILE, MONITOR_TEXT_FILE_NAME, STR("here") },
		{ WITH_FILE, MONITOR_TEXT_GROUP, STR("house.talk") },
		{ WITH_FILE, MONITOR_TEXT_BASE_DN, STR("o=house") },
		{ WITH_THRESHOLD, MONITOR_TEXT_SNMP_THRESHOLD, STR("7") },
		{ WITH_THRESHOLD, MONITOR_TEXT_METRICS,
		  STR("1.3.6.1.2.1.1.3.0 9 1 cpu\n1.3.6.1 20 2 x\n") },
		{ WITH_CODES, MONITOR_TEXT_RAD_KEY, STR("knock") },
	};
	struct monitor_conf conf = monitor_conf_default();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (with & rows[i].with)
			conf.texts[rows[i].text] = rows[i].value;
	conf.codes = codes;
	conf.code_count = with & WITH_CODES ? 2 : 0;
	return conf;
}

/* What lies behind what was heard must not be looked at. */
static enum talk_verdict hear(size_t count, bool is_over)
{
	size_t length = ear.length + count;
	enum talk_verdict verdict;

	ASAN_POISON_MEMORY_REGION(ear.heard + length, sizeof(ear.heard) - length);
	verdict = ear_hear(&ear, count, is_over);
	ASAN_UNPOISON_MEMORY_REGION(ear.heard, sizeof(ear.heard));
	must(ear.talk.say_length <= sizeof(ear.talk.say));
	ear.talk.say_length = 0;
	return verdict;
}

static enum talk_verdict hear_all(const uint8_t *bytes, size_t length, size_t piece)
{
	enum talk_verdict verdict = TALK_MORE;

	for (size_t at = 0; at < length && verdict == TALK_MORE;) {
		char *to;
		size_t room = ear_room(&ear, &to), count = length - at;

		if (room == 0)
			return TALK_BAD;
		count = piece > 0 && count > piece ? piece : count;
		count = count > room ? room : count;
		memcpy(to, bytes + at, count);
		at += count;
		verdict = hear(count, false);
	}
	return verdict;
}

static void begin(const struct talk_protocol *protocol, const struct monitor_conf *conf)
{
	ear_init(&ear, protocol, conf);
	ear.talk.request = STR("GET / HTTP/1.1\r\n\r\n");
	ear.talk.nonce = 0x1234;
}

static enum talk_verdict converse(const struct talk_protocol *protocol,
				  const struct monitor_conf *conf, const uint8_t *bytes,
				  size_t length, size_t piece)
{
	enum talk_verdict verdict;

	begin(protocol, conf);
	verdict = hear(0, false);
	if (verdict == TALK_MORE)
		verdict = hear_all(bytes, length, piece);
	if (verdict == TALK_MORE && !protocol->is_datagram)
		verdict = hear(0, true);
	return verdict;
}

/* The answer again and again: somebody must have enough. */
static void converse_endlessly(const struct talk_protocol *protocol,
			       const struct monitor_conf *conf, const uint8_t *bytes, size_t length)
{
	static uint8_t much[4096];
	size_t heard = 0;
	enum talk_verdict verdict;

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = bytes[i % length];
	begin(protocol, conf);
	verdict = hear(0, false);
	for (; verdict == TALK_MORE && heard <= TALK_TOTAL_MAX + TALK_HEARD_MAX;
	     heard += sizeof(much))
		verdict = hear_all(much, sizeof(much), 0);
	must(verdict != TALK_MORE);
}

static void check_words(void)
{
	must(ear.talk.text[0] != '\0');
	for (const char *at = ear.talk.text; *at != '\0'; at++)
		must(*at >= ' ' && *at < 0x7f);
}

static void compare(const struct talk_protocol *protocol, const struct monitor_conf *conf,
		    const uint8_t *bytes, size_t length, size_t piece)
{
	enum talk_verdict verdict = converse(protocol, conf, bytes, length, piece);
	struct talk first = ear.talk;

	must(verdict != TALK_MORE || protocol->is_datagram);
	if (verdict != TALK_MORE)
		check_words();
	if (protocol->is_datagram || length > SHORT_MAX)
		return;
	must(converse(protocol, conf, bytes, length, 0) == verdict);
	must(strcmp(first.text, ear.talk.text) == 0);
	must(capacity_equal(&first.capacity, &ear.talk.capacity));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct talk_protocol *protocol;
	struct monitor_conf conf;

	if (size < 4)
		return 0;
	protocol = protocol_of(data[0]);
	conf = set_up(data[2]);
	if (data[1] & HOW_ENDLESS && !protocol->is_datagram)
		converse_endlessly(protocol, &conf, data + 3, size - 3);
	else
		compare(protocol, &conf, data + 3, size - 3, data[1] & HOW_PIECE);
	return 0;
}
