/* SPDX-License-Identifier: Apache-2.0
 * What is added, edited, renamed and removed since the last commit can be taken back whole: names,
 * uids, order and values are as before.
 */
#include "config/store.h"

#include "scene.h"

static void print_names(const struct store *store, struct text *text)
{
	text_cut(text, 0);
	list_each(link, after, &store->by_kind[KIND_SERVER])
	{
		const struct object *object = list_entry(link, struct object, by_kind);

		text_print(text, "%.*s:%u ", STR_ARG(object_name(object)), (unsigned)object->uid);
		assert_ptr_equal(store_find(store, KIND_SERVER, object_name(object)), object);
		assert_ptr_equal(store_find_uid(store, object->uid), object);
	}
}

static void test_rollback(void **state)
{
	struct store store;
	struct object *a, *b, *c;
	struct text before = TEXT_EMPTY, after = TEXT_EMPTY;

	(void)state;
	store_init(&store);
	a = store_add(&store, &kind_server, STR("a"));
	b = store_add(&store, &kind_server, STR("b"));
	c = store_add(&store, &kind_server, STR("c"));
	store_commit(&store);
	print_names(&store, &before);

	store_rename(&store, a, STR("z"));
	store_remove(&store, b);
	store_edit(&store, c);
	object_set_extra(c, STR("td"), STR(" 1"));
	store_add(&store, &kind_server, STR("b"));
	store_remove(&store, c);
	store_remove(&store, a);
	store_add(&store, &kind_server, STR("a"));
	assert_int_equal(store.counts[KIND_SERVER], 2);
	store_rollback(&store);

	print_names(&store, &after);
	assert_string_equal(before.at, after.at);
	assert_int_equal(store.counts[KIND_SERVER], 3);
	assert_int_equal(c->extra_count, 0);
	text_free(&before);
	text_free(&after);
	store_fini(&store);
}

static void test_commit(void **state)
{
	struct store store;
	struct object *a;
	uint64_t uid;

	(void)state;
	store_init(&store);
	a = store_add(&store, &kind_server, STR("a"));
	uid = a->uid;
	store_rename(&store, a, STR("b"));
	store_commit(&store);
	assert_null(store_find(&store, KIND_SERVER, STR("a")));
	assert_ptr_equal(store_find(&store, KIND_SERVER, STR("b")), a);
	assert_int_equal(a->uid, uid);
	store_remove(&store, a);
	store_commit(&store);
	assert_null(store_find_uid(&store, uid));
	assert_true(store_add(&store, &kind_server, STR("b"))->uid > uid);
	store_fini(&store);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_rollback),
						   cmocka_unit_test(test_commit) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
