/* SPDX-License-Identifier: Apache-2.0
 * The tables say what the reference says: every option of ours is there under that spelling, with
 * its values, range and default, unless it is marked as our own.
 */
#include "config/kind.h"

#include "scene.h"

#include "config/reference.h"
#include "config/usage.h"
#include "lb/lb.h"

static bool has_choice(const struct option *option, struct str name)
{
	for (const struct choice *choice = option->choices; choice->name != NULL; choice++)
		if (str_equal(str_of(choice->name), name))
			return true;
	return false;
}

static void check_values(const struct option *option, struct str values)
{
	assert_int_equal(option->type, OPTION_CHOICE);
	while (values.length > 0) {
		const char *bar = memchr(values.at, '|', values.length);
		size_t length = bar != NULL ? (size_t)(bar - values.at) : values.length;
		size_t skip = length + (bar != NULL);

		if (!has_choice(option, (struct str){ values.at, length }))
			fail_msg("-%s lacks %.*s", option->name, (int)length, values.at);
		values = (struct str){ values.at + skip, values.length - skip };
	}
}

static void check_range(const struct option *option, const struct reference_argument *argument)
{
	uint64_t scale = option->type == OPTION_TIME ? 1000 : 1;

	if (argument->has_most && (uint64_t)argument->most * scale != option->most)
		fail_msg("-%s: most", option->name);
	/* A time may also be given in milliseconds, of which one is the least. */
	if (argument->has_least && option->type != OPTION_TIME &&
	    (uint64_t)argument->least != option->least)
		fail_msg("-%s: least", option->name);
}

static void check_default(const struct option *option, const struct reference_argument *argument)
{
	if (argument->standard.length == 0 || str_equal(argument->standard, STR("-1")))
		return;
	if (option->standard == NULL || !str_equal(argument->standard, str_of(option->standard)))
		fail_msg("-%s: the default is %.*s", option->name, STR_ARG(argument->standard));
}

static bool is_in_synopsis(const struct reference *reference, const char *name)
{
	struct arena *arena = arena_new();
	const struct usage *usage = usage_parse(reference->synopsis, arena);
	bool is_there = usage_option(usage, str_of(name)) != NULL ||
			memmem(reference->synopsis.at, reference->synopsis.length, name,
			       strlen(name)) != NULL;

	arena_free(arena);
	return is_there;
}

static void check_option(const struct kind *kind, const struct option *option)
{
	const struct reference *reference = reference_get(kind->is_single ? STR("set") : STR("add"),
							  str_of(kind->object));
	struct reference_argument argument;

	assert_non_null(reference);
	assert_non_null(option->help);
	assert_non_null(option->since);
	assert_int_equal(option->type == OPTION_CHOICE, option->choices != NULL);
	if (option->is_ours || option->name[0] == '\0')
		return;
	if (!is_in_synopsis(reference, option->name))
		fail_msg("%s has no -%s", kind->object, option->name);
	if (!reference_argument(reference, str_of(option->name), &argument))
		return;
	if (argument.values.length > 0)
		check_values(option, argument.values);
	check_range(option, &argument);
	check_default(option, &argument);
}

/* Every place is an option that is typed by place, and all of those have one. */
static void check_places(const struct kind *kind)
{
	unsigned by_place = 0;

	for (unsigned i = 0; i < kind->option_count; i++)
		by_place += kind->options[i].is_position;
	assert_int_equal(by_place, kind->position_count);
	for (unsigned i = 0; i < kind->position_count; i++) {
		assert_true(kind->options[kind_place(kind, i)].is_position);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(kind_place(kind, i), kind_place(kind, j));
	}
	assert_int_equal(kind_place(kind, 0), 0);
}

static void test_tables(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		const struct kind *kind = kinds[i];

		assert_int_equal(kind->id, i);
		check_places(kind);
		for (unsigned j = 0; j < kind->option_count; j++) {
			assert_non_null(kind->options[j].name);
			if (j > 0) /* the name of a group has another name there */
				check_option(kind, &kind->options[j]);
		}
	}
}

/* Every default is a value of its own row. */
static void test_defaults_parse(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		for (unsigned j = 0; j < kinds[i]->option_count; j++) {
			const struct option *option = &kinds[i]->options[j];
			struct value value = { 0 };
			struct text why = TEXT_EMPTY;

			if (option->standard == NULL)
				continue;
			assert_true(option_parse(option, str_of(option->standard),
						 (struct str){ 0 }, &value, &why));
			option_value_free(&value);
		}
	}
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(kind_find(STR("LB VSERVER")), &kind_vserver);
	assert_ptr_equal(kind_find(STR("servicegroup")), &kind_group);
	assert_null(kind_find(STR("cs vserver")));
	assert_int_equal(kind_option(&kind_vserver, STR("SOTHRESHOLD")), VSERVER_SO_THRESHOLD);
	assert_int_equal(kind_option(&kind_vserver, STR("soThr")), -1);
}

/* A balancing method that is not marked as missing is there. */
static void test_methods_exist(void **state)
{
	const struct choice *choice = kind_vserver.options[VSERVER_LB_METHOD].choices;

	(void)state;
	for (; choice->name != NULL; choice++)
		assert_int_equal(lb_find(str_of(choice->name)) != NULL, choice->not_yet == NULL);
}

static void test_families(void **state)
{
	(void)state;
	assert_true(kind_same_family(STR("HTTP"), STR("SSL")));
	assert_true(kind_same_family(STR("TCP"), STR("SSL_TCP")));
	assert_false(kind_same_family(STR("TCP"), STR("HTTP")));
	assert_false(kind_same_family(STR("UDP"), STR("TCP")));
	assert_string_equal(kind_client_timeout(STR("SSL")), "180");
	assert_string_equal(kind_server_timeout(STR("TCP")), "9000");
	assert_string_equal(kind_server_timeout(STR("DNS")), "120");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),   cmocka_unit_test(test_defaults_parse),
		cmocka_unit_test(test_find),     cmocka_unit_test(test_methods_exist),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
