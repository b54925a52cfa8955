/* SPDX-License-Identifier: Apache-2.0
 * What a virtual server says about persistence arrives in seconds, masks and names.
 */
#include "config/plan.h"

#include "scene.h"

static const struct plan_vserver *vserver(const struct plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->vserver_count; i++)
		if (str_equal(plan->vservers[i].name, str_of(name)))
			return &plan->vservers[i];
	return NULL;
}

static void test_persistence(void **state)
{
	struct scene *scene = *state;
	const struct model_persistence *at;
	struct plan *plan;

	scene_good(
		scene,
		"add lb vserver \"a b\" HTTP 10.0.0.1 80 -persistenceType COOKIEINSERT -timeout 3 "
		"-persistenceBackup SOURCEIP -backupPersistenceTimeout 4 -persistMask 255.0.0.0 "
		"-v6persistmasklen 48 -soPersistence ENABLED -soPersistenceTimeOut 5\n"
		"add lb vserver r HTTP 10.0.0.2 80 -persistenceType RULE -cookieName c "
		"-rule q/http.req.header(\"X\")/\nadd lb vserver n HTTP 10.0.0.3 80\n");
	plan = plan_new(scene->config);
	at = &vserver(plan, "a b")->persistence;
	assert_int_equal(at->type, PERSISTENCE_COOKIE);
	assert_int_equal(at->timeout_s, 180);
	assert_int_equal(at->backup_timeout_s, 240);
	assert_int_equal(at->netmask, htonl(0xFF000000));
	assert_int_equal(at->v6_netmask_length, 48);
	assert_int_equal(at->spill_timeout_s, 300);
	assert_true(str_equal(at->cookie, STR("NSC_a_b")));
	at = &vserver(plan, "r")->persistence;
	assert_int_equal(at->type, PERSISTENCE_RULE);
	assert_int_equal(at->rule.from, EXTRACT_HEADER);
	assert_true(str_equal(at->rule.name, STR("X")));
	assert_true(str_equal(at->cookie, STR("c")));
	at = &vserver(plan, "n")->persistence;
	assert_int_equal(at->type, PERSISTENCE_NONE);
	assert_int_equal(at->timeout_s, 120);
	assert_int_equal(at->backup_timeout_s, 0);
	assert_int_equal(at->spill_timeout_s, 0);
	plan_free(plan);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_persistence) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
