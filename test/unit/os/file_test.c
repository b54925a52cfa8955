/* SPDX-License-Identifier: Apache-2.0
 * What is written is read again; too much is refused; a write that fails leaves the old file and
 * nothing beside it.
 */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/file_test.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder); /* fails when anything else was left */
}

static void test_write_and_read(void **state)
{
	struct text text = TEXT_EMPTY;
	char *large = malloc(300000);
	struct stat about;

	(void)state;
	assert_int_equal(file_read(path, 10, &text), -ENOENT);
	assert_false(file_exists(path));
	assert_int_equal(file_write(path, STR("first")), 0);
	assert_true(file_exists(path));
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(chmod(path, 0640), 0);
	text_add(&text, STR("> "));
	assert_int_equal(file_read(path, 5, &text), 0);
	assert_string_equal(text.at, "> first");
	assert_int_equal(file_read(path, 4, &text), -EFBIG);
	assert_string_equal(text.at, "> first");
	memset(large, 'x', 300000);
	assert_int_equal(file_write(path, (struct str){ large, 300000 }), 0);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0640);
	text_cut(&text, 0);
	assert_int_equal(file_read(path, 299999, &text), -EFBIG);
	assert_int_equal(file_read(path, 300000, &text), 0);
	assert_int_equal(text.length, 300000);
	assert_memory_equal(text.at, large, 300000);
	text_free(&text);
	free(large);
}

static void test_failures(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	assert_int_equal(file_read(folder, 10, &text), -EISDIR);
	assert_int_equal(file_write("/nowhere/at/all", STR("x")), -ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_write(path, STR("x")), -EISDIR); /* and leaves nothing beside it */
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(file_write(path, STR("")), 0);
	assert_int_equal(file_read(path, 0, &text), 0);
	assert_int_equal(text.length, 0);
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
