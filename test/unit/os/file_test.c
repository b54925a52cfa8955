/* SPDX-License-Identifier: Apache-2.0
 * What is written is read again; too much is refused; a write that fails leaves the old file and
 * nothing beside it.
 */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
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

/* A full disk shows itself like a limit: what was there stays, and nothing lies beside it. */
static void test_no_room(void **state)
{
	struct rlimit before, little = { 5, RLIM_INFINITY };
	struct text text = TEXT_EMPTY;

	(void)state;
	assert_int_equal(file_write(path, STR("first")), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_int_equal(file_write(path, STR("second")), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(file_read(path, 10, &text), 0);
	assert_string_equal(text.at, "first");
	text_free(&text);
}

static void test_behind_a_link(void **state)
{
	struct text text = TEXT_EMPTY;
	struct stat about;
	char link[160];

	(void)state;
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(file_write(path, STR("first")), 0);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(file_write(link, STR("second")), 0);
	assert_int_equal(lstat(link, &about), 0);
	assert_true(S_ISLNK(about.st_mode));
	assert_int_equal(file_read(path, 10, &text), 0);
	assert_string_equal(text.at, "second");
	assert_int_equal(unlink(link), 0);
	text_free(&text);
}

/* What a crash has left, or somebody has laid there, is not written into. */
static void test_left_behind(void **state)
{
	struct text text = TEXT_EMPTY;
	char fresh[160], other[160];

	(void)state;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(file_write(other, STR("untouched")), 0);
	assert_int_equal(symlink("other", fresh), 0);
	assert_int_equal(file_write(path, STR("first")), 0);
	assert_int_equal(file_read(other, 10, &text), 0);
	assert_string_equal(text.at, "untouched");
	text_cut(&text, 0);
	assert_int_equal(file_read(path, 10, &text), 0);
	assert_string_equal(text.at, "first");
	assert_int_equal(unlink(other), 0);
	text_free(&text);
}

/* Whoever saves, the file stays its owner's. */
static void test_owner(void **state)
{
	struct stat about;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(file_write(path, STR("first")), 0);
	assert_int_equal(chown(path, 65534, 65533), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(file_write(path, STR("second")), 0);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_uid, 65534);
	assert_int_equal(about.st_gid, 65533);
	assert_int_equal(about.st_mode & 0777, 0640);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_behind_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_left_behind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owner, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
