/* SPDX-License-Identifier: Apache-2.0
 * Promised: who was ever in the chain keeps its counters while it is configured, and they live
 * until no engine can write them any more.
 */
#include "control/destinations.h"

#include "stage.h"

static void life(void **state)
{
	struct plan_vserver chain[] = { { .uid = 7, .name = STR("a"), .backup = 1 },
					{ .uid = 8, .name = STR("b"), .backup = 2 },
					{ .uid = 9, .name = STR("c"), .backup = MODEL_NONE } };
	struct plan plan = { .vservers = chain, .vserver_count = 3 };
	struct destinations destinations = { NULL };
	struct destination *eight, *nine;

	(void)state;
	destinations_take(&destinations, NULL, &plan, &chain[2], 3);
	assert_null(destinations.first);
	destinations_take(&destinations, NULL, &plan, &chain[0], 3);
	eight = destinations_find(&destinations, 8);
	nine = destinations_find(&destinations, 9);
	assert_ptr_equal(destinations.first, eight);
	assert_ptr_equal(eight->next, nine);
	stat_add(&nine->stats[0].clients, 2);
	stat_add(&nine->stats[2].clients, 5);
	assert_int_equal(destinations_clients(nine, 3), 7);
	/* Out of the chain, but there: it is remembered. */
	chain[0].backup = 2;
	destinations_take(&destinations, NULL, &plan, &chain[0], 3);
	destinations_everywhere(&destinations, NULL, 100);
	assert_ptr_equal(destinations_find(&destinations, 8), eight);
	eight->retired = 100;
	destinations_everywhere(&destinations, NULL, 100);
	assert_ptr_equal(destinations_find(&destinations, 8), eight);
	destinations_everywhere(&destinations, NULL, 101);
	assert_null(destinations_find(&destinations, 8));
	assert_ptr_equal(destinations.first, nine);
	destinations_fini(&destinations, NULL);
	assert_null(destinations.first);
}

/* Their keys are the names, the newest ones. */
static void the_next_process_goes_on(void **state)
{
	struct plan_vserver chain[] = { { .uid = 7, .name = STR("a"), .backup = 1 },
					{ .uid = 8, .name = STR("b"), .backup = MODEL_NONE } };
	struct plan plan = { .vservers = chain, .vserver_count = 2 };
	struct destinations before = { NULL }, after = { NULL };
	struct vault *vault = vault_new(1 << 20);

	(void)state;
	destinations_take(&before, vault, &plan, &chain[0], 2);
	stat_add(&before.first->stats[1].clients, 3);
	*before.first->cleared = 1;
	chain[1].name = STR("new");
	destinations_take(&before, vault, &plan, &chain[0], 2);
	vault_recover(vault);
	chain[0].uid = 1;
	chain[1].uid = 2;
	destinations_take(&after, vault, &plan, &chain[0], 2);
	assert_int_equal(destinations_clients(after.first, 2), 3);
	assert_int_equal(*after.first->cleared, 1);
	destinations_fini(&after, vault);
	free(before.first);
	vault_free(vault);
}

/* A chain of any length; those far down are not counted. */
static void a_chain_may_be_long(void **state)
{
	enum { LENGTH = MODEL_DESTINATIONS_MAX + 5 };
	struct plan_vserver chain[LENGTH];
	struct plan plan = { .vservers = chain, .vserver_count = LENGTH };
	struct destinations destinations = { NULL };

	(void)state;
	for (uint32_t i = 0; i < LENGTH; i++)
		chain[i] = (struct plan_vserver){ .uid = i + 1,
						  .backup = i + 1 < LENGTH ? i + 1 : MODEL_NONE };
	destinations_take(&destinations, NULL, &plan, &chain[0], 1);
	assert_non_null(destinations_find(&destinations, MODEL_DESTINATIONS_MAX + 1));
	assert_null(destinations_find(&destinations, MODEL_DESTINATIONS_MAX + 2));
	destinations_fini(&destinations, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(life),
					    cmocka_unit_test(the_next_process_goes_on),
					    cmocka_unit_test(a_chain_may_be_long) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
