/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/datum.h"

static const char *const type_names[DATUM_TYPES] = {
	[DATUM_NONE] = "nothing",
	[DATUM_BOOL] = "true or false",
	[DATUM_NUMBER] = "a number",
	[DATUM_TEXT] = "a text",
	[DATUM_ADDRESS] = "an address",
	[DATUM_SUBNET] = "a subnet",
	[DATUM_STATE] = "a state",
	[DATUM_VSERVER] = "a virtual server",
	[DATUM_SYS] = "SYS",
	[DATUM_CLIENT] = "CLIENT",
	[DATUM_CLIENT_IP] = "CLIENT.IP",
};

static const char *const state_names[DATUM_STATES] = { "UP", "DOWN", "OUT_OF_SERVICE" };

const char *datum_type_name(enum datum_type type)
{
	must(type < DATUM_TYPES);
	return type_names[type];
}

const char *datum_state_name(int64_t state)
{
	return state >= 0 && state < DATUM_STATES ? state_names[state] : "?";
}

bool datum_state_parse(struct str text, int64_t *state)
{
	for (*state = 0; *state < DATUM_STATES; ++*state)
		if (str_equal_nocase(text, str_of(state_names[*state])))
			return true;
	return false;
}

struct address datum_address(const struct address *address)
{
	struct address made = *address;

	if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
		made = (struct address){ .v4.sin_family = AF_INET };
		memcpy(&made.v4.sin_addr, address->v6.sin6_addr.s6_addr + 12, 4);
	}
	address_set_port(&made, 0);
	return made;
}
