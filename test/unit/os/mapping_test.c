/* SPDX-License-Identifier: Apache-2.0
 * Promised: a mapping is zero at first, and what a child writes is seen after it has died.
 */
#include "os/mapping.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

enum { BYTES = 1 << 20 };

static void outlives_a_child(void **state)
{
	char *memory = mapping_new(BYTES);
	pid_t child;
	int status;

	(void)state;
	assert_non_null(memory);
	for (size_t at = 0; at < BYTES; at += 1000)
		assert_int_equal(memory[at], 0);
	child = fork();
	if (child == 0) {
		strcpy(memory + BYTES / 2, "kept");
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(memory + BYTES / 2, "kept");
	mapping_free(memory, BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outlives_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
