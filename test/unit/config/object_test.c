/* SPDX-License-Identifier: Apache-2.0
 * An object answers with what is set or else with the default, which may depend on it; a copy is
 * whole and apart.
 */
#include "config/object.h"

#include "scene.h"

static void set(struct object *object, unsigned row, const char *word)
{
	struct text why = TEXT_EMPTY;

	assert_true(option_parse(&object->kind->options[row], str_of(word), (struct str){ 0 },
				 &object->values[row], &why));
}

static void test_defaults(void **state)
{
	struct object *object = object_new(&kind_service, STR("s"));

	(void)state;
	set(object, TARGET_PROTOCOL, "HTTP");
	assert_int_equal(object_number(object, TARGET_CLT_TIMEOUT), 180);
	assert_int_equal(object_number(object, TARGET_SVR_TIMEOUT), 360);
	assert_false(object_is_set(object, TARGET_CLT_TIMEOUT));
	set(object, TARGET_PROTOCOL, "TCP");
	assert_int_equal(object_number(object, TARGET_CLT_TIMEOUT), 9000);
	assert_int_equal(object_number(object, TARGET_SVR_TIMEOUT), 9000);
	set(object, TARGET_CLT_TIMEOUT, "7");
	assert_int_equal(object_number(object, TARGET_CLT_TIMEOUT), 7);
	assert_true(object_is_enabled(object));
	set(object, TARGET_STATE, "DISABLED");
	assert_false(object_is_enabled(object));
	assert_true(str_equal(object_text(object, TARGET_PROTOCOL), STR("TCP")));
	assert_true(str_is_empty(object_text(object, TARGET_COMMENT)));
	object_free(object);
}

static void test_bindings_and_extras(void **state)
{
	struct object *service = object_new(&kind_service, STR("s"));
	struct object *vserver = object_new(&kind_vserver, STR("v")), *copy;
	char extra[] = " -x 1";

	(void)state;
	object_add_binding(vserver, &(struct binding){ .uid = 5,
						       .type = BINDING_SERVICE,
						       .target = service,
						       .weight = 3,
						       .extra = extra });
	object_set_extra(vserver, STR("range"), STR(" 3"));
	object_set_extra(vserver, STR("RANGE"), STR(" 4"));
	assert_int_equal(vserver->extra_count, 1);
	copy = object_copy(vserver);
	assert_int_equal(object_binding(copy, service, 0)->uid, 5);
	assert_string_equal(copy->extras[0].text, " 4");
	object_remove_binding(vserver, object_binding(vserver, service, 0));
	assert_null(object_binding(vserver, service, 0));
	assert_true(object_remove_extra(vserver, STR("range")));
	assert_false(object_remove_extra(vserver, STR("range")));
	object_take(vserver, copy);
	assert_int_equal(vserver->binding_count, 1);
	assert_int_equal(vserver->extra_count, 1);
	object_free(vserver);
	object_free(service);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_defaults),
						   cmocka_unit_test(test_bindings_and_extras) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
