/* SPDX-License-Identifier: Apache-2.0
 * http_stage.h - the stage of stage.h with a virtual server of HTTP, and the messages of its tests.
 */
#pragma once

#include "stage.h"

static struct stage stage;

static inline struct stage_conf conf_http(void)
{
	return stage_defaults(PROTOCOL_HTTP);
}

static inline void open_default(void)
{
	struct stage_conf conf = conf_http();

	stage_open(&stage, &conf);
}

static inline int close_stage(void **state)
{
	(void)state;
	stage_expect_quiet(&stage);
	stage_close(&stage);
	return 0;
}

#define GET     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_END "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define OK_2    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define OK_END  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"

static inline void round_trip(int client, int server)
{
	stage_send(client, GET);
	stage_expect(server, GET);
	stage_send(server, OK_2);
	stage_expect(client, OK_2);
}

#define row(test) cmocka_unit_test_teardown(test, close_stage)
