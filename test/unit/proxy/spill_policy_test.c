/* SPDX-License-Identifier: Apache-2.0
 * Promised: the first that is true spills the client, before a use is taken; goto says what else is
 * counted; what is undefined is counted and passed over; tests count once for each client.
 */
#include "proxy/spill_policy.h"

#include "chain.h"
#include "policy/compile.h"

static struct arena *arena;
static struct stat_policy stats[4];
static struct model_policy models[4];

/* Policies of the first virtual server; NULL ends them. */
static void give(const struct scene *scene, const char *const *rules, const uint32_t *next)
{
	struct model_vserver *vserver = &scene->house->vservers[scene->ids[0]];
	struct compile_fault fault;

	memset(stats, 0, sizeof(stats));
	vserver->policies = models;
	for (vserver->policy_count = 0; rules[vserver->policy_count] != NULL;
	     vserver->policy_count++) {
		uint32_t i = vserver->policy_count;
		struct rule *rule = compile_rule(str_of(rules[i]), arena, &fault);

		assert_non_null(rule);
		if (rule->name_count > 0)
			rule_set_vserver(rule, 0, scene->ids[0]);
		models[i] = (struct model_policy){ 100 + i, rule, next[i], &stats[i] };
	}
	house_publish(scene->house);
}

static void check_hits(uint64_t one, uint64_t two, uint64_t three)
{
	assert_int_equal(stat_read(&stats[0].hits), one);
	assert_int_equal(stat_read(&stats[1].hits), two);
	assert_int_equal(stat_read(&stats[2].hits), three);
}

static void the_first_decides(void **unused)
{
	struct scene scene = begin((int64_t[]){ 5, 5, 5 });

	(void)unused;
	give(&scene, (const char *[]){ "FALSE", "TRUE", "TRUE", NULL }, (uint32_t[]){ 3, 3, 3 });
	assert_int_equal(admit(&scene), 1);
	check_hits(0, 1, 0);
	assert_int_equal(STAT(&scene, 0, asked[REASON_POLICY]), 1);
	assert_int_equal(STAT(&scene, 0, spilled), 1);
	give(&scene, (const char *[]){ "TRUE", "TRUE", "TRUE", NULL }, (uint32_t[]){ 2, 3, 3 });
	assert_int_equal(admit(&scene), 1);
	check_hits(1, 0, 1);
	give(&scene, (const char *[]){ "1 / 0 == 1", "FALSE", "5 > 6", NULL },
	     (uint32_t[]){ 3, 3, 3 });
	assert_int_equal(admit(&scene), 0);
	check_hits(0, 0, 0);
	assert_int_equal(stat_read(&stats[0].undefined), 1);
	leave(&scene, 0, 1);
	leave(&scene, 1, 2);
	house_free(scene.house);
}

static void live_numbers(void **unused)
{
	struct scene scene = begin((int64_t[]){ 50, 50, 50 });

	(void)unused;
	give(&scene, (const char *[]){ "SYS.VSERVER(\"x\").CONNECTIONS >= 3", NULL },
	     (uint32_t[]){ 1 });
	for (int i = 0; i < 3; i++)
		assert_int_equal(admit(&scene), 0);
	assert_int_equal(admit(&scene), 1);
	assert_true(spill_policy_holds(slot(&scene, 0)));
	leave(&scene, 0, 1);
	assert_false(spill_policy_holds(slot(&scene, 0)));
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(stat_read(&stats[0].hits), 1);
	leave(&scene, 0, 3);
	leave(&scene, 1, 1);
	house_free(scene.house);
}

/* A client that is asked about again, because its backup is undecided, counts once. */
static void tests_count_once(void **unused)
{
	struct scene scene = begin((int64_t[]){ 5, 1, 1 });
	const struct address peer = house_loopback(1000);
	struct admission in = { .reached = slot(&scene, 0), .peer = &peer };

	(void)unused;
	give(&scene, (const char *[]){ "TRUE", NULL }, (uint32_t[]){ 1 });
	assert_int_equal(admit(&scene), 1);
	assert_int_equal(admit(&scene), 2);
	for (int i = 0; i < 5; i++)
		assert_int_equal(admission_decide(&in), ADMIT_AGAIN);
	check_hits(2, 0, 0);
	assert_int_equal(admit(&scene), -1);
	check_hits(3, 0, 0);
	/* One that is undecided leaves nothing to who is not asked at all. */
	assert_int_equal(admission_decide(&in), ADMIT_AGAIN);
	house_send(scene.house, 0,
		   (struct message){ .kind = MESSAGE_SERVICE_STATE, .id = 0, .number = 0 });
	house_until(scene.house, !vserver_is_up(slot(&scene, 0)));
	assert_int_equal(admit(&scene), -1);
	assert_int_equal(STAT(&scene, 0, asked[REASON_DOWN]), 1);
	check_hits(3, 0, 0);
	leave(&scene, 1, 1);
	leave(&scene, 2, 1);
	house_free(scene.house);
}

/* ACCEPT where a policy said no takes a use when there is one: others must not get it too. */
static void accepting_holds_a_use(void **unused)
{
	struct scene scene = begin((int64_t[]){ 1, 0, 0 });

	(void)unused;
	scene.house->vservers[scene.ids[0]].backup = MODEL_NONE;
	scene.house->vservers[scene.ids[0]].so_backup_action = SO_BACKUP_ACCEPT;
	give(&scene, (const char *[]){ "TRUE", NULL }, (uint32_t[]){ 1 });
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(slot(&scene, 0)->clients.excess, 0);
	assert_int_equal(admit(&scene), 0);
	assert_int_equal(slot(&scene, 0)->clients.excess, 1);
	assert_int_equal(STAT(&scene, 0, accepted_over), 2);
	leave(&scene, 0, 2);
	house_free(scene.house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_decides),
		cmocka_unit_test(live_numbers),
		cmocka_unit_test(tests_count_once),
		cmocka_unit_test(accepting_holds_a_use),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
