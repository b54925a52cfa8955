/* SPDX-License-Identifier: Apache-2.0
 * mysql.c - the monitor kinds MYSQL and MYSQL-ECV: the greeting of a MySQL or MariaDB server; with
 * -userName a login by mysql_native_password or caching_sha2_password, then -sqlQuery or a ping.
 * MYSQL-ECV looks for -recv in the rows that come back.
 *
 * Source: MySQL Internals, "Client/Server Protocol". A password that only TLS may carry is refused.
 */
#include "monitor/talk.h"

#include <openssl/evp.h>
#include <string.h>

enum {
	STEP_GREETING,
	STEP_LOGIN,
	STEP_COMMAND,
	STEP_ROWS,
	HEAD = 4,
	SEED_BYTES = 20,
	PACKET_MAX = TALK_HEARD_MAX - HEAD,
	OK = 0x00,
	MORE_DATA = 0x01,
	END = 0xfe,
	ERROR = 0xff,
	COM_QUIT = 0x01,
	COM_QUERY = 0x03,
	COM_PING = 0x0e,
	/* LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH */
	CAPABILITIES = 0x00000001 | 0x00000200 | 0x00008000 | 0x00080000,
	CONNECT_WITH_DB = 0x00000008
};

/* A packet of the server; the bytes of its inside. */
struct packet {
	const unsigned char *at;
	size_t length;
	unsigned char number;
};

static bool put_packet(struct talk *talk, unsigned number, const void *inside, size_t length)
{
	unsigned char head[HEAD] = { (unsigned char)length, (unsigned char)(length >> 8),
				     (unsigned char)(length >> 16), (unsigned char)number };

	return talk_say(talk, head, sizeof(head)) && talk_say(talk, inside, length);
}

static enum talk_verdict quit(struct talk *talk)
{
	unsigned char command = COM_QUIT;

	(void)put_packet(talk, 0, &command, 1);
	return TALK_GOOD;
}

static enum talk_verdict broken(struct talk *talk)
{
	return talk_bad(talk, "the answer is not MySQL");
}

static enum talk_verdict refused(struct talk *talk, const struct packet *packet)
{
	size_t skip = packet->length > 3 && packet->at[3] == '#' ? 9 : 3;
	unsigned code;

	if (packet->length < skip)
		return broken(talk);
	code = (unsigned)packet->at[1] | (unsigned)packet->at[2] << 8;
	return talk_bad(
		talk, "MySQL error %u: %s", code,
		talk_plain((struct str){ (const char *)packet->at + skip, packet->length - skip }));
}

/* --- passwords -------------------------------------------------------------------------------- */

static size_t digest(const EVP_MD *kind, unsigned char *to, const struct str *pieces,
		     unsigned count)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned length = 0;
	bool is_good = context != NULL && EVP_DigestInit_ex(context, kind, NULL) == 1;

	for (unsigned i = 0; i < count && is_good; i++)
		is_good = EVP_DigestUpdate(context, pieces[i].at, pieces[i].length) == 1;
	is_good = is_good && EVP_DigestFinal_ex(context, to, &length) == 1;
	EVP_MD_CTX_free(context);
	return is_good ? length : 0;
}

/* native: SHA1(p) xor SHA1(seed, SHA1(SHA1(p))); sha2: SHA256(p) xor SHA256(SHA256(SHA256(p)),
 * seed) */
static size_t scramble(const struct talk *talk, bool is_sha2, unsigned char to[EVP_MAX_MD_SIZE])
{
	struct str password = talk_conf(talk, MONITOR_TEXT_PASSWORD);
	const EVP_MD *kind = is_sha2 ? EVP_sha256() : EVP_sha1();
	unsigned char once[EVP_MAX_MD_SIZE], twice[EVP_MAX_MD_SIZE], mixed[EVP_MAX_MD_SIZE];
	size_t size;

	if (password.length == 0)
		return 0;
	size = digest(kind, once, &password, 1);
	(void)digest(kind, twice, &(struct str){ (const char *)once, size }, 1);
	struct str seed = { (const char *)talk->scratch, SEED_BYTES };
	struct str hash = { (const char *)twice, size };
	struct str native[] = { seed, hash }, sha2[] = { hash, seed };

	(void)digest(kind, mixed, is_sha2 ? sha2 : native, 2);
	for (size_t i = 0; i < size; i++)
		to[i] = once[i] ^ mixed[i];
	return size;
}

