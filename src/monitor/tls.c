/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/tls.h"

#include "os/socket.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct tls {
	SSL *ssl; /* owned */
	int fd;
	int error;    /* of the socket: 0 or -errno */
	bool is_over; /* the socket has said all */
	char text[96];
};

/* --- the socket as OpenSSL wants it ----------------------------------------------------------- */

static int finish(BIO *bio, ssize_t count, int retry)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (count >= 0)
		return (int)count;
	if (count == -EAGAIN)
		BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
	else
		tls->error = (int)count;
	return -1;
}

static int bio_read(BIO *bio, char *bytes, int room)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t count = socket_read(tls->fd, bytes, (size_t)room);

	tls->is_over = count == 0 && room > 0;
	return finish(bio, count, BIO_FLAGS_READ);
}

static int bio_write(BIO *bio, const char *bytes, int length)
{
	struct tls *tls = BIO_get_data(bio);
	struct iovec part = { (void *)(uintptr_t)bytes, (size_t)length };

	return finish(bio, socket_write(tls->fd, &part, 1), BIO_FLAGS_WRITE);
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls *tls = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return tls->is_over;
	return command == BIO_CTRL_FLUSH;
}

/* One for all, for the life of the process. */
static const BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method;

	if (method != NULL)
		return method;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "probe");
	if (method == NULL)
		return NULL;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_control);
	return method;
}

static SSL_CTX *context(void)
{
	static SSL_CTX *one;

	if (one != NULL)
		return one;
	one = SSL_CTX_new(TLS_client_method());
	if (one == NULL)
		return NULL;
	SSL_CTX_set_verify(one, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(one, SSL_SESS_CACHE_OFF);
	/* Servers that leave without a word are no fault of the service's. */
	SSL_CTX_set_options(one, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(one, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return one;
}

/* --- one connection --------------------------------------------------------------------------- */

static bool open_ssl(struct tls *tls)
{
	BIO *bio;

	if (context() == NULL || (tls->ssl = SSL_new(context())) == NULL)
		return false;
	if (bio_method() == NULL || (bio = BIO_new(bio_method())) == NULL)
		return false;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_connect_state(tls->ssl);
	return true;
}

struct tls *tls_new(int fd)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->fd = fd;
	if (open_ssl(tls))
		return tls;
	tls_free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	ERR_clear_error();
	if (tls->ssl != NULL && tls->error == 0 && SSL_is_init_finished(tls->ssl))
		(void)SSL_shutdown(tls->ssl);
	SSL_free(tls->ssl);
	ERR_clear_error();
	free(tls);
}

static ssize_t outcome(struct tls *tls, int result)
{
	const char *reason;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_NONE:
		return result;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	default:
		break;
	}
	if (tls->error != 0)
		return tls->error;
	tls->error = -EPROTO;
	reason = ERR_reason_error_string(ERR_peek_error());
	snprintf(tls->text, sizeof(tls->text), "TLS: %s",
		 reason != NULL ? reason : "the connection ended in the handshake");
	return -EPROTO;
}

int tls_shake(struct tls *tls)
{
	ssize_t result;

	ERR_clear_error();
	result = outcome(tls, SSL_do_handshake(tls->ssl));
	if (result == 0) { /* ended orderly, before it began */
		tls->error = -EPROTO;
		snprintf(tls->text, sizeof(tls->text), "TLS: the server ended the handshake");
		return -EPROTO;
	}
	return result > 0 ? 0 : (int)result;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t room)
{
	ERR_clear_error();
	return outcome(tls, SSL_read(tls->ssl, bytes, room < INT32_MAX ? (int)room : INT32_MAX));
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t length)
{
	ERR_clear_error();
	return outcome(tls,
		       SSL_write(tls->ssl, bytes, length < INT32_MAX ? (int)length : INT32_MAX));
}

const char *tls_error_text(const struct tls *tls, int error)
{
	return error == -EPROTO && tls->text[0] != '\0' ? tls->text : socket_error_text(error);
}
