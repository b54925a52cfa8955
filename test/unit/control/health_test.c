/* SPDX-License-Identifier: Apache-2.0
 * Whether a service is up: enabled and unmonitored, or enough of its monitors say so. The first
 * probe decides at once.
 */
#include "control/health.h"

#include "os/limits.h"
#include "os/socket.h"
#include "stage.h"

#include <sys/resource.h>

struct server {
	int fd;
	char config[256];
};

/* A listening socket, and a service that leads to it. */
static struct server open_server(void)
{
	struct server server;
	struct address address = { .v4 = { .sin_family = AF_INET } };

	address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.fd = socket_listen(&address);
	assert_true(server.fd >= 0);
	assert_int_equal(socket_local(server.fd, &address), 0);
	snprintf(server.config, sizeof(server.config), "add service a 127.0.0.1 TCP %u\n",
		 address_port(&address));
	return server;
}

static void wait_for(struct stage *stage, const char *service, bool is_up)
{
	for (unsigned i = 0; i < STAGE_TURNS && stage_service(stage, service)->is_up != is_up; i++)
		stage_turn(stage);
	assert_int_equal(stage_service(stage, service)->is_up, is_up);
}

static void first_probe_decides(void **state)
{
	struct server server = open_server();
	struct stage *stage = stage_run(server.config);
	struct runtime_service *service = stage_service(stage, "a");

	(void)state;
	assert_true(service->is_up); /* known before the first snapshot */
	assert_non_null(strstr(service->why, "tcp-default"));
	assert_true(health_is_known(service, 0));
	socket_close(server.fd);
	stage_close(stage);
}

static void nobody_there(void **state)
{
	struct server server = open_server();
	struct stage *stage;

	(void)state;
	socket_close(server.fd);
	stage = stage_run(server.config);
	wait_for(stage, "a", false);
	assert_non_null(strstr(stage_service(stage, "a")->why, "refused"));
	stage_close(stage);
}

/* Disabled it is down whatever the monitor says; enabled it is at once what the monitor knows. */
static void disabled_is_down(void **state)
{
	struct server server = open_server();
	struct stage *stage = stage_run(server.config);

	(void)state;
	assert_int_equal(stage_do(stage, "disable service a"), 0);
	assert_false(stage_service(stage, "a")->is_up);
	assert_string_equal(stage_service(stage, "a")->why, "disabled");
	assert_int_equal(stage_do(stage, "enable service a"), 0);
	assert_true(stage_service(stage, "a")->is_up);
	socket_close(server.fd);
	stage_close(stage);
}

static void unmonitored_is_up(void **state)
{
	struct server server = open_server();
	struct stage *stage;

	(void)state;
	socket_close(server.fd);
	stage = stage_run(server.config);
	assert_int_equal(stage_do(stage, "set service a -healthMonitor NO"), 0);
	assert_true(stage_service(stage, "a")->is_up);
	assert_null(stage_service(stage, "a")->health);
	stage_close(stage);
}

/* That we have no descriptor left says nothing about the server. */
static void lack_of_descriptors_is_no_verdict(void **state)
{
	struct server server = open_server();
	struct stage *stage = stage_open(server.config);
	int lowest = dup(server.fd);
	struct rlimit before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	close(lowest);
	assert_int_equal(limits_set_descriptors((uint64_t)lowest), 0);
	for (unsigned i = 0; i < STAGE_TURNS && !stage->control->is_ready; i++)
		stage_turn(stage);
	assert_string_equal(stage_service(stage, "a")->why, "monitor tcp-default: not probed yet");
	assert_int_equal(limits_set_descriptors(before.rlim_cur), 0);
	wait_for(stage, "a", true);
	socket_close(server.fd);
	stage_close(stage);
}

/* Monitors that stay as they are go on undisturbed when something else changes. */
static void probes_stay(void **state)
{
	struct server server = open_server();
	struct stage *stage = stage_run(server.config);
	struct health_probe *probe = stage_service(stage, "a")->health->probes[0];

	(void)state;
	assert_int_equal(stage_do(stage, "set service a -maxClient 5"), 0);
	assert_ptr_equal(stage_service(stage, "a")->health->probes[0], probe);
	socket_close(server.fd);
	stage_close(stage);
}

/* Also when the monitor itself is set; of another question nothing is learned yet. */
static void what_was_counted_stays(void **state)
{
	struct server server = open_server();
	struct stage *stage = stage_run(server.config);
	const struct health *health = stage_service(stage, "a")->health;
	struct monitor_record *record = health->probes[0]->record;

	(void)state;
	assert_int_equal(record->sent, 1);
	assert_int_equal(stage_do(stage, "set lb monitor tcp-default TCP -interval 9"), 0);
	assert_ptr_equal(health->probes[0]->record, record);
	assert_int_equal(record->learned, 1);
	assert_int_equal(stage_do(stage, "set service a -IPAddress 127.0.0.2"), 0);
	assert_ptr_equal(health->probes[0]->record, record);
	assert_true(record->sent >= 1);
	assert_int_equal(record->learned, 0);
	socket_close(server.fd);
	stage_close(stage);
}

/* Engines read the learned response time; told to forget, it is nothing. */
static void response_times_are_there_for_engines(void **state)
{
	struct server server = open_server();
	struct stage *stage = stage_run(server.config);
	struct runtime_service *service = stage_service(stage, "a");

	(void)state;
	assert_true(stat_read(&service->measured->average_us) > 0);
	assert_int_equal(stat_read(&service->measured->average_us),
			 stat_read(&service->measured->response_us));
	health_forget(service);
	assert_int_equal(stat_read(&service->measured->average_us), 0);
	socket_close(server.fd);
	stage_close(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_probe_decides),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(disabled_is_down),
		cmocka_unit_test(unmonitored_is_up),
		cmocka_unit_test(probes_stay),
		cmocka_unit_test(what_was_counted_stays),
		cmocka_unit_test(lack_of_descriptors_is_no_verdict),
		cmocka_unit_test(response_times_are_there_for_engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