static bool is_native(struct str plugin)
{
	return plugin.length == 0 || str_equal(plugin, STR("mysql_native_password"));
}

static bool is_sha2(struct str plugin)
{
	return str_equal(plugin, STR("caching_sha2_password"));
}

/* --- the greeting ------------------------------------------------------------------------------
 */

struct login {
	size_t length;
	unsigned char bytes[1024];
	bool is_full;
};

static void add(struct login *login, const void *bytes, size_t length)
{
	if (length > sizeof(login->bytes) - login->length) {
		login->is_full = true;
		return;
	}
	if (length > 0)
		memcpy(login->bytes + login->length, bytes, length);
	login->length += length;
}

/* HandshakeResponse41 */
static enum talk_verdict log_in(struct talk *talk, unsigned number, struct str plugin)
{
	struct str user = talk_conf(talk, MONITOR_TEXT_USER_NAME);
	struct str database = talk_conf(talk, MONITOR_TEXT_DATABASE);
	uint32_t flags = CAPABILITIES | (database.length > 0 ? CONNECT_WITH_DB : 0);
	unsigned char head[32] = { (unsigned char)flags,
				   (unsigned char)(flags >> 8),
				   (unsigned char)(flags >> 16),
				   0,
				   0,
				   0,
				   0,
				   1,
				   45 };
	unsigned char answer[EVP_MAX_MD_SIZE + 1];
	struct login login = { 0 };
	struct str used = is_sha2(plugin) ? plugin : STR("mysql_native_password");

	answer[0] = (unsigned char)scramble(talk, is_sha2(plugin), answer + 1);
	add(&login, head, sizeof(head));
	add(&login, user.at, user.length);
	add(&login, "", 1);
	add(&login, answer, answer[0] + (size_t)1);
	add(&login, database.at, database.length);
	add(&login, "", database.length > 0);
	add(&login, used.at, used.length);
	add(&login, "", 1);
	talk->step = STEP_LOGIN;
	if (login.is_full || !put_packet(talk, number, login.bytes, login.length))
		return talk_bad(talk, "a name is too long");
	return TALK_MORE;
}

static struct str rest_text(const struct packet *packet, size_t at)
{
	const unsigned char *end = memchr(packet->at + at, 0, packet->length - at);
	size_t length = end != NULL ? (size_t)(end - packet->at) - at : packet->length - at;

	return (struct str){ (const char *)packet->at + at, length };
}

/* Protocol::HandshakeV10: version, thread, seed, and so on. */
static enum talk_verdict greet(struct talk *talk, const struct packet *packet)
{
	struct str version, plugin = { 0 };
	size_t at;

	if (packet->length > 0 && packet->at[0] == ERROR)
		return refused(talk, packet);
	if (packet->length < 2 || packet->at[0] != 10)
		return broken(talk);
	version = rest_text(packet, 1);
	at = 1 + version.length + 1;
	if (packet->length < at + 4 + 9 + 2)
		return broken(talk);
	if (talk_conf(talk, MONITOR_TEXT_USER_NAME).length == 0)
		return talk_good(talk, "greeted by MySQL %s", talk_plain(version));
	memcpy(talk->scratch, packet->at + at + 4, 8);
	at += 4 + 9 + 2 + 1 + 2 + 2 + 1 + 10;
	if (packet->length < at + 12)
		return broken(talk);
	memcpy(talk->scratch + 8, packet->at + at, 12);
	if (packet->length > at + 13)
		plugin = rest_text(packet, at + 13);
	return log_in(talk, packet->number + 1u, plugin);
}

/* --- behind the greeting -----------------------------------------------------------------------
 */

static enum talk_verdict command(struct talk *talk)
{
	struct str query = talk_conf(talk, MONITOR_TEXT_SQL_QUERY);
	unsigned char inside[2048] = { query.length > 0 ? COM_QUERY : COM_PING };

	if (query.length > sizeof(inside) - 1)
		return talk_bad(talk, "-sqlQuery is too long");
	if (query.length > 0)
		memcpy(inside + 1, query.at, query.length);
	talk->step = STEP_COMMAND;
	(void)put_packet(talk, 0, inside, query.length + 1);
	return TALK_MORE;
}

/* AuthSwitchRequest: another plugin, another seed. */
static enum talk_verdict switch_plugin(struct talk *talk, const struct packet *packet)
{
	unsigned char answer[EVP_MAX_MD_SIZE];
	struct str plugin;
	size_t at;

