/* SPDX-License-Identifier: Apache-2.0
 * A plan and what control gave its parts become a snapshot that is found by id and borrows nothing
 * of the plan.
 */
#include "config/build.h"

#include "record/stat.h"

#include "scene.h"

struct given {
	const struct config *config;
	unsigned asked;
	uint64_t from, to; /* of the destination that was asked for last */
	struct stat_spill spilled[1];
};

/* Ids with holes: twice the number of the object. */
static struct build_service give_service(void *context, uint64_t uid)
{
	struct given *given = context;

	given->asked++;
	return (struct build_service){ .id = (uint32_t)uid * 2,
				       .pool = (uint32_t)uid,
				       .is_up = true };
}

static struct stat_policy *give_policy(void *context, uint64_t uid)
{
	(void)context;
	(void)uid;
	return NULL;
}

static struct stat_spill *give_destination(void *context, uint64_t from, uint64_t to)
{
	struct given *given = context;

	given->from = from;
	given->to = to;
	return given->spilled;
}

static struct build_vserver give_vserver(void *context, uint64_t uid)
{
	struct given *given = context;

	given->asked++;
	return (struct build_vserver){ .id = (uint32_t)uid * 2,
				       .pool = (uint32_t)uid,
				       .request_pool = MODEL_NONE,
				       .session_pool = MODEL_NONE };
}

static void test_snapshot(void **state)
{
	struct scene *scene = *state;
	struct given given = { .config = scene->config };
	struct build_runtime runtime = { .context = &given,
					 .appliance = 4711,
					 .client_pool = MODEL_NONE,
					 .request_pool = MODEL_NONE,
					 .service = give_service,
					 .vserver = give_vserver,
					 .policy = give_policy,
					 .destination = give_destination };
	const struct model_vserver *web;
	const struct model_service *a;
	uint32_t web_id, spare_id, a_id;
	struct snapshot *snapshot;
	struct plan *plan;

	scene_good(scene, "add service a 10.0.0.1 HTTP 80 -maxClient 5\n"
			  "add service b 10.0.0.1 HTTP 81 -state DISABLED\n"
			  "add lb vserver spare HTTP\n"
			  "add lb vserver web HTTP 10.1.0.1 80 -backupVServer spare\n"
			  "bind lb vserver web a -weight 3\nbind lb vserver web b\n");
	web_id = (uint32_t)config_find(scene->config, KIND_VSERVER, STR("web"))->uid * 2;
	spare_id = (uint32_t)config_find(scene->config, KIND_VSERVER, STR("spare"))->uid * 2;
	a_id = (uint32_t)config_find(scene->config, KIND_SERVICE, STR("a"))->uid * 2;
	plan = plan_new(scene->config);
	snapshot = build_snapshot(plan, &runtime, 42);
	plan_free(plan);
	scene_good(scene, "clear config -force full\n");

	assert_int_equal(given.asked, 4);
	assert_int_equal(snapshot->number, 42);
	web = snapshot_vserver(snapshot, web_id);
	assert_int_equal(web->destination_count, 1);
	assert_ptr_equal(web->destinations[0], given.spilled);
	assert_int_equal(given.from, web_id / 2);
	assert_int_equal(given.to, spare_id / 2);
	assert_int_equal(snapshot_vserver(snapshot, spare_id)->destination_count, 0);
	assert_true(str_equal(web->name, STR("web")));
	assert_int_equal(web->backup, spare_id);
	assert_int_equal(web->pool, web_id / 2);
	assert_int_equal(web->member_count, 2);
	assert_int_equal(web->members[0].service, a_id);
	assert_int_equal(web->members[0].weight, 3);
	assert_int_equal(address_port(&web->address), 80);
	a = snapshot_service(snapshot, a_id);
	assert_int_equal(a->max_client, 5);
	assert_true(a->is_enabled && a->is_up);
	assert_false(snapshot_service(snapshot, web->members[1].service)->is_up);
	assert_null(snapshot_service(snapshot, a_id + 1));
	assert_null(snapshot_vserver(snapshot, 1000000));
	assert_int_equal(snapshot->header_bytes_max, 24820);
	snapshot_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_snapshot) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
