/* SPDX-License-Identifier: Apache-2.0
 * A monitor object becomes what the prober wants, in milliseconds and ranges of codes.
 */
#include "config/plan_monitor.h"

#include "config/plan.h"
#include "scene.h"

static void test_http(void **state)
{
	struct scene *scene = *state;
	struct arena *arena = arena_new();
	struct monitor_conf conf;

	scene_good(scene,
		   "add lb monitor m HTTP -respCode 200-299 304 -httpRequest \"GET /x\" "
		   "-interval 1500 MSEC -resptimeout 1 -downTime 1 MIN -retries 5 "
		   "-failureRetries 2 -successRetries 3 -destIP 10.0.0.9 -destPort 81 -reverse "
		   "YES -customHeaders \"A: b\\r\\n\"\n");
	conf = plan_monitor_conf(config_find(scene->config, KIND_MONITOR, STR("m")), arena);
	assert_true(str_equal(conf.kind, STR("HTTP")));
	assert_true(conf.is_enabled && conf.is_reverse && conf.has_destination);
	assert_int_equal(conf.interval_ms, 1500);
	assert_int_equal(conf.response_timeout_ms, 1000);
	assert_int_equal(conf.down_time_ms, 60000);
	assert_int_equal(conf.retries, 5);
	assert_int_equal(conf.failure_retries, 2);
	assert_int_equal(conf.success_retries, 3);
	assert_int_equal(conf.destination_port, 81);
	assert_int_equal(conf.code_count, 2);
	assert_int_equal(conf.codes[0].last, 299);
	assert_int_equal(conf.codes[1].first, 304);
	assert_true(str_equal(conf.http_request, STR("GET /x")));
	assert_true(str_equal(conf.custom_headers, STR("A: b\r\n")));
	arena_free(arena);
}

static void test_defaults(void **state)
{
	struct scene *scene = *state;
	struct arena *arena = arena_new();
	struct monitor_conf conf, standard = monitor_conf_default();

	scene_good(scene, "add lb monitor e SIP-TCP\n");
	conf = plan_monitor_conf(config_find(scene->config, KIND_MONITOR, STR("e")), arena);
	assert_true(str_equal(conf.kind, STR("TCP")));
	assert_int_equal(conf.interval_ms, standard.interval_ms);
	assert_int_equal(conf.response_timeout_ms, standard.response_timeout_ms);
	assert_int_equal(conf.down_time_ms, standard.down_time_ms);
	assert_int_equal(conf.retries, standard.retries);
	assert_int_equal(conf.success_retries, standard.success_retries);
	assert_true(str_equal(conf.http_request, standard.http_request));
	assert_false(conf.has_destination);
	assert_int_equal(conf.code_count, 0);
	arena_free(arena);
}

static struct monitor_conf conf_of(struct scene *scene, const char *name, struct arena *arena)
{
	return plan_monitor_conf(config_find(scene->config, KIND_MONITOR, str_of(name)), arena);
}

/* Without -resptimeout a short interval sets the time limit. */
static void test_short_interval(void **state)
{
	struct scene *scene = *state;
	struct arena *arena = arena_new();

	scene_good(scene, "add lb monitor a TCP -interval 2\nadd lb monitor b TCP -interval 10 "
			  "MSEC\nadd lb monitor c TCP -interval 1 MIN\n");
	assert_int_equal(conf_of(scene, "a", arena).response_timeout_ms, 1800);
	assert_int_equal(conf_of(scene, "b", arena).response_timeout_ms, 9);
	assert_int_equal(conf_of(scene, "c", arena).response_timeout_ms, 2000);
	arena_free(arena);
}

static void test_texts(void **state)
{
	struct scene *scene = *state;
	struct arena *arena = arena_new();
	struct monitor_conf conf;

	scene_good(scene,
		   "add lb monitor m MYSQL -userName u -password p -database d -sqlQuery \"select "
		   "1\" -deviation 50 MSEC -deviationPercent 200 -resptimeoutThresh 80 "
		   "-alertRetries 4\nadd lb monitor r RADIUS -radKey k -respCode 2-3\n"
		   "add lb monitor l TCP -LRTM DISABLED -deviation 5\n");
	conf = conf_of(scene, "m", arena);
	assert_true(str_equal(conf.texts[MONITOR_TEXT_USER_NAME], STR("u")));
	assert_true(str_equal(conf.texts[MONITOR_TEXT_SQL_QUERY], STR("select 1")));
	assert_true(str_equal(conf.texts[MONITOR_TEXT_QUERY_TYPE], STR("Address")));
	assert_true(conf.learns && conf.has_deviation && conf.deviation_ms == 50);
	assert_int_equal(conf.deviation_percent, 200);
	assert_int_equal(conf.warn_percent, 80);
	assert_int_equal(conf.alert_retries, 4);
	conf = conf_of(scene, "r", arena);
	assert_true(str_equal(conf.kind, STR("RADIUS")));
	assert_int_equal(conf.codes[0].last, 3);
	assert_false(conf_of(scene, "l", arena).has_deviation);
	assert_false(conf_of(scene, "l", arena).learns);
	scene_good(scene, "add lb monitor p LDNS-PING\nadd lb monitor q LDNS-DNS -query a.b\n");
	assert_true(str_equal(conf_of(scene, "p", arena).kind, STR("PING")));
	assert_true(str_equal(conf_of(scene, "q", arena).kind, STR("DNS")));
	arena_free(arena);
}

/* -respCode of HTTP-INLINE alone is about the answers that clients get. */
static void test_good_codes(void **state)
{
	struct scene *scene = *state;
	struct arena *arena = arena_new();
	struct plan_monitor monitors[3] = { 0 };
	struct codes codes;

	scene_good(scene, "add lb monitor a HTTP -respCode 599\n"
			  "add lb monitor b HTTP-INLINE -action LOG\n"
			  "add lb monitor c HTTP-INLINE -respCode 200-299 503\n");
	monitors[0].conf = conf_of(scene, "a", arena);
	monitors[1].conf = conf_of(scene, "b", arena);
	monitors[2].conf = conf_of(scene, "c", arena);
	assert_int_equal(monitors[0].conf.action, MONITOR_ACTION_DOWN);
	assert_int_equal(monitors[1].conf.action, MONITOR_ACTION_LOG);
	codes = plan_monitor_good_codes(monitors, 2);
	assert_true(codes_has(&codes, 100) && codes_has(&codes, 499));
	assert_false(codes_has(&codes, 99) || codes_has(&codes, 500) || codes_has(&codes, 599));
	codes = plan_monitor_good_codes(monitors, 3);
	assert_true(codes_has(&codes, 200) && codes_has(&codes, 299) && codes_has(&codes, 503));
	assert_false(codes_has(&codes, 199) || codes_has(&codes, 300) || codes_has(&codes, 404));
	assert_false(codes_has(&codes, 612) || codes_has(&codes, 0));
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { SCENE_TEST(test_http), SCENE_TEST(test_defaults),
						   SCENE_TEST(test_short_interval),
						   SCENE_TEST(test_texts),
						   SCENE_TEST(test_good_codes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
