/* SPDX-License-Identifier: Apache-2.0
 * Promised: the end follows its begin, one program at a time for a virtual server and side by side
 * for two; what was contradicted before it was said is not said; nothing is left at the end.
 */
#include "control/provision.h"

#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000 };

static struct loop loop;
static struct provision provision;
static char folder[] = "/tmp/provision.XXXXXX", script[64], record[64];
static struct timer tick;

static void on_tick(struct timer *timer)
{
	timer_arm(&loop.timers, timer, loop.now_ms + 1);
}

static int open_scene(void **state)
{
	char name[] = "/tmp/provision.XXXXXX";
	FILE *file;

	(void)state;
	memcpy(folder, name, sizeof(name));
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0777), 0);
	snprintf(script, sizeof(script), "%s/tell", folder);
	snprintf(record, sizeof(record), "%s/told", folder);
	file = fopen(script, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\ngrep -o 'spillover-[a-z]*' >> %s\n", record);
	fclose(file);
	assert_int_equal(chmod(script, 0755), 0);
	assert_int_equal(loop_init(&loop), 0);
	timer_init(&tick, on_tick);
	timer_arm(&loop.timers, &tick, 0);
	provision_init(&provision, &loop, NULL);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	provision_fini(&provision);
	loop_turn(&loop); /* frees; the tick ends it */
	timer_cancel(&loop.timers, &tick);
	loop_fini(&loop);
	unlink(record);
	unlink(script);
	rmdir(folder);
	return 0;
}

static void tell(uint64_t uid, bool is_begin)
{
	provision_tell(&provision, str_of(script),
		       &(struct provision_news){ .uid = uid,
						 .vserver = STR("web"),
						 .is_begin = is_begin,
						 .limit = 1,
						 .uses = 1,
						 .reason = "a test" });
}

static void run_until_idle(void)
{
	uint64_t limit_ms = clock_ms() + PATIENCE_MS;

	while (!list_is_empty(&provision.lanes) && clock_ms() < limit_ms)
		loop_turn(&loop);
	assert_true(list_is_empty(&provision.lanes));
}

static void expect(const char *wanted)
{
	char text[512] = "";
	FILE *file = fopen(record, "r");

	if (file != NULL) {
		(void)!fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	assert_string_equal(text, wanted);
}

static void in_order(void **state)
{
	(void)state;
	tell(1, true);
	tell(1, false);
	run_until_idle();
	expect("spillover-begin\nspillover-end\n");
}

/* begin, end, begin while the first is told: it began, and that is still so. */
static void contradicted_is_not_said(void **state)
{
	(void)state;
	tell(1, true);
	tell(1, false);
	tell(1, true);
	run_until_idle();
	expect("spillover-begin\n");
	tell(1, false);
	run_until_idle();
	expect("spillover-begin\nspillover-end\n");
}

static void two_side_by_side(void **state)
{
	(void)state;
	tell(1, true);
	tell(2, true);
	assert_int_equal(provision.lanes.next->next == &provision.lanes, false);
	run_until_idle();
	expect("spillover-begin\nspillover-begin\n");
}

static void nothing_is_left(void **state)
{
	(void)state;
	tell(1, true);
	tell(2, true);
	tell(2, false);
	/* close_scene() ends what runs; the sanitizers look for the rest. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(contradicted_is_not_said, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(two_side_by_side, open_scene, close_scene),
		cmocka_unit_test_setup_teardown(nothing_is_left, open_scene, close_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
