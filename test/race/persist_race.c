/* SPDX-License-Identifier: Apache-2.0
 * Threads put, use, walk and clear the same few entries. Whoever finds an entry finds what was put
 * for its key and never a part of another's; of those who put at once all hear of one winner.
 */
#include "persist/persist.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, TURNS = 60000, CLIENTS = 700, BUCKETS = 64, VALUES = 5 };

static struct persist *table;

/* Only such values belong to a client. */
static uint64_t value_of(unsigned client, unsigned which)
{
	return ((uint64_t)client + 1) * 1000 + which % VALUES;
}

static void check(const char *what, unsigned client, uint64_t value)
{
	if (value == 0 || (value / 1000 == client + 1u && value % 1000 < VALUES))
		return;
	fprintf(stderr, "%s: client %u has %llu\n", what, client, (unsigned long long)value);
	exit(1);
}

static struct persist_key key_of(unsigned client)
{
	struct persist_key key;
	struct address address = { .v4 = { .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(client) } };

	persist_key_begin(&key, PERSIST_SOURCE, 1);
	persist_key_source(&key, &address, UINT32_MAX, 128);
	persist_key_end(table, &key);
	return key;
}

static bool look(void *context, const struct persist_entry *entry)
{
	uint32_t host;

	(void)context;
	memcpy(&host, (const char *)entry->key.source + 12, sizeof(host));
	check("walk", ntohl(host), entry->value);
	return true;
}

static void *play(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		unsigned client = (unsigned)rand_r(&seed) % CLIENTS;
		struct persist_key key = key_of(client);
		uint64_t seen = persist_use(table, &key, turn / 1000, 60);
		enum persist_end end;

		check("use", client, seen);
		end = persist_put(table, &key, turn / 1000, 60, &seen, value_of(client, turn));
		if (end != PERSIST_LOST)
			check("put", client, seen);
		if (turn % 6000 == 0)
			persist_walk(table, turn / 1000, look, NULL);
		if (turn % 20000 == 0)
			(void)persist_clear(table, 0, NULL, turn / 1000);
	}
	return NULL;
}

static uint64_t winner[THREADS];
static pthread_barrier_t barrier;

/* All put for one client at the same moment. */
static void *race(void *argument)
{
	size_t me = (size_t)argument;

	for (unsigned client = 0; client < 2000; client++) {
		struct persist_key key = key_of(100000 + client);

		winner[me] = 0;
		pthread_barrier_wait(&barrier);
		if (persist_put(table, &key, 1, 60, &winner[me], me + 1) == PERSIST_LOST)
			winner[me] = 0; /* it gave up: that is allowed */
		pthread_barrier_wait(&barrier);
		for (size_t other = 0; other < THREADS; other++)
			if (winner[other] != 0 && winner[me] != 0 && winner[other] != winner[me]) {
				fprintf(stderr, "client %u has two winners\n", client);
				exit(1);
			}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void run(void *(*function)(void *))
{
	pthread_t threads[THREADS];

	for (size_t index = 0; index < THREADS; index++)
		if (pthread_create(&threads[index], NULL, function, (void *)index) != 0)
			exit(1);
	for (size_t index = 0; index < THREADS; index++)
		pthread_join(threads[index], NULL);
}

int main(void)
{
	table = persist_new(BUCKETS);
	if (table == NULL)
		return 1;
	run(play);
	(void)persist_clear(table, 0, NULL, 0);
	pthread_barrier_init(&barrier, NULL, THREADS);
	run(race);
	pthread_barrier_destroy(&barrier);
	persist_free(table);
	puts("ok 1 - persist\n1..1");
	return 0;
}
