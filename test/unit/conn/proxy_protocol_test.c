/* SPDX-License-Identifier: Apache-2.0 */
#include "conn/proxy_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static struct proxy_protocol header;
static size_t length;

#define READ(literal) proxy_protocol_read(STR(literal), &header, &length)

static struct address address(const char *text, uint16_t port)
{
	struct address address;

	assert_true(address_parse(str_of(text), port, &address));
	return address;
}

static void assert_address(const struct address *address, const char *text)
{
	char print[ADDRESS_TEXT_MAX];

	assert_string_equal(address_print(address, print), text);
}

static void test_v4(void **state)
{
	(void)state;
	assert_int_equal(READ(SIGNATURE "\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50GET"),
			 PROXY_PROTOCOL_OK);
	assert_int_equal(length, 28);
	assert_true(header.has_addresses);
	assert_address(&header.source, "127.0.0.1:12345");
	assert_address(&header.destination, "127.0.0.2:80");
	assert_int_equal(header.trail.count, 0);
}

static void test_v6(void **state)
{
	(void)state;
	assert_int_equal(READ(SIGNATURE "\x21\x21\0\x24"
					"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
					"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x30\x39\0\x50"),
			 PROXY_PROTOCOL_OK);
	assert_int_equal(length, 52);
	assert_address(&header.source, "[::1]:12345");
	assert_address(&header.destination, "[::2]:80");
}

static void test_without_addresses(void **state)
{
	(void)state;
	/* LOCAL, whatever follows */
	assert_int_equal(READ(SIGNATURE "\x20\x11\0\x03xyz"), PROXY_PROTOCOL_OK);
	assert_int_equal(length, 19);
	assert_false(header.has_addresses);
	/* unspecified, and a UNIX socket */
	assert_int_equal(READ(SIGNATURE "\x21\0\0\0"), PROXY_PROTOCOL_OK);
	assert_false(header.has_addresses);
	assert_int_equal(READ(SIGNATURE "\x21\x31\0\x02xy"), PROXY_PROTOCOL_OK);
	assert_false(header.has_addresses);
	assert_int_equal(READ("PROXY UNKNOWN\r\n"), PROXY_PROTOCOL_OK);
	assert_int_equal(length, 15);
	assert_false(header.has_addresses);
	assert_int_equal(READ("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), PROXY_PROTOCOL_OK);
	assert_false(header.has_addresses);
}

static void test_line(void **state)
{
	(void)state;
	assert_int_equal(READ("PROXY TCP4 127.0.0.1 127.0.0.2 12345 80\r\nGET"), PROXY_PROTOCOL_OK);
	assert_int_equal(length, 41);
	assert_address(&header.source, "127.0.0.1:12345");
	assert_address(&header.destination, "127.0.0.2:80");
	assert_int_equal(READ("PROXY TCP6 ::1 ::2 1 65535\r\n"), PROXY_PROTOCOL_OK);
	assert_address(&header.destination, "[::2]:65535");
}

/* Every begin of a good one asks for more. */
static void test_pieces(void **state)
{
	static const char binary[] = SIGNATURE "\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0"
					       "P";
	static const char text[] = "PROXY TCP4 127.0.0.1 127.0.0.2 12345 80\r\n";

	(void)state;
	for (size_t most = 0; most < sizeof(binary) - 1; most++)
		assert_int_equal(
			proxy_protocol_read((struct str){ binary, most }, &header, &length),
			PROXY_PROTOCOL_MORE);
	for (size_t most = 0; most < sizeof(text) - 1; most++)
		assert_int_equal(proxy_protocol_read((struct str){ text, most }, &header, &length),
				 PROXY_PROTOCOL_MORE);
}

static void assert_bad(struct str bytes)
{
	assert_int_equal(proxy_protocol_read(bytes, &header, &length), PROXY_PROTOCOL_BAD);
	assert_false(header.has_addresses);
}

static void test_bad(void **state)
{
	char endless[200];

	(void)state;
	assert_bad(STR("GET / HTTP/1.1\r\n\r\n"));
	assert_bad(STR("P0"));
	assert_bad(STR(SIGNATURE "\x11\x11\0\x0c"));   /* version 1 in binary */
	assert_bad(STR(SIGNATURE "\x22\x11\0\x0c"));   /* an unknown command */
	assert_bad(STR(SIGNATURE "\x21\x11\xff\xff")); /* too long */
	assert_bad(STR(SIGNATURE "\x21\x11\0\x04"
				 "\x7f\0\0\x01")); /* half an address */
	assert_bad(STR("PROXY TCP4 127.0.0.1 127.0.0.2 12345 80\n"));
	assert_bad(STR("PROXY TCP4 127.0.0.1 127.0.0.2 12345\r\n"));
	assert_bad(STR("PROXY TCP4 127.0.0.1 127.0.0.2 12345 80 1\r\n"));
	assert_bad(STR("PROXY TCP4 127.0.0.1 127.0.0.2 12345 65536\r\n"));
	assert_bad(STR("PROXY TCP4 127.0.0.1 127.0.0.2 012 80\r\n"));
	assert_bad(STR("PROXY TCP4 ::1 ::2 12345 80\r\n"));
	assert_bad(STR("PROXY TCP6 127.0.0.1 127.0.0.2 12345 80\r\n"));
	assert_bad(STR("PROXY UDP4 127.0.0.1 127.0.0.2 12345 80\r\n"));
	memset(endless, 'A', sizeof(endless));
	memcpy(endless, "PROXY ", 6);
	assert_bad((struct str){ endless, sizeof(endless) });
}

static void test_bad_tlvs(void **state)
{
	(void)state;
	assert_bad(STR(SIGNATURE "\x21\x11\0\x0e"
				 "\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50"
				 "\x04\0"));
	assert_bad(STR(SIGNATURE "\x21\x11\0\x0f"
				 "\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50"
				 "\x04\0\x01"));
	/* a trail that is cut */
	assert_bad(STR(SIGNATURE "\x21\x11\0\x12"
				 "\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50"
				 "\xe4\0\x03"
				 "abc"));
	/* others are passed over */
	assert_int_equal(READ(SIGNATURE "\x21\x11\0\x11"
					"\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50"
					"\x03\0\x02zz"),
			 PROXY_PROTOCOL_OK);
}

static void test_write(void **state)
{
	struct proxy_protocol given = { .has_addresses = true,
					.source = address("127.0.0.9", 4711),
					.destination = address("127.0.0.1", 80) };
	unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX];
	size_t written;

	(void)state;
	for (unsigned count = 0; count <= TRAIL_MAX; count++) {
		written = proxy_protocol_write(&given, bytes);
		assert_int_equal(proxy_protocol_read((struct str){ (char *)bytes, written },
						     &header, &length),
				 PROXY_PROTOCOL_OK);
		assert_int_equal(length, written);
		assert_true(address_equal(&header.source, &given.source));
		assert_true(address_equal(&header.destination, &given.destination));
		assert_memory_equal(&header.trail, &given.trail, sizeof(header.trail));
		assert_int_equal(trail_add(&given.trail, 0xDEADBEEFu + count), count < TRAIL_MAX);
	}
	given.source = address("2001:db8::1", 1);
	given.destination = address("2001:db8::2", 2);
	written = proxy_protocol_write(&given, bytes);
	assert_int_equal(
		proxy_protocol_read((struct str){ (char *)bytes, written }, &header, &length),
		PROXY_PROTOCOL_OK);
	assert_true(address_equal(&header.source, &given.source));
	assert_int_equal(header.trail.count, TRAIL_MAX);
}

static void test_write_unknown(void **state)
{
	struct proxy_protocol given = { .has_addresses = true,
					.source = address("127.0.0.9", 4711),
					.destination = address("::1", 80) };
	unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX];

	(void)state;
	assert_int_equal(proxy_protocol_write(&given, bytes), 16);
	assert_int_equal(proxy_protocol_read((struct str){ (char *)bytes, 16 }, &header, &length),
			 PROXY_PROTOCOL_OK);
	assert_false(header.has_addresses);
}

