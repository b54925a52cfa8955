/* SPDX-License-Identifier: Apache-2.0
 * What may stand at the end of a line that is only partly typed.
 */
#include "config/complete.h"

#include "config/reference.h"
#include "scene.h"

static unsigned names_of(void *context, enum kind_id kind, const struct str **names)
{
	static const struct str vservers[] = { { "web", 3 }, { "spare", 5 }, { "\"a b\"", 5 } };
	static const struct str services[] = { { "s1", 2 }, { "s2", 2 } };

	(void)context;
	if (kind == KIND_VSERVER)
		*names = vservers;
	if (kind == KIND_SERVICE)
		*names = services;
	return kind == KIND_VSERVER ? 3 : kind == KIND_SERVICE ? 2 : 0;
}

static const struct complete_names names = { NULL, names_of };
static struct complete complete;

/* All that is offered, with a blank between. */
static const char *offered(const char *line)
{
	static char joined[16384];
	struct arena *arena = arena_new();
	size_t used = 0;

	joined[0] = '\0';
	complete_line(str_of(line), &names, arena, &complete);
	for (unsigned i = 0; i < complete.count && used < sizeof(joined); i++)
		used += (size_t)snprintf(joined + used, sizeof(joined) - used, "%s%.*s",
					 i > 0 ? " " : "", STR_ARG(complete.items[i].text));
	arena_free(arena);
	return joined;
}

static void test_lines(void **state)
{
	static const struct {
		const char *line, *offered;
	} rows[] = {
		{ "sho", "show" },
		{ "SHO", "show" },
		{ "nonsense", "" },
		{ "ex", "explain exit export expire" },
		{ "show lb vs", "vserver" },
		{ "sho LB VS", "vserver" },
		{ "show lb vserver w", "web" },
		{ "sh lb vs W", "web" },
		{ "show engi", "engines" },
		{ "explain lb", "lb" },
		{ "explain lb vserver w", "web" },
		{ "explain lb vserver web -cl", "-clientIP" },
		{ "show policy f", "functions" },
		{ "show spillover au", "audit" },
		{ "show spillover audit ", "web spare \"a b\"" },
		{ "SHOW Spillover Events w", "web" },
		{ "show spillover events web ", "" },
		{ "show engines ", "" },
		{ "show runn", "runningConfig" },
		{ "rm lb vserver web ", "web spare \"a b\"" },
		{ "set lb vserver ", "web spare \"a b\"" },
		{ "set lb vserver web -backupVS", "-backupVServer" },
		{ "set lb vserver web -backupVServer ", "web spare \"a b\"" },
		{ "set lb vserver web -soMethod D", "DYNAMICCONNECTION" },
		{ "set lb vserver web -som D", "DYNAMICCONNECTION" },
		{ "set lb vserver web -soMethod NONE -soM", "" },
		{ "unset lb vserver web -soMeth", "-soMethod" },
		{ "bind lb vserver web s", "s1 s2" },
		{ "enable lb monitor s", "s1 s2" },
		{ "bind service s", "s1 s2" },
		{ "bind lb vserver web s1 -we", "-weight" },
		{ "add service new srv HT", "HTTP HTTP_QUIC" },
		{ "add lb vserver web", "" },
		{ "show lb vserver \"w", "" },
		{ "show lb vserver # w", "" },
		{ "enable ns fea", "feature" },
		{ "add ssl certKey c -inf", "-inform" },
		{ "add ssl certKey c -inform D", "DER" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found = offered(rows[i].line);

		if (strcmp(found, rows[i].offered) != 0)
			print_message("line: %s\n", rows[i].line);
		assert_string_equal(found, rows[i].offered);
	}
}

static void test_help(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	complete_line(STR("set lb vserver web -soTh"), &names, arena, &complete);
	assert_int_equal(complete.count, 1);
	assert_true(complete.items[0].help.length > 0);
	complete_line(STR("set lb vserver web -soThreshold "), &names, arena, &complete);
	assert_int_equal(complete.count, 0);
	assert_true(str_starts(complete.hint, STR("soThreshold: ")));
	assert_non_null(memmem(complete.hint.at, complete.hint.length, "..", 2));
	complete_line(STR("add service "), &names, arena, &complete);
	assert_true(str_starts(complete.hint, STR("name: ")));
	complete_line(STR("s"), NULL, arena, &complete);
	assert_true(complete.count > 3);
	assert_int_equal(complete_common(&complete), 1);
	complete_line(STR("show lb vserver "), NULL, arena, &complete);
	arena_free(arena);
}

/* Every command of the reference, cut at every byte, is looked at without a fault. */
static void test_any(void **state)
{
	char line[512];

	(void)state;
	for (size_t i = 0; i < reference_count(); i += 7) {
		const struct reference *one = reference_at(i);
		int length = snprintf(line, sizeof(line), "%.*s %.*s %.*s", STR_ARG(one->verb),
				      STR_ARG(one->object),
				      (int)(one->synopsis.length < 40 ? one->synopsis.length : 40),
				      one->synopsis.at);

		for (; length >= 0; length -= 9) {
			line[length] = '\0';
			offered(line);
			assert_true(complete.count <= COMPLETE_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
