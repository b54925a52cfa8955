/* SPDX-License-Identifier: Apache-2.0
 * Promised: the question goes out behind its length, the answer is given whole however it comes,
 * and a name server that ends, refuses or says too little is no answer.
 */
#include "control/dns_stream.h"

#include "os/socket.h"
#include "stage.h"

struct scene {
	struct loop loop;
	struct timer tick;
	struct dns_stream stream;
	struct address address;
	int listener, server;
	unsigned overs;
	size_t length;
	unsigned char heard[512];
};

static const unsigned char question[] = "question";

static void over(struct dns_stream *stream, const unsigned char *bytes, size_t length)
{
	struct scene *scene = list_entry(stream, struct scene, stream);

	scene->overs++;
	scene->length = bytes != NULL ? length : SIZE_MAX;
	if (bytes != NULL)
		memcpy(scene->heard, bytes, length);
	assert_false(dns_stream_is_on(stream));
}

static void on_tick(struct timer *timer)
{
	struct scene *scene = list_entry(timer, struct scene, tick);

	timer_arm(&scene->loop.timers, timer, scene->loop.now_ms + 1);
}

static struct scene *begin(void)
{
	struct scene *scene = aligned_alloc(64, (sizeof(*scene) + 63) / 64 * 64);

	assert_non_null(scene);
	memset(scene, 0, sizeof(*scene));
	assert_int_equal(loop_init(&scene->loop), 0);
	timer_init(&scene->tick, on_tick);
	on_tick(&scene->tick);
	assert_true(address_parse(STR("127.0.0.1"), 0, &scene->address));
	scene->listener = socket_listen(&scene->address);
	assert_true(scene->listener >= 0);
	assert_int_equal(socket_local(scene->listener, &scene->address), 0);
	scene->server = -1;
	dns_stream_init(&scene->stream, &scene->loop, over);
	return scene;
}

static void end(struct scene *scene)
{
	dns_stream_stop(&scene->stream);
	if (scene->server >= 0)
		socket_close(scene->server);
	if (scene->listener >= 0)
		socket_close(scene->listener);
	timer_cancel(&scene->loop.timers, &scene->tick);
	loop_fini(&scene->loop);
	free(scene);
}

static void start(struct scene *scene)
{
	assert_int_equal(dns_stream_start(&scene->stream, &scene->address, question, 8), 0);
}

/* Takes the connection and reads the question. */
static void hear_question(struct scene *scene)
{
	unsigned char bytes[16];
	struct address peer;
	ssize_t count = -1;

	for (unsigned i = 0; i < STAGE_TURNS && count != 10; i++) {
		loop_turn(&scene->loop);
		if (scene->server < 0)
			scene->server = socket_accept(scene->listener, &peer);
		if (scene->server >= 0)
			count = socket_peek(scene->server, bytes, sizeof(bytes));
	}
	assert_int_equal(count, 10);
	assert_memory_equal(bytes, "\0\x08question", 10);
}

static void answer(struct scene *scene, const char *bytes, size_t length)
{
	struct iovec part = { (void *)(uintptr_t)bytes, length };

	assert_int_equal(socket_write(scene->server, &part, 1), (ssize_t)length);
}

static void wait_over(struct scene *scene)
{
	for (unsigned i = 0; i < STAGE_TURNS && scene->overs == 0; i++)
		loop_turn(&scene->loop);
	assert_int_equal(scene->overs, 1);
}

static void an_answer_comes_in_pieces(void **unused)
{
	struct scene *scene = begin();

	(void)unused;
	start(scene);
	hear_question(scene);
	answer(scene, "\0", 1);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&scene->loop);
	answer(scene,
	       "\x06"
	       "ans",
	       4);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&scene->loop);
	assert_int_equal(scene->overs, 0);
	answer(scene, "wer and more", 12);
	wait_over(scene);
	assert_int_equal(scene->length, 6);
	assert_memory_equal(scene->heard, "answer", 6);
	end(scene);
}

static void who_ends_early_has_none(void **unused)
{
	struct scene *scene = begin();

	(void)unused;
	start(scene);
	hear_question(scene);
	answer(scene,
	       "\0\x06"
	       "ans",
	       5);
	socket_close(scene->server);
	scene->server = -1;
	wait_over(scene);
	assert_true(scene->length == SIZE_MAX);
	end(scene);
}

static void nobody_listens(void **unused)
{
	struct scene *scene = begin();

	(void)unused;
	socket_close(scene->listener);
	scene->listener = -1;
	/* Refused at once, or as the loop hears it. */
	if (dns_stream_start(&scene->stream, &scene->address, question, 8) == 0) {
		wait_over(scene);
		assert_true(scene->length == SIZE_MAX);
	}
	end(scene);
}

static void a_stop_is_silent(void **unused)
{
	struct scene *scene = begin();

	(void)unused;
	start(scene);
	hear_question(scene);
	dns_stream_stop(&scene->stream);
	answer(scene, "\0\x01x", 3);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&scene->loop);
	assert_int_equal(scene->overs, 0);
	end(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_in_pieces),
		cmocka_unit_test(who_ends_early_has_none),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_stop_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
