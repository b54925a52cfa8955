/* SPDX-License-Identifier: Apache-2.0
 * Promised: who finds it full waits a moment, longer while clients leave; nobody waits where nobody
 * can leave.
 */
#include "chain.h"
#include "proxy/departure.h"

static bool near(const struct scene *scene, uint64_t waited_ms)
{
	struct vserver *vserver = slot(scene, 0);

	return departure_is_near(vserver->proxy, &vserver->clients, vserver, waited_ms);
}

static void a_moment_for_everybody(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 9, 9 });

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	assert_true(near(&scene, 0));
	assert_false(near(&scene, 2));
	assert_false(near(&scene, ADMISSION_NO_WAIT));
	leave(&scene, 0, 1);
	house_free(scene.house);
}

/* A look sees what changed since the one before. */
static void longer_while_clients_leave(void **unused)
{
	struct scene scene = begin((int64_t[]){ 2, 9, 9 });
	uint64_t looked_ms;

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 0);
	assert_false(near(&scene, 2));
	looked_ms = scene.house->engines[0].loop.now_ms;
	leave(&scene, 0, 1);
	house_until(scene.house, scene.house->engines[0].loop.now_ms > looked_ms);
	assert_true(near(&scene, 2));
	assert_false(near(&scene, 8));
	leave(&scene, 0, 1);
	house_free(scene.house);
}

static void for_those_who_are_on_their_way_out(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 9, 9 });

	(void)unused;
	assert_int_equal(admit(&scene), 0);
	stat_add(&slot(&scene, 0)->stats->clients_ending, 1);
	assert_true(near(&scene, 100));
	assert_false(near(&scene, 200));
	stat_subtract(&slot(&scene, 0)->stats->clients_ending, 1);
	leave(&scene, 0, 1);
	house_free(scene.house);
}

static void not_where_nobody_can_leave(void **unused)
{
	struct scene scene = begin((int64_t[]){ 0, 9, 9 });

	(void)unused;
	assert_false(near(&scene, 0));
	house_free(scene.house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_for_everybody),
		cmocka_unit_test(longer_while_clients_leave),
		cmocka_unit_test(for_those_who_are_on_their_way_out),
		cmocka_unit_test(not_where_nobody_can_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
