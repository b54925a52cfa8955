/* SPDX-License-Identifier: Apache-2.0
 * A command is done or refused with its reason; a refused one has changed nothing.
 */
#include "control/execute.h"

#include "config/print.h"
#include "os/socket.h"
#include "stage.h"

static char *running(struct stage *stage)
{
	struct text text = TEXT_EMPTY;

	print_config(stage->control->config, false, &text);
	return text.at != NULL ? text.at : str_dup(STR(""));
}

static void done_and_refused(void **state)
{
	struct stage *stage = stage_run("");

	(void)state;
	assert_int_equal(stage_do(stage, "add service a 127.0.0.1 HTTP 80"), 0);
	stage_must_say(stage, "Done");
	assert_int_equal(stage_do(stage, "add service a 127.0.0.1 HTTP 81"), 1);
	stage_must_say(stage, "ERROR");
	assert_int_equal(stage_do(stage, "  # a comment"), 0);
	assert_int_equal(stage->answer.length, 0);
	assert_int_equal(stage_do(stage, "set service a -maxClent 5"), 1);
	stage_must_say(stage, "maxClient");
	assert_int_equal(stage_do(stage, "nonsense"), 1);
	stage_close(stage);
}

/* Somebody listens at `*port`. */
static int take_port(unsigned *port)
{
	struct address address = { .v4 = { .sin_family = AF_INET } };
	int fd;

	address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket_listen(&address);
	assert_true(fd >= 0);
	assert_int_equal(socket_local(fd, &address), 0);
	*port = address_port(&address);
	return fd;
}

static void taken_address_changes_nothing(void **state)
{
	struct stage *stage = stage_run("");
	char line[128], *before = running(stage), *after;
	unsigned port;
	int fd = take_port(&port);

	(void)state;
	snprintf(line, sizeof(line), "add lb vserver web HTTP 127.0.0.1 %u", port);
	assert_int_equal(stage_do(stage, line), 1);
	stage_must_say(stage, "in use");
	after = running(stage);
	assert_string_equal(before, after);
	socket_close(fd);
	assert_int_equal(stage_do(stage, line), 0);
	free(before);
	free(after);
	stage_close(stage);
}

static void enabling_a_taken_address_is_refused(void **state)
{
	struct stage *stage = stage_run("");
	char line[128];
	unsigned port;
	int fd = take_port(&port);

	(void)state;
	snprintf(line, sizeof(line), "add lb vserver web HTTP 127.0.0.1 %u -state DISABLED", port);
	assert_int_equal(stage_do(stage, line), 0);
	assert_int_equal(stage_do(stage, "enable lb vserver web"), 1);
	assert_false(object_is_enabled(stage_vserver(stage, "web")->plan->object));
	socket_close(fd);
	assert_int_equal(stage_do(stage, "enable lb vserver web"), 0);
	stage_close(stage);
}

/* Of a range each may serve again. */
static void enabling_a_range_lets_in_who_was_held_out(void **state)
{
	struct stage *stage = stage_run("add lb vserver spare HTTP\nadd lb vserver w[1-3] HTTP "
					"-backupVServer spare -disablePrimaryOnDown ENABLED\n");

	(void)state;
	for (char name[] = "w1"; name[1] <= '3'; name[1]++)
		stage_vserver(stage, name)->is_held_out = true;
	assert_int_equal(stage_do(stage, "enable lb vserver w[1-2]"), 0);
	assert_false(stage_vserver(stage, "w1")->is_held_out);
	assert_false(stage_vserver(stage, "w2")->is_held_out);
	assert_true(stage_vserver(stage, "w3")->is_held_out);
	stage_close(stage);
}

static void saving_keeps_the_last_file(void **state)
{
	struct stage *stage = stage_run("add service a 127.0.0.1 HTTP 80\n");
	struct text text = TEXT_EMPTY;
	char old[128];

	(void)state;
	assert_int_equal(stage_do(stage, "add service b 127.0.0.1 HTTP 81"), 0);
	assert_int_equal(stage_do(stage, "save config"), 0);
	assert_int_equal(file_read(stage->config_path, 1 << 20, &text), 0);
	assert_non_null(strstr(text.at, "add service b"));
	text_free(&text);
	snprintf(old, sizeof(old), "%s.old", stage->config_path);
	assert_int_equal(file_read(old, 1 << 20, &text), 0);
	assert_null(strstr(text.at, "add service b"));
	text_free(&text);
	unlink(old);
	stage_close(stage);
}

/* run -c /dev/null must not turn a device into a file. */
static void devices_are_not_saved_to(void **state)
{
	struct stage *stage = stage_run("");

	(void)state;
	stage->control->setup.config_path = "/dev/null";
	assert_int_equal(stage_do(stage, "save config"), 1);
	stage_must_say(stage, "no regular file");
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_and_refused),
		cmocka_unit_test(taken_address_changes_nothing),
		cmocka_unit_test(enabling_a_taken_address_is_refused),
		cmocka_unit_test(enabling_a_range_lets_in_who_was_held_out),
		cmocka_unit_test(saving_keeps_the_last_file),
		cmocka_unit_test(devices_are_not_saved_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
