/* SPDX-License-Identifier: Apache-2.0 */
#include "control/resolver.h"

#include "base/dns.h"
#include "base/heap.h"
#include "control/dns_stream.h"
#include "os/socket.h"
#include "record/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { ANSWER_MAX = 4096 };

/* A server's name. Owner: control. */
struct resolver_name {
	struct list link;
	struct resolver *resolver;
	uint64_t uid; /* of the server */
	char *domain; /* owned */
	bool is_ipv6, is_wanted;
	unsigned asked_now; /* -domainResolveNow, as often as it was seen */
	unsigned tries, turn;
	unsigned char question[DNS_QUESTION_MAX];
	size_t question_length;
	struct address asked;      /* the name server whose turn it was */
	struct watch watch;        /* over UDP; fd -1: nothing is asked */
	struct dns_stream stream;  /* over TCP, when the answer was truncated ... */
	struct dns_answer partial; /* ... and what of it came */
	struct timer timer;        /* armed always: the next question, or the end of patience */
	struct loop_free free_later;
};

static struct object *server_of(const struct resolver_name *name)
{
	return config_find_uid(name->resolver->config, name->uid);
}

static void stop_asking(struct resolver_name *name)
{
	if (name->watch.fd >= 0)
		socket_close(loop_unwatch(name->resolver->loop, &name->watch));
	name->watch.fd = -1;
	dns_stream_stop(&name->stream);
}

static void arm(struct resolver_name *name, uint64_t delay_ms)
{
	struct loop *loop = name->resolver->loop;

	timer_arm(&loop->timers, &name->timer, loop->now_ms + delay_ms);
}

/* --- what came of it -------------------------------------------------------------------------- */

static void fail(struct resolver_name *name, const char *why)
{
	struct object *server = server_of(name);
	bool is_new = strcmp(server->learned.why, why) != 0;

	stop_asking(name);
	name->tries = 0;
	arm(name, object_number(server, SERVER_RESOLVE_RETRY) * 1000);
	if (!is_new)
		return;
	snprintf(server->learned.why, sizeof(server->learned.why), "%s", why);
	log_write(LOG_LEVEL_WARNING, "server %.*s: %s is not resolved: %s%s",
		  STR_ARG(object_name(server)), name->domain, why,
		  server->learned.is_known ? "; its last address is kept" : "");
	if (!server->learned.is_known)
		name->resolver->learned(name->resolver->context);
}

static bool has_address(const struct dns_answer *answer, const struct address *address)
{
	for (unsigned i = 0; i < answer->count; i++)
		if (address_equal(&answer->addresses[i], address))
			return true;
	return false;
}

