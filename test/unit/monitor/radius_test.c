/* SPDX-License-Identifier: Apache-2.0
 * A request that a server can check, and answers whose signature is checked.
 */
#include "hearing.h"

#include <openssl/evp.h>

static struct hearing on;

/* The server's answer to what was asked: RFC 2865, 3. */
static void answer(unsigned char code, const char *secret)
{
	unsigned char packet[20] = { code, (unsigned char)on.said[1], 0, 20 };
	unsigned char bytes[64];
	size_t length = 20 + strlen(secret);

	memcpy(bytes, packet, 4);
	memcpy(bytes + 4, on.said + 4, 16);
	memcpy(bytes + 20, secret, strlen(secret));
	assert_int_equal(EVP_Digest(bytes, length, packet + 4, NULL, EVP_md5(), NULL), 1);
	hearing_bytes(&on, (const char *)packet, sizeof(packet));
}

static void ask(void)
{
	hearing_begin(&on, &radius_protocol);
	assert_int_equal(on.verdict, TALK_MORE);
}

static void test_codes(void **state)
{
	static const struct monitor_codes codes[] = { { 2, 3 } };

	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_RAD_KEY, "key");
	hearing_set(&on, MONITOR_TEXT_USER_NAME, "u");
	hearing_set(&on, MONITOR_TEXT_PASSWORD, "a password of more than sixteen");
	ask();
	assert_int_equal(on.said[0], 1);
	assert_int_equal((unsigned char)on.said[3], on.said_length);
	answer(2, "key");
	hearing_is(&on, TALK_GOOD, "RADIUS answers Access-Accept (2)");
	ask();
	answer(3, "key");
	hearing_is(&on, TALK_BAD, "RADIUS answers Access-Reject (3)");
	on.conf.codes = codes;
	on.conf.code_count = 1;
	ask();
	answer(3, "key");
	hearing_is(&on, TALK_GOOD, "RADIUS answers Access-Reject (3)");
}

static void test_wrong(void **state)
{
	(void)state;
	hearing_of(&on);
	hearing_set(&on, MONITOR_TEXT_RAD_KEY, "key");
	ask();
	answer(2, "other");
	hearing_is(&on, TALK_BAD, "the answer is not signed with -radKey");
	ask();
	hearing_bytes(&on, "\2", 1);
	hearing_is(&on, TALK_BAD, "the answer is not RADIUS");
	ask();
	hearing_bytes(&on, "\2\x34\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	hearing_is(&on, TALK_BAD, "the answer is not RADIUS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
