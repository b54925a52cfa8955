/* SPDX-License-Identifier: Apache-2.0
 * Promised: no more is read than the rate allows, whatever lies in the socket; a reader that found
 * no allowance is woken when there is some; a limit that goes wakes everybody; what was allowed and
 * not read is there for others; two limits allow what both do.
 */
#include "service/pace.h"

#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { BURST = 65536 };

static struct engine *engine;

/* A connection with much to read. */
struct end {
	struct conn conn;
	struct task task;
	unsigned runs;
	int other;
};

static struct quota_rate *rate_new(unsigned cores, uint64_t per_second, uint64_t burst,
				   uint64_t now_us)
{
	size_t bytes = (quota_rate_size(cores) + 63) / 64 * 64;
	struct quota_rate *rate = aligned_alloc(64, bytes);

	assert_true(rate != NULL);
	memset(rate, 0, bytes);
	quota_rate_init(rate, cores, per_second, burst, now_us);
	return rate;
}

static int set_up(void **state)
{
	(void)state;
	engine = aligned_alloc(_Alignof(struct engine), sizeof(*engine));
	memset(engine, 0, sizeof(*engine));
	if (engine_init(engine, 0, -1, NULL, 1 << 20) != 0)
		return -1;
	engine_enter(engine);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_enter(NULL);
	engine_fini(engine);
	free(engine);
	return 0;
}

static void count_run(struct task *task)
{
	list_entry(task, struct end, task)->runs++;
}

static void open_end(struct end *end, size_t bytes)
{
	static const char zeros[BURST];
	int pair[2], room = 4 * BURST;

	memset(end, 0, sizeof(*end));
	loop_task_init(&end->task, count_run);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	assert_int_equal(conn_open(&end->conn, engine, pair[0], &end->task), 0);
	end->other = pair[1];
	while (bytes > 0) {
		size_t part = bytes < BURST ? bytes : BURST;

		assert_int_equal(write(end->other, zeros, part), part);
		bytes -= part;
	}
}

static void close_end(struct end *end)
{
	conn_close(&end->conn);
	list_remove(&end->task.link);
	close(end->other);
}

static size_t read_some(struct end *end)
{
	static char bytes[BURST];
	size_t done = 0;

	(void)!conn_read(&end->conn, bytes, sizeof(bytes), &done);
	return done;
}

static size_t read_all(struct end *end)
{
	size_t sum = 0, done;

	while ((done = read_some(end)) > 0)
		sum += done;
	return sum;
}

static void turn_until_run(struct end *end)
{
	unsigned runs = end->runs;

	while (end->runs == runs)
		loop_turn(&engine->loop);
}

static void reads_what_the_rate_allows(void **unused)
{
	struct quota_rate *rate = rate_new(1, 99 * 1000, BURST, engine->loop.now_ms * 1000);
	struct pace_meter meter;
	struct pace pace;
	struct end end;
	uint64_t begin_ms = engine->loop.now_ms;
	size_t sum, most;

	(void)unused;
	pace_init(&pace, engine);
	pace_set(&pace, rate);
	pace_meter_init(&meter, &pace, NULL, NULL);
	open_end(&end, 2 * BURST);
	pace_meter_mind(&meter, &end.conn);
	most = quota_rate_most_at_once(rate);
	sum = read_all(&end);
	assert_true(sum <= most + PACE_LEAST);
	assert_true(end.conn.can_read); /* the rest lies there */
	assert_true(pace_is_reached(&pace));
	while (sum < BURST + BURST / 4) {
		turn_until_run(&end);
		sum += read_all(&end);
		assert_true(sum <= BURST + 99 * (engine->loop.now_ms - begin_ms));
	}
	close_end(&end);
	pace_fini(&pace);
	free(rate);
}

static void a_limit_that_goes_wakes_all(void **unused)
{
	struct quota_rate *rate = rate_new(1, 1, 4096, engine->loop.now_ms * 1000);
	struct pace_meter meter;
	struct pace pace;
	struct end ends[3];

	(void)unused;
	pace_init(&pace, engine);
	pace_set(&pace, rate);
	pace_meter_init(&meter, &pace, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		open_end(&ends[i], 10000);
		pace_meter_mind(&meter, &ends[i].conn);
		(void)!read_all(&ends[i]);
		assert_true(list_is_in(&ends[i].conn.paced));
	}
	close_end(&ends[1]); /* while it waits */
	pace_set(&pace, NULL);
	turn_until_run(&ends[0]);
	assert_int_equal(ends[2].runs, ends[0].runs);
	assert_true(read_all(&ends[2]) > 0);
	assert_false(pace_is_reached(&pace));
	close_end(&ends[0]);
	close_end(&ends[2]);
	free(rate);
}

static void what_was_not_read_is_not_spent(void **unused)
{
	struct quota_rate *rate = rate_new(1, 1, BURST, engine->loop.now_ms * 1000);
	struct pace_meter meter;
	struct quota_rate_view view;
	struct pace pace;
	struct end end;

	(void)unused;
	pace_init(&pace, engine);
	pace_set(&pace, rate);
	pace_meter_init(&meter, &pace, NULL, NULL);
	open_end(&end, 1000);
	pace_meter_mind(&meter, &end.conn);
	assert_int_equal(read_all(&end), 1000);
	end.conn.can_read = true;
	assert_int_equal(read_some(&end), 0);
	quota_rate_read(rate, &view);
	assert_int_equal(view.granted, 1000);
	assert_int_equal(view.refused, 0);
	close_end(&end);
	pace_fini(&pace);
	free(rate);
}

static void limits_allow_what_all_do(void **unused)
{
	struct quota_rate *wide = rate_new(1, 1, BURST, engine->loop.now_ms * 1000);
	struct quota_rate *middle = rate_new(1, 1, 12000, engine->loop.now_ms * 1000);
	struct quota_rate *narrow = rate_new(1, 1, 6000, engine->loop.now_ms * 1000);
	struct quota_rate_view view;
	struct pace_meter meter;
	struct pace paces[PACES_MAX];
	struct end end;

	(void)unused;
	for (int i = 0; i < PACES_MAX; i++)
		pace_init(&paces[i], engine);
	pace_set(&paces[0], wide);
	pace_set(&paces[1], middle);
	pace_set(&paces[2], narrow);
	pace_meter_init(&meter, &paces[0], &paces[1], &paces[2]);
	open_end(&end, BURST);
	pace_meter_mind(&meter, &end.conn);
	assert_int_equal(read_all(&end), 6000);
	assert_true(pace_is_reached(&paces[2]));
	assert_false(pace_is_reached(&paces[1]));
	assert_false(pace_is_reached(&paces[0]));
	quota_rate_read(wide, &view);
	assert_int_equal(view.granted, 6000);
	quota_rate_read(middle, &view);
	assert_int_equal(view.granted, 6000);
	close_end(&end);
	for (int i = 0; i < PACES_MAX; i++)
		pace_fini(&paces[i]);
	free(wide);
	free(middle);
	free(narrow);
}

#define with_engine(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_engine(reads_what_the_rate_allows),
		with_engine(a_limit_that_goes_wakes_all),
		with_engine(what_was_not_read_is_not_spent),
		with_engine(limits_allow_what_all_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
