/* SPDX-License-Identifier: Apache-2.0
 * Promised: what is open when a process dies is found by key and size by the next, once, as it was;
 * the rest is given out again, all zero; a full vault still gives blocks.
 */
#include "control/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { VAULT_BYTES = 1 << 16 };

static void *open_one(struct vault *vault, uint64_t key, size_t bytes, bool expected_old)
{
	char *block = vault_claim(vault, key, bytes);

	assert_int_equal(block != NULL, expected_old);
	if (block == NULL)
		block = vault_open(vault, key, bytes);
	assert_int_equal((uintptr_t)block % 64, 0);
	for (size_t i = 0; i < bytes && !expected_old; i++)
		assert_int_equal(block[i], 0);
	return block;
}

static void the_next_process_finds_it(void **unused)
{
	struct vault *vault = vault_new(VAULT_BYTES);
	char *block;
	int status;
	pid_t child = fork();

	(void)unused;
	if (child == 0) {
		vault_recover(vault);
		strcpy(open_one(vault, 7, 100, false), "seven");
		strcpy(open_one(vault, 8, 100, false), "eight");
		vault_close(vault, open_one(vault, 9, 100, false));
		vault_set_key(open_one(vault, 10, 500, false), 11);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	vault_recover(vault);
	block = open_one(vault, 7, 100, true);
	assert_string_equal(block, "seven");
	assert_ptr_not_equal(open_one(vault, 7, 100, false), block);
	(void)open_one(vault, 8, 200, false); /* another size is another thing */
	(void)open_one(vault, 9, 100, false);
	(void)open_one(vault, 10, 500, false);
	(void)open_one(vault, 11, 500, true);
	assert_int_equal(vault_close_unclaimed(vault), 1);
	(void)open_one(vault, 8, 100, false);
	vault_free(vault);
}

static void the_newer_of_two_counts(void **unused)
{
	struct vault *vault = vault_new(VAULT_BYTES);
	void *first = open_one(vault, 3, 64, false);

	(void)unused;
	vault_close(vault, first);
	strcpy(open_one(vault, 1, 64, false), "old");
	assert_ptr_equal(open_one(vault, 2, 64, false), (char *)first + 128);
	strcpy(open_one(vault, 1, 64, false), "new");
	vault_recover(vault);
	assert_string_equal(open_one(vault, 1, 64, true), "new");
	(void)open_one(vault, 1, 64, false);
	vault_free(vault);
}

/* The newer one may lie before the older. */
static void wherever_it_lies(void **unused)
{
	struct vault *vault = vault_new(VAULT_BYTES);
	void *first = open_one(vault, 3, 64, false);

	(void)unused;
	strcpy(open_one(vault, 1, 64, false), "old");
	vault_close(vault, first);
	assert_ptr_equal(open_one(vault, 1, 64, false), first);
	strcpy(first, "new");
	vault_recover(vault);
	assert_string_equal(open_one(vault, 1, 64, true), "new");
	vault_free(vault);
}

static void a_full_one_gives_ordinary_memory(void **unused)
{
	struct vault *vault = vault_new(1024);
	void *blocks[20];

	(void)unused;
	for (unsigned i = 0; i < 20; i++)
		blocks[i] = open_one(vault, i + 1, 64, false);
	for (unsigned i = 0; i < 20; i++)
		vault_close(vault, blocks[i]);
	blocks[0] = open_one(NULL, 1, 64, false);
	vault_set_key(blocks[0], 2);
	vault_close(NULL, blocks[0]);
	vault_close(NULL, NULL);
	vault_recover(vault);
	assert_int_equal(vault_close_unclaimed(vault), 0);
	vault_free(vault);
}

static void more_sizes_than_places(void **unused)
{
	struct vault *vault = vault_new(VAULT_BYTES);

	(void)unused;
	for (size_t bytes = 64; bytes <= 64 * 20; bytes += 64)
		vault_close(vault, open_one(vault, bytes, bytes, false));
	for (size_t bytes = 64; bytes <= 64 * 20; bytes += 64)
		memset(open_one(vault, bytes, bytes, false), 1, bytes);
	vault_recover(vault);
	for (size_t bytes = 64; bytes <= 64 * 20; bytes += 64)
		(void)open_one(vault, bytes, bytes, true);
	vault_free(vault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_process_finds_it),
		cmocka_unit_test(the_newer_of_two_counts),
		cmocka_unit_test(wherever_it_lies),
		cmocka_unit_test(a_full_one_gives_ordinary_memory),
		cmocka_unit_test(more_sizes_than_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
