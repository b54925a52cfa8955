/* SPDX-License-Identifier: Apache-2.0
 * Two ends of a pair of sockets: one of ours, one of OpenSSL's own with a self-made certificate.
 */
#include "monitor/tls.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static SSL_CTX *context;
static SSL *server;
static struct tls *tls;
static int ends[2];

static void certify(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *self = X509_new();

	must(key != NULL && self != NULL);
	must(X509_gmtime_adj(X509_getm_notBefore(self), 0) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(self), 3600) != NULL);
	must(X509_set_pubkey(self, key) == 1 && X509_sign(self, key, EVP_sha256()) > 0);
	must(SSL_CTX_use_certificate(context, self) == 1);
	must(SSL_CTX_use_PrivateKey(context, key) == 1);
	X509_free(self);
	EVP_PKEY_free(key);
}

static int set_up(void **state)
{
	(void)state;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	context = SSL_CTX_new(TLS_server_method());
	must(context != NULL);
	certify();
	server = SSL_new(context);
	must(server != NULL && SSL_set_fd(server, ends[1]) == 1);
	SSL_set_accept_state(server);
	tls = tls_new(ends[0]);
	must(tls != NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tls_free(tls);
	SSL_free(server);
	SSL_CTX_free(context);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void agree(void)
{
	int ours = -EAGAIN, theirs = 0;

	for (int i = 0; i < 10 && (ours != 0 || theirs != 1); i++) {
		if (ours == -EAGAIN)
			ours = tls_shake(tls);
		theirs = SSL_do_handshake(server);
	}
	assert_int_equal(ours, 0);
	assert_int_equal(theirs, 1);
}

static void test_talk(void **state)
{
	char bytes[16] = { 0 };

	(void)state;
	agree();
	assert_int_equal(tls_read(tls, bytes, sizeof(bytes)), -EAGAIN);
	assert_int_equal(tls_write(tls, "ask", 3), 3);
	assert_int_equal(SSL_read(server, bytes, sizeof(bytes)), 3);
	assert_int_equal(SSL_write(server, "answer", 6), 6);
	assert_int_equal(tls_read(tls, bytes, 4), 4);
	assert_int_equal(tls_read(tls, bytes + 4, 4), 2);
	assert_string_equal(bytes, "answer");
	assert_int_equal(SSL_shutdown(server), 0);
	assert_int_equal(tls_read(tls, bytes, 4), 0);
}

static void test_end_without_a_word(void **state)
{
	char byte;

	(void)state;
	agree();
	must(shutdown(ends[1], SHUT_WR) == 0);
	assert_int_equal(tls_read(tls, &byte, 1), 0);
}

static void test_no_tls(void **state)
{
	int err = tls_shake(tls);

	(void)state;
	assert_int_equal(err, -EAGAIN);
	assert_int_equal(write(ends[1], "HTTP/1.1 400 no\r\n", 17), 17);
	err = tls_shake(tls);
	assert_int_equal(err, -EPROTO);
	assert_string_equal(tls_error_text(tls, err), "TLS: wrong version number");
}

static void test_close_in_handshake(void **state)
{
	int err = tls_shake(tls);

	(void)state;
	assert_int_equal(err, -EAGAIN);
	must(shutdown(ends[1], SHUT_WR) == 0);
	err = tls_shake(tls);
	assert_int_equal(err, -EPROTO);
	assert_non_null(strstr(tls_error_text(tls, err), "TLS: "));
	assert_string_equal(tls_error_text(tls, -ECONNRESET), "connection reset");
}

#define test_on_pair(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_pair(test_talk),
		test_on_pair(test_end_without_a_word),
		test_on_pair(test_no_tls),
		test_on_pair(test_close_in_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
