/* SPDX-License-Identifier: Apache-2.0
 * radius.c - the monitor kind RADIUS (RFC 2865): an Access-Request whose answer is signed with the
 * shared secret and has an expected code; without -respCode 2, an Access-Accept.
 *
 * The request carries a Message-Authenticator (RFC 3579, 3.2), which newer servers insist on.
 */
#include "monitor/talk.h"

#include "base/address.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
	ACCESS_REQUEST = 1,
	ACCESS_ACCEPT = 2,
	HEAD = 20,
	MD5_BYTES = 16,
	USER_NAME = 1,
	USER_PASSWORD = 2,
	NAS_IP_ADDRESS = 4,
	NAS_IDENTIFIER = 32,
	MESSAGE_AUTHENTICATOR = 80,
	PASSWORD_MAX = 128,
	PACKET_MAX = 1024
};

struct packet {
	size_t length;
	unsigned char bytes[PACKET_MAX];
};

/* MD5 over up to four pieces. False where the library forbids MD5. */
static bool md5(unsigned char digest[MD5_BYTES], const struct str *pieces, unsigned count)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context != NULL && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1;

	for (unsigned i = 0; i < count && is_good; i++)
		is_good = EVP_DigestUpdate(context, pieces[i].at, pieces[i].length) == 1;
	is_good = is_good && EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	return is_good;
}

static void put(struct packet *packet, unsigned type, const void *bytes, size_t length)
{
	if (length == 0 || length > 253 || length + 2 > PACKET_MAX - packet->length)
		return;
	packet->bytes[packet->length] = (unsigned char)type;
	packet->bytes[packet->length + 1] = (unsigned char)(length + 2);
	memcpy(packet->bytes + packet->length + 2, bytes, length);
	packet->length += length + 2;
}

static struct str secret(const struct talk *talk)
{
	return talk_conf(talk, MONITOR_TEXT_RAD_KEY);
}

/* RFC 2865, 5.2 */
static bool put_password(struct talk *talk, struct packet *packet)
{
	struct str password = talk_conf(talk, MONITOR_TEXT_PASSWORD);
	unsigned char hidden[PASSWORD_MAX] = { 0 }, mask[MD5_BYTES];
	const unsigned char *before = packet->bytes + 4;
	size_t length = (password.length + MD5_BYTES - 1) / MD5_BYTES * MD5_BYTES;

	if (password.length > PASSWORD_MAX)
		return false;
	if (password.length > 0)
		memcpy(hidden, password.at, password.length);
	length = length == 0 ? MD5_BYTES : length;
	for (size_t at = 0; at < length; at += MD5_BYTES) {
		struct str pieces[] = { secret(talk), { (const char *)before, MD5_BYTES } };

		if (!md5(mask, pieces, 2))
			return false;
		for (size_t i = 0; i < MD5_BYTES; i++)
			hidden[at + i] ^= mask[i];
		before = hidden + at;
	}
	put(packet, USER_PASSWORD, hidden, length);
	return true;
}

static void put_nas(const struct talk *talk, struct packet *packet)
{
	struct str name = talk_conf(talk, MONITOR_TEXT_RAD_NAS_ID);
	struct address address;

	if (address_parse(talk_conf(talk, MONITOR_TEXT_RAD_NAS_IP), 0, &address) &&
	    address.any.sa_family == AF_INET)
		put(packet, NAS_IP_ADDRESS, &address.v4.sin_addr, 4);
	if (name.length == 0)
		name = STR("spillway");
	put(packet, NAS_IDENTIFIER, name.at, name.length);
}

static bool sign(const struct talk *talk, struct packet *packet)
{
	static const unsigned char none[MD5_BYTES] = { 0 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	put(packet, MESSAGE_AUTHENTICATOR, none, sizeof(none));
	packet->bytes[2] = (unsigned char)(packet->length >> 8);
	packet->bytes[3] = (unsigned char)packet->length;
	if (HMAC(EVP_md5(), secret(talk).at != NULL ? secret(talk).at : "",
		 (int)secret(talk).length, packet->bytes, packet->length, digest, &size) == NULL)
		return false;
	memcpy(packet->bytes + packet->length - MD5_BYTES, digest, MD5_BYTES);
	return true;
}

static enum talk_verdict ask(struct talk *talk)
{
	struct packet packet = { .length = HEAD };
	struct str user = talk_conf(talk, MONITOR_TEXT_USER_NAME);
	struct str seed = { (const char *)&talk->nonce, sizeof(talk->nonce) };

	talk->step = 1;
	packet.bytes[0] = ACCESS_REQUEST;
	packet.bytes[1] = (unsigned char)talk->nonce;
	if (!md5(packet.bytes + 4, &seed, 1))
		return talk_bad(talk, "there is no MD5 here");
	memcpy(talk->scratch, packet.bytes + 4, MD5_BYTES);
	put(&packet, USER_NAME, user.at, user.length);
	if (!put_password(talk, &packet))
		return talk_bad(talk, "-password is too long");
	put_nas(talk, &packet);
	if (!sign(talk, &packet) || !talk_say(talk, packet.bytes, packet.length))
		return talk_bad(talk, "there is no MD5 here");
	return TALK_MORE;
}

static bool is_signed(const struct talk *talk, const char *bytes, size_t length)
{
	struct str pieces[] = { { bytes, 4 },
				{ (const char *)talk->scratch, MD5_BYTES },
				{ bytes + HEAD, length - HEAD },
				secret(talk) };
	unsigned char digest[MD5_BYTES];

	return md5(digest, pieces, 4) && memcmp(digest, bytes + 4, MD5_BYTES) == 0;
}

static bool is_expected(const struct monitor_conf *conf, unsigned code)
{
	for (size_t i = 0; i < conf->code_count; i++)
		if (code >= conf->codes[i].first && code <= conf->codes[i].last)
			return true;
	return conf->code_count == 0 && code == ACCESS_ACCEPT;
}

static enum talk_verdict judge(struct talk *talk, const char *bytes, size_t length)
{
	static const char *const names[] = {
		[2] = "Access-Accept", [3] = "Access-Reject", [11] = "Access-Challenge"
	};
	unsigned code = length > 0 ? (unsigned char)bytes[0] : 0;
	const char *name = code < sizeof(names) / sizeof(names[0]) && names[code] != NULL
				   ? names[code]
				   : "code";
	size_t size;

	if (length < HEAD)
		return talk_bad(talk, "the answer is not RADIUS");
	size = (size_t)(unsigned char)bytes[2] << 8 | (unsigned char)bytes[3];
	if (size < HEAD || size > length)
		return talk_bad(talk, "the answer is not RADIUS");
	if ((unsigned char)bytes[1] != (unsigned char)talk->nonce)
		return TALK_MORE; /* not to us */
	if (!is_signed(talk, bytes, size))
		return talk_bad(talk, "the answer is not signed with -radKey");
	if (!is_expected(talk->conf, code))
		return talk_bad(talk, "RADIUS answers %s (%u)", name, code);
	return talk_good(talk, "RADIUS answers %s (%u)", name, code);
}

static enum talk_verdict turn(struct talk *talk, char *heard, size_t length, bool is_over,
			      size_t *used)
{
	(void)is_over;
	(void)used;
	return talk->step == 0 ? ask(talk) : judge(talk, heard, length);
}

const struct talk_protocol radius_protocol = { .is_datagram = true, .turn = turn };
