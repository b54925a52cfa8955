/* SPDX-License-Identifier: Apache-2.0
 * A word becomes a value of the row's type and range or says why not; the value prints as a word
 * that becomes it again.
 */
#include "config/option.h"

#include "scene.h"

static const struct option number = { .name = "n", .type = OPTION_NUMBER, .least = 2, .most = 9 };
static const struct option percent = {
	.name = "p", .type = OPTION_NUMBER, .most = 100, .unit = "%"
};
static const struct option amount = { .name = "a", .type = OPTION_AMOUNT, .least = 2, .most = 900 };
static const struct option timed = {
	.name = "t", .type = OPTION_TIME, .least = 1, .most = 20940000
};
static const struct option choice = { .name = "c",
				      .type = OPTION_CHOICE,
				      .choices = option_enabled_disabled };
static const struct option port = { .name = "p", .type = OPTION_PORT, .most = 65535 };
static const struct option address = { .name = "a", .type = OPTION_ADDRESS };
static const struct option free_text = { .name = "x", .type = OPTION_TEXT };

static const struct {
	const struct option *option;
	const char *word, *unit, *printed; /* NULL: refused */
} rows[] = {
	{ &number, "2", "", "2" },
	{ &number, "9", "", "9" },
	{ &number, "1", "", NULL },
	{ &number, "10", "", NULL },
	{ &number, "", "", NULL },
	{ &number, "5x", "", NULL },
	{ &number, "-5", "", NULL },
	{ &number, "18446744073709551618", "", NULL },
	{ &number, "5%", "", NULL },
	{ &percent, "100", "", "100" },
	{ &percent, "7%", "", "7" },
	{ &percent, "101%", "", NULL },
	{ &percent, "%", "", NULL },
	{ &amount, "2", "", "2" },
	{ &amount, "1", "", NULL },
	{ &amount, "900", "", "900" },
	{ &amount, "901", "", NULL },
	{ &amount, "1%", "", "1%" },
	{ &amount, "100%", "", "100%" },
	{ &amount, "101%", "", NULL },
	{ &amount, "%", "", NULL },
	{ &timed, "5", "", "5" },
	{ &timed, "5", "sec", "5" },
	{ &timed, "5", "MSEC", "5 MSEC" },
	{ &timed, "2000", "msec", "2" },
	{ &timed, "2", "MIN", "120" },
	{ &timed, "20940", "", "20940" },
	{ &timed, "20941", "", NULL },
	{ &timed, "0", "", NULL },
	{ &timed, "5", "HOURS", NULL },
	{ &choice, "enabled", "", "ENABLED" },
	{ &choice, "DISABLED", "", "DISABLED" },
	{ &choice, "ENABLE", "", NULL },
	{ &port, "0", "", "0" },
	{ &port, "*", "", "0" },
	{ &port, "65535", "", "65535" },
	{ &port, "65536", "", NULL },
	{ &address, "10.0.0.1", "", "10.0.0.1" },
	{ &address, "::1", "", "::1" },
	{ &address, "*", "", "*" },
	{ &address, "300.0.0.1", "", NULL },
	{ &free_text, "it's so", "", "it's so" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct value value = { 0 };
		struct text why = TEXT_EMPTY, printed = TEXT_EMPTY;
		bool is_good = option_parse(rows[i].option, str_of(rows[i].word),
					    str_of(rows[i].unit), &value, &why);

		assert_int_equal(is_good, rows[i].printed != NULL);
		assert_int_equal(why.length > 0, !is_good);
		if (is_good) {
			option_print(rows[i].option, &value, &printed);
			assert_string_equal(printed.at, rows[i].printed);
		}
		option_value_free(&value);
		text_free(&why);
		text_free(&printed);
	}
}

/* What is refused leaves the old value, and says range or nearest name. */
static void test_refusal(void **state)
{
	struct value value = { 0 };
	struct text why = TEXT_EMPTY;

	(void)state;
	assert_true(option_parse(&choice, STR("DISABLED"), STR(""), &value, &why));
	assert_false(option_parse(&choice, STR("ENABLE"), STR(""), &value, &why));
	assert_int_equal(value.number, OPTION_SECOND);
	assert_non_null(strstr(why.at, "did you mean ENABLED?"));
	text_cut(&why, 0);
	assert_false(option_parse(&number, STR("11"), STR(""), &value, &why));
	assert_non_null(strstr(why.at, "2 to 9"));
	text_free(&why);
	option_value_free(&value);
}

static void test_same_and_copy(void **state)
{
	struct value a = { 0 }, b = { 0 };
	struct text why = TEXT_EMPTY;

	(void)state;
	assert_true(option_same(&free_text, &a, &b));
	assert_true(option_parse(&free_text, STR("x"), STR(""), &a, &why));
	assert_false(option_same(&free_text, &a, &b));
	option_value_copy(&b, &a);
	assert_true(option_same(&free_text, &a, &b));
	assert_ptr_not_equal(a.text, b.text);
	option_value_free(&a);
	option_value_free(&b);
	assert_false(a.is_set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
						   cmocka_unit_test(test_refusal),
						   cmocka_unit_test(test_same_and_copy) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