static void learn(struct resolver_name *name, const struct dns_answer *answer)
{
	struct object *server = server_of(name);
	struct learned *learned = &server->learned;
	uint64_t ttl_ms = (uint64_t)answer->ttl_s * 1000;
	char text[ADDRESS_TEXT_MAX];

	stop_asking(name);
	name->tries = 0;
	if (ttl_ms < RESOLVER_LEAST_MS)
		ttl_ms = RESOLVER_LEAST_MS;
	arm(name, ttl_ms < RESOLVER_MOST_MS ? ttl_ms : RESOLVER_MOST_MS);
	learned->ttl_s = answer->ttl_s;
	learned->why[0] = '\0';
	if (learned->is_known && has_address(answer, &learned->address))
		return;
	learned->is_known = true;
	learned->address = answer->addresses[0];
	log_write(LOG_LEVEL_NOTICE, "server %.*s: %s is %s", STR_ARG(object_name(server)),
		  name->domain, address_print_host(&learned->address, text));
	name->resolver->learned(name->resolver->context);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* The name server whose turn it is; false: there is none. */
static bool name_server(const struct resolver_name *name, struct address *address)
{
	const struct config *config = name->resolver->config;
	const struct object *at = config_next(config, KIND_NAME_SERVER, NULL);
	unsigned count = 0, turn;

	for (; at != NULL; at = config_next(config, KIND_NAME_SERVER, at))
		count += object_is_enabled(at);
	turn = count > 0 ? name->turn % count : 0;
	for (at = config_next(config, KIND_NAME_SERVER, NULL); at != NULL;
	     at = config_next(config, KIND_NAME_SERVER, at))
		if (object_is_enabled(at) && turn-- == 0)
			return address_parse(object_name(at),
					     (uint16_t)object_number(at, NAME_SERVER_PORT),
					     address);
	return false;
}

static int send_question(struct resolver_name *name, const struct address *to)
{
	struct iovec part = { name->question, name->question_length };
	int fd = socket_datagram(to);
	ssize_t sent;

	if (fd < 0)
		return fd;
	name->watch.fd = fd;
	if (loop_watch(name->resolver->loop, &name->watch) < 0) {
		name->watch.fd = -1;
		socket_close(fd);
		return -ENOMEM;
	}
	sent = socket_write(fd, &part, 1);
	return sent < 0 && sent != -EAGAIN ? (int)sent : 0;
}

/* From a fresh port with a fresh number: who cannot see the question cannot guess both. */
static void ask(struct resolver_name *name)
{
	uint16_t id = 0;
	int result;

	stop_asking(name);
	if (!name_server(name, &name->asked)) {
		fail(name, "there is no dns nameServer");
		return;
	}
	if (getrandom(&id, sizeof(id), 0) != sizeof(id)) {
		fail(name, "there is no randomness");
		return;
	}
	name->turn++;
	name->tries++;
	name->question_length = dns_ask(str_of(name->domain), name->is_ipv6, id, name->question);
	if (name->question_length == 0) {
		fail(name, "it is no domain name");
		return;
	}
	result = send_question(name, &name->asked);
	if (result < 0 && name->tries >= RESOLVER_TRIES)
		fail(name, socket_error_text(result));
	else
		arm(name, RESOLVER_TIMEOUT_MS);
}

/* No answer came over TCP: what came before is better than nothing. */
static void settle(struct resolver_name *name)
{
	stop_asking(name);
	if (name->partial.count > 0)
		learn(name, &name->partial);
	else if (name->tries >= RESOLVER_TRIES)
		fail(name, "the answer is truncated, and none comes over TCP");
	else
		ask(name);
}

static void ask_over_tcp(struct resolver_name *name, const struct dns_answer *partial)
{
	stop_asking(name);
	name->partial = *partial;
	if (dns_stream_start(&name->stream, &name->asked, name->question, name->question_length) <
	    0)
		settle(name);
	else
		arm(name, RESOLVER_TIMEOUT_MS);
}

static void on_stream(struct dns_stream *stream, const unsigned char *bytes, size_t length)
{
	struct resolver_name *name = list_entry(stream, struct resolver_name, stream);
	struct dns_answer answer;

	if (server_of(name) == NULL)
		return;
	switch (bytes != NULL
			? dns_read(bytes, length, name->question, name->question_length, &answer)
			: DNS_NOT_OURS) {
	case DNS_FOUND:
		learn(name, &answer);
		return;
	case DNS_FAILED:
		fail(name, answer.why);
		return;
	case DNS_TRUNCATED:
	case DNS_NOT_OURS:
		settle(name);
		return;
	}
}

static void on_timer(struct timer *timer)
{
	struct resolver_name *name = list_entry(timer, struct resolver_name, timer);

	if (server_of(name) == NULL)
		return; /* the plan that is to come ends it */
	if (dns_stream_is_on(&name->stream))
		settle(name);
	else if (name->watch.fd >= 0 && name->tries >= RESOLVER_TRIES)
		fail(name, "no answer of a name server");
	else
		ask(name);
}

static void on_answer(struct watch *watch, unsigned events)
{
	struct resolver_name *name = list_entry(watch, struct resolver_name, watch);
	unsigned char bytes[ANSWER_MAX];
	struct dns_answer answer;
	ssize_t count;

	(void)events;
	while (name->watch.fd >= 0 && server_of(name) != NULL &&
	       (count = socket_read(name->watch.fd, bytes, sizeof(bytes))) > 0) {
		switch (dns_read(bytes, (size_t)count, name->question, name->question_length,
				 &answer)) {
		case DNS_FOUND:
			learn(name, &answer);
			return;
		case DNS_TRUNCATED:
			ask_over_tcp(name, &answer);
			return;
		case DNS_FAILED:
			fail(name, answer.why);
			return;
		case DNS_NOT_OURS:
			break;
		}
	}
}

/* --- which names there are -------------------------------------------------------------------- */

static void free_now(struct loop_free *later)
{
	struct resolver_name *name = list_entry(later, struct resolver_name, free_later);

	free(name->domain);
	free(name);
}

static void end_name(struct resolver_name *name)
{
	stop_asking(name);
	timer_cancel(&name->resolver->loop->timers, &name->timer);
	list_remove(&name->link);
	name->free_later.free = free_now;
	loop_free_later(name->resolver->loop, &name->free_later);
}

static struct resolver_name *find_name(const struct resolver *resolver, uint64_t uid)
{
	list_each(link, after, &resolver->names)
	{
		struct resolver_name *name = list_entry(link, struct resolver_name, link);

		if (name->uid == uid)
			return name;
	}
	return NULL;
}

static struct resolver_name *begin_name(struct resolver *resolver, struct object *server)
{
	struct resolver_name *name = heap_zeroed(1, sizeof(*name));

	must(name != NULL);
	name->resolver = resolver;
	name->uid = server->uid;
	name->domain = str_dup(object_text(server, SERVER_ADDRESS));
	name->is_ipv6 = object_number(server, SERVER_IPV6) == OPTION_FIRST;
	name->asked_now = server->learned.asked_now;
	name->watch = (struct watch){ .fd = -1, .ready = on_answer };
	dns_stream_init(&name->stream, resolver->loop, on_stream);
	timer_init(&name->timer, on_timer);
	list_init(&name->link);
	list_add_last(&resolver->names, &name->link);
	server->learned = (struct learned){ .asked_now = name->asked_now };
	snprintf(server->learned.why, sizeof(server->learned.why), "not resolved yet");
	arm(name, 0);
	return name;
}

static bool is_same(const struct resolver_name *name, const struct object *server)
{
	return str_equal(str_of(name->domain), object_text(server, SERVER_ADDRESS)) &&
	       name->is_ipv6 == (object_number(server, SERVER_IPV6) == OPTION_FIRST);
}

static void take_server(struct resolver *resolver, struct object *server)
{
	struct resolver_name *name = find_name(resolver, server->uid);
	struct address address;

	if (address_parse(object_text(server, SERVER_ADDRESS), 0, &address))
		return;
	if (name != NULL && !is_same(name, server)) {
		end_name(name);
		name = NULL;
	}
	if (name == NULL)
		name = begin_name(resolver, server);
	name->is_wanted = true;
	if (name->asked_now == server->learned.asked_now)
		return;
	name->asked_now = server->learned.asked_now;
	name->tries = 0;
	stop_asking(name);
	arm(name, 0);
}

void resolver_take(struct resolver *resolver, struct config *config)
{
	struct object *server = config_next(config, KIND_SERVER, NULL);

	resolver->config = config;
	list_each(link, after, &resolver->names)
	{
		list_entry(link, struct resolver_name, link)->is_wanted = false;
	}
	for (; server != NULL; server = config_next(config, KIND_SERVER, server))
		take_server(resolver, server);
	list_each(link, after, &resolver->names)
	{
		struct resolver_name *name = list_entry(link, struct resolver_name, link);

		if (!name->is_wanted)
			end_name(name);
	}
}

void resolver_init(struct resolver *resolver, struct loop *loop, void (*learned)(void *context),
		   void *context)
{
	*resolver = (struct resolver){ .loop = loop, .learned = learned, .context = context };
	list_init(&resolver->names);
}

void resolver_fini(struct resolver *resolver)
{
	while (!list_is_empty(&resolver->names))
		end_name(list_entry(resolver->names.next, struct resolver_name, link));
}
