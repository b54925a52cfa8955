/* SPDX-License-Identifier: Apache-2.0
 * Promised: every entry is a line with the names of today; those of one virtual server alone when
 * it is named; clear forgets what it is told to and says how many.
 */
#include "base/hash.h"
#include "os/clock.h"
#include "persist/persist.h"

#include "stage.h"

static const char *const config = "add service a 127.0.0.1 HTTP 9001 -healthMonitor NO\n"
				  "add lb vserver web HTTP 0.0.0.0 0\n"
				  "add lb vserver spare HTTP 0.0.0.0 0\n";

static struct persist *table;

static uint64_t tag(const char *name)
{
	return hash_name(name, strlen(name));
}

static void put(const char *vserver, enum persist_kind kind, const char *client, uint32_t timeout_s,
		const char *value)
{
	struct persist_key key;
	struct address address;
	uint64_t seen = 0;

	assert_true(address_parse(str_of(client), 0, &address));
	persist_key_begin(&key, kind, tag(vserver));
	if (kind != PERSIST_DESTINATION)
		persist_key_source(&key, &address, UINT32_MAX, 128);
	if (kind == PERSIST_DESTINATION || kind == PERSIST_SOURCE_DESTINATION)
		persist_key_destination(&key, &address);
	persist_key_end(table, &key);
	assert_int_equal(persist_put(table, &key, clock_ms() / 1000, timeout_s, &seen, tag(value)),
			 PERSIST_KEPT);
}

static struct stage *begin(void)
{
	struct stage *stage = stage_run(config);

	table = persist_new(64);
	assert_non_null(table);
	stage->control->setup.persist = table;
	put("web", PERSIST_SOURCE, "10.0.0.1", 0, "a");
	put("web", PERSIST_DESTINATION, "2001:db8::1", 600, "a");
	put("web", PERSIST_SOURCE_DESTINATION, "10.0.0.2", 600, "b");
	put("spare", PERSIST_SPILL, "10.0.0.3", 600, "web");
	return stage;
}

static void end(struct stage *stage)
{
	stage_close(stage);
	persist_free(table);
}

static void shows_lines(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_int_equal(stage_do(stage, "show lb persistentSessions"), 0);
	stage_must_say(stage, "web  SOURCEIP  10.0.0.1  a  for ever\n");
	stage_must_say(stage, "web  DESTIP  to 2001:db8::1  a  ");
	stage_must_say(stage, "web  SRCIPDESTIP  10.0.0.2 to 10.0.0.2  (gone)  ");
	stage_must_say(stage, "spare  SPILLOVER  10.0.0.3  web  ");
	stage_must_say(stage, "persistent sessions: 4\n");
	assert_int_equal(stage_do(stage, "show lb persistentSessions spare"), 0);
	stage_must_say(stage, "persistent sessions: 1\n");
	assert_int_equal(stage_do(stage, "show lb persistentSessions nobody"), 1);
	stage_must_say(stage, "there is no lb vserver nobody");
	end(stage);
}

static void clears(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_int_equal(stage_do(stage, "clear lb persistentSessions web -persistenceParameter x"),
			 0);
	stage_must_say(stage, "cleared: 0\n");
	assert_int_equal(
		stage_do(stage, "clear lb persistentSessions web -persistenceParameter 10.0.0.1"),
		0);
	stage_must_say(stage, "cleared: 1\n");
	assert_int_equal(stage_do(stage, "clear lb persistentSessions web"), 0);
	stage_must_say(stage, "cleared: 2\n");
	assert_int_equal(stage_do(stage, "clear lb persistentSessions"), 0);
	stage_must_say(stage, "cleared: 1\n");
	end(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shows_lines),
					    cmocka_unit_test(clears) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
