/* SPDX-License-Identifier: Apache-2.0
 * Promised: what is in force is counted with and without a pool; a pool that comes later knows it
 * all; one that goes has every unit back; the surplus ends first.
 */
#include "proxy/holding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct scene {
	struct quota_map *map;
	struct quota_core *core;
	struct holding holding;
};

static struct scene begin(void)
{
	struct scene scene = { .map = quota_map_new(1, 8) };

	assert_non_null(scene.map);
	scene.core = quota_core_new(scene.map, 0);
	assert_non_null(scene.core);
	holding_init(&scene.holding);
	return scene;
}

static void end(struct scene *scene)
{
	quota_core_free(scene->core);
	quota_map_free(scene->map);
}

static int64_t used(struct scene *scene, uint32_t pool)
{
	struct quota_view view;

	quota_turn_end(scene->core);
	quota_read(scene->map, pool, &view);
	return view.used;
}

static enum quota_result take(struct scene *scene)
{
	return holding_take(&scene->holding, scene->core);
}

static void without_a_pool_there_is_no_limit(void **unused)
{
	struct scene scene = begin();

	(void)unused;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(&scene), QUOTA_OK);
	assert_int_equal(scene.holding.count, 1000);
	assert_false(holding_is_full(&scene.holding, scene.map));
	for (int i = 0; i < 1000; i++)
		holding_give(&scene.holding, scene.core);
	assert_int_equal(scene.holding.count, 0);
	end(&scene);
}

static void a_pool_that_comes_later_knows_all(void **unused)
{
	struct scene scene = begin();
	uint32_t pool = quota_open(scene.map, QUOTA_UNLIMITED, 80, 10);

	(void)unused;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(&scene), QUOTA_OK);
	holding_move(&scene.holding, scene.core, pool);
	assert_int_equal(used(&scene, pool), 10);
	quota_set_limit(scene.map, pool, 11);
	assert_int_equal(take(&scene), QUOTA_OK);
	assert_int_equal(take(&scene), QUOTA_FULL);
	assert_true(holding_is_full(&scene.holding, scene.map));
	holding_move(&scene.holding, scene.core, QUOTA_NONE);
	assert_int_equal(used(&scene, pool), 0);
	assert_int_equal(scene.holding.count, 11);
	assert_int_equal(take(&scene), QUOTA_OK);
	end(&scene);
}

static void the_surplus_ends_first(void **unused)
{
	struct scene scene = begin();
	uint32_t pool = quota_open(scene.map, 2, 80, 10);

	(void)unused;
	holding_move(&scene.holding, scene.core, pool);
	assert_int_equal(take(&scene), QUOTA_OK);
	assert_int_equal(take(&scene), QUOTA_OK);
	assert_int_equal(take(&scene), QUOTA_FULL);
	holding_force(&scene.holding);
	assert_int_equal(scene.holding.count, 3);
	holding_give(&scene.holding, scene.core);
	assert_int_equal(used(&scene, pool), 2);
	holding_give(&scene.holding, scene.core);
	assert_int_equal(used(&scene, pool), 1);
	end(&scene);
}

/* The surplus of one pool is no surplus of the next. */
static void to_another_pool(void **unused)
{
	struct scene scene = begin();
	uint32_t small = quota_open(scene.map, 1, 80, 10),
		 other = quota_open(scene.map, QUOTA_UNLIMITED, 80, 10);

	(void)unused;
	holding_move(&scene.holding, scene.core, small);
	assert_int_equal(take(&scene), QUOTA_OK);
	holding_force(&scene.holding);
	holding_move(&scene.holding, scene.core, other);
	assert_int_equal(used(&scene, small), 0);
	assert_int_equal(used(&scene, other), 2);
	holding_give(&scene.holding, scene.core);
	assert_int_equal(used(&scene, other), 1);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_pool_there_is_no_limit),
		cmocka_unit_test(a_pool_that_comes_later_knows_all),
		cmocka_unit_test(the_surplus_ends_first),
		cmocka_unit_test(to_another_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