/* A longer one than ours comes from somebody else: it is full, with the newest. */
static void test_long_trail(void **state)
{
	(void)state;
	assert_int_equal(READ(SIGNATURE "\x21\x11\0\x23"
					"\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50"
					"\xe4\0\x14"
					"\0\0\0\x01"
					"\0\0\0\x02"
					"\0\0\0\x03"
					"\0\0\0\x04"
					"\0\0\0\x05"),
			 PROXY_PROTOCOL_OK);
	assert_int_equal(header.trail.count, TRAIL_MAX);
	assert_false(trail_has(&header.trail, 1));
	assert_true(trail_has(&header.trail, 2));
	assert_true(trail_has(&header.trail, 5));
	assert_false(trail_add(&header.trail, 6));
}

/* Of two the last counts, and nothing of the first is left. */
static void test_two_trails(void **state)
{
	struct trail wanted = { .count = 1, .ids = { 9 } };

	(void)state;
	assert_int_equal(READ(SIGNATURE "\x21\x11\0\x1e"
					"\x7f\0\0\x01\x7f\0\0\x02\x30\x39\0\x50"
					"\xe4\0\x08\0\0\0\x01\0\0\0\x02"
					"\xe4\0\x04\0\0\0\x09"),
			 PROXY_PROTOCOL_OK);
	assert_memory_equal(&header.trail, &wanted, sizeof(wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_without_addresses),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_tlvs),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_unknown),
		cmocka_unit_test(test_long_trail),
		cmocka_unit_test(test_two_trails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
