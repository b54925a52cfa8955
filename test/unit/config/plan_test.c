/* SPDX-License-Identifier: Apache-2.0
 * The plan resolves what runs: members of groups, effective states, weights, backups, and the limit
 * of every spillover method.
 */
#include "config/plan.h"

#include "scene.h"

static const struct plan_service *service(const struct plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->service_count; i++)
		if (str_equal(plan->services[i].name, str_of(name)))
			return &plan->services[i];
	return NULL;
}

static const struct plan_vserver *vserver(const struct plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		if (str_equal(plan->vservers[i].name, str_of(name)))
			return &plan->vservers[i];
	return NULL;
}

static void test_services(void **state)
{
	struct scene *scene = *state;
	struct plan *plan;
	const struct plan_service *at;

	scene_good(scene,
		   "add server a 10.0.0.1\nadd server b 10.0.0.2 -state DISABLED\n"
		   "add service s a HTTP 80 -maxClient 5 -maxReq 9 -cip ENABLED X-C -cltTimeout "
		   "7\nadd service d b TCP 81 -healthMonitor NO\nadd service ssl a SSL 443\n"
		   "add serviceGroup g HTTP -maxClient 3\nbind serviceGroup g a 82 -weight 4\n"
		   "bind serviceGroup g b 82\nbind serviceGroup g a 83 -state DISABLED\n"
		   "add server n www.example.com\nadd service n n HTTP 80\n");
	plan = plan_new(scene->config);
	assert_int_equal(plan->service_count, 6);
	at = service(plan, "n"); /* of a name that nobody has resolved */
	assert_true(str_equal(at->unresolved, STR("server n: not resolved yet")));
	assert_true(address_is_any(&at->address));
	at = service(plan, "s");
	assert_int_equal(at->max_client, 5);
	assert_int_equal(at->max_requests_per_connection, 9);
	assert_int_equal(at->client_timeout_ms, 7000);
	assert_int_equal(at->server_timeout_ms, 360000);
	assert_true(str_equal(at->client_ip_field, STR("X-C")));
	assert_int_equal(address_port(&at->address), 80);
	assert_true(at->is_enabled && at->is_monitored);
	assert_int_equal(at->monitor_count, 1);
	assert_true(str_equal(at->monitors[0].name, STR("tcp-default")));
	at = service(plan, "d");
	assert_false(at->is_enabled || at->is_monitored);
	assert_int_equal(at->client_timeout_ms, 0);
	at = service(plan, "g?a?82");
	assert_true(at->is_enabled);
	assert_int_equal(at->max_client, 3);
	assert_false(service(plan, "g?b?82")->is_enabled);
	assert_false(service(plan, "g?a?83")->is_enabled);
	plan_free(plan);
}

static void test_vservers(void **state)
{
	struct scene *scene = *state;
	struct plan *plan;
	const struct plan_vserver *web;

	scene_good(scene,
		   "add serviceGroup g HTTP\nbind serviceGroup g 10.0.0.1 80 -weight 30\n"
		   "bind serviceGroup g 10.0.0.2 80\nadd service s 10.0.0.3 HTTP 80\n"
		   "add lb vserver spare HTTP\nadd lb vserver tls SSL 10.1.0.9 443\n"
		   "add lb vserver web HTTP 10.1.0.1 80 -backupVServer spare -lbMethod TOKEN "
		   "-redirectURL /x -soBackupAction ACCEPT\n"
		   "add lb vserver odd HTTP 10.1.0.2 80 -backupVServer tls\n"
		   "bind lb vserver web s -weight 9\nbind lb vserver web g -weight 5\n"
		   "add lb vserver closed HTTP 10.1.0.3 0\n");
	plan = plan_new(scene->config);
	assert_int_equal(plan->vserver_count, 4);
	web = vserver(plan, "web");
	assert_int_equal(web->member_count, 3);
	assert_int_equal(web->members[0].weight, 9);
	assert_int_equal(web->members[1].weight, 100);
	assert_int_equal(web->members[2].weight, 5);
	assert_ptr_equal(&plan->vservers[web->backup], vserver(plan, "spare"));
	assert_int_equal(web->so_backup_action, SO_BACKUP_ACCEPT);
	assert_int_equal(web->client_timeout_ms, 180000);
	assert_non_null(web->method);
	assert_int_equal(web->hash_length, 80);
	assert_int_equal(web->netmask, UINT32_MAX);
	assert_int_equal(web->v6_netmask_length, 128);
	assert_int_equal(vserver(plan, "odd")->backup, MODEL_NONE);
	assert_int_equal(vserver(plan, "odd")->so_backup_action, SO_BACKUP_DEFAULT);
	assert_true(address_is_any(&vserver(plan, "spare")->address));
	assert_true(address_is_any(&vserver(plan, "closed")->address));
	assert_int_equal(plan->spillover.share.number, 80);
	assert_int_equal(plan->max_client.batch, 10);
	plan_free(plan);
}

static void test_limits(void **state)
{
	struct scene *scene = *state;
	struct plan *plan;

	scene_good(scene, "add lb vserver v HTTP 10.1.0.1 80 -soMethod DYNAMICCONNECTION\n"
			  "add lb vserver w HTTP 10.1.0.2 80 -soMethod CONNECTION -soThreshold 9\n"
			  "add lb vserver n HTTP 10.1.0.3 80\n");
	plan = plan_new(scene->config);
	assert_int_equal(plan_limit(vserver(plan, "v"), 150), 150);
	assert_int_equal(plan_limit(vserver(plan, "v"), PLAN_UNLIMITED), PLAN_UNLIMITED);
	assert_int_equal(plan_limit(vserver(plan, "w"), 150), 9);
	assert_int_equal(plan_limit(vserver(plan, "n"), 150), PLAN_UNLIMITED);
	assert_true(plan_limit_is_dynamic(vserver(plan, "v")));
	assert_false(plan_limit_is_dynamic(vserver(plan, "w")));
	plan_free(plan);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_services),
						   SCENE_TEST(test_vservers),
						   SCENE_TEST(test_limits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