	if (packet->length < 2)
		return talk_bad(talk, "the server asks for a password of the old kind");
	plugin = rest_text(packet, 1);
	at = 1 + plugin.length + 1;
	if (!is_native(plugin) && !is_sha2(plugin))
		return talk_bad(talk, "the server asks for %s", talk_plain(plugin));
	if (packet->length < at + SEED_BYTES)
		return broken(talk);
	memcpy(talk->scratch, packet->at + at, SEED_BYTES);
	(void)put_packet(talk, packet->number + 1u, answer,
			 scramble(talk, is_sha2(plugin), answer));
	return TALK_MORE;
}

static enum talk_verdict logging_in(struct talk *talk, const struct packet *packet)
{
	switch (packet->at[0]) {
	case OK:
		return command(talk);
	case ERROR:
		return refused(talk, packet);
	case END:
		return switch_plugin(talk, packet);
	case MORE_DATA:
		if (packet->length > 1 && packet->at[1] == 3)
			return TALK_MORE; /* known by its cache: OK follows */
		return talk_bad(talk, "the server wants the password over TLS");
	default:
		return broken(talk);
	}
}

static bool holds(const struct talk *talk, const struct packet *packet)
{
	struct str wanted = talk_conf(talk, MONITOR_TEXT_RECV);

	return memmem(packet->at, packet->length, wanted.at, wanted.length) != NULL;
}

/* Columns, an end, rows, an end: only whether one holds the text is asked. */
static enum talk_verdict look_at_row(struct talk *talk, const struct packet *packet)
{
	bool is_end = packet->at[0] == END && packet->length < 9;

	if (packet->at[0] == ERROR)
		return refused(talk, packet);
	talk->kept += is_end;
	if (!is_end && talk->kept == 1 && holds(talk, packet)) {
		(void)talk_good(talk, "a row holds \"%s\"",
				talk_plain(talk_conf(talk, MONITOR_TEXT_RECV)));
		return quit(talk);
	}
	if (talk->kept < 2)
		return TALK_MORE;
	return talk_bad(talk, "no row holds \"%s\"",
			talk_plain(talk_conf(talk, MONITOR_TEXT_RECV)));
}

static enum talk_verdict answered(struct talk *talk, const struct packet *packet, bool is_ecv)
{
	if (packet->at[0] == ERROR)
		return refused(talk, packet);
	if (is_ecv && packet->at[0] != OK && talk_conf(talk, MONITOR_TEXT_RECV).length > 0) {
		talk->step = STEP_ROWS;
		return TALK_MORE;
	}
	(void)talk_good(talk, packet->at[0] == OK ? "the server is well" : "the query has rows");
	return quit(talk);
}

static enum talk_verdict take(struct talk *talk, const struct packet *packet, bool is_ecv)
{
	if (talk->step == STEP_GREETING)
		return greet(talk, packet);
	if (packet->length == 0)
		return broken(talk);
	if (talk->step == STEP_LOGIN)
		return logging_in(talk, packet);
	return talk->step == STEP_COMMAND ? answered(talk, packet, is_ecv)
					  : look_at_row(talk, packet);
}

static enum talk_verdict turn(struct talk *talk, const char *heard, size_t length, size_t *used,
			      bool is_ecv)
{
	const unsigned char *bytes = (const unsigned char *)heard;
	struct packet packet;

	if (length < HEAD)
		return TALK_MORE;
	packet.length = (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16;
	packet.number = bytes[3];
	packet.at = bytes + HEAD;
	if (packet.length > PACKET_MAX)
		return talk_bad(talk, "the answer is not MySQL, or too long");
	if (length - HEAD < packet.length)
		return TALK_MORE;
	*used = HEAD + packet.length;
	return take(talk, &packet, is_ecv);
}

static enum talk_verdict turn_mysql(struct talk *talk, char *heard, size_t length, bool is_over,
				    size_t *used)
{
	(void)is_over;
	return turn(talk, heard, length, used, false);
}

static enum talk_verdict turn_ecv(struct talk *talk, char *heard, size_t length, bool is_over,
				  size_t *used)
{
	(void)is_over;
	return turn(talk, heard, length, used, true);
}

const struct talk_protocol mysql_protocol = { .turn = turn_mysql };
const struct talk_protocol mysql_ecv_protocol = { .turn = turn_ecv };
