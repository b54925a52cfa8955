/* SPDX-License-Identifier: Apache-2.0
 * kind_server.h - indices of the options of server and of dns nameServer.
 */
#pragma once

enum {
	SERVER_NAME,
	SERVER_ADDRESS, /* or a domain name */
	SERVER_RESOLVE_RETRY,
	SERVER_IPV6, /* of a domain name: which addresses are asked for */
	SERVER_STATE,
	SERVER_COMMENT,
	SERVER_KNOWN_AS,
	SERVER_OPTIONS
};

enum {
	NAME_SERVER_ADDRESS,
	NAME_SERVER_PORT,
	NAME_SERVER_TYPE,
	NAME_SERVER_STATE,
	NAME_SERVER_OPTIONS
};
