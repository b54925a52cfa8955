/* SPDX-License-Identifier: Apache-2.0
 * Ids find their things, and one call frees everything.
 */
#include "model/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_snapshot(void **state)
{
	struct arena *arena = arena_new();
	struct snapshot *snapshot = arena_one(arena, struct snapshot);
	const struct model_vserver **vservers = arena_many(arena, const struct model_vserver *, 3);

	(void)state;
	vservers[1] = arena_one(arena, struct model_vserver);
	snapshot->arena = arena;
	snapshot->vservers = vservers;
	snapshot->vserver_room = 3;
	assert_null(snapshot_vserver(snapshot, 0));
	assert_ptr_equal(snapshot_vserver(snapshot, 1), vservers[1]);
	assert_null(snapshot_vserver(snapshot, 3));
	assert_null(snapshot_vserver(snapshot, MODEL_NONE));
	assert_null(snapshot_service(snapshot, 0));
	snapshot_free(snapshot);
	snapshot_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_snapshot) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
