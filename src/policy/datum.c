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

struct datum_address datum_address_of(const struct address *address)
{
	struct datum_address made = { .bits = 128 };

	if (address->any.sa_family == AF_INET6) {
		memcpy(made.bytes, &address->v6.sin6_addr, 16);
		/* A client of a socket for both comes as ::ffff:a.b.c.d. */
		made.is_v6 = !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr);
		return made;
	}
	made.bytes[10] = made.bytes[11] = 0xff;
	memcpy(made.bytes + 12, &address->v4.sin_addr, 4);
	return made;
}

bool datum_address_parse(struct str text, struct datum_address *address)
{
	struct address parsed;

	if (!address_parse(text, 0, &parsed))
		return false;
	*address = datum_address_of(&parsed);
	return true;
}

bool datum_subnet_parse(struct str text, struct datum_address *subnet)
{
	const char *slash = text.length > 0 ? memchr(text.at, '/', text.length) : NULL;
	size_t length = slash != NULL ? (size_t)(slash - text.at) : text.length;
	uint64_t bits = 0, most;

	if (!datum_address_parse((struct str){ text.at, length }, subnet))
		return false;
	if (slash == NULL)
		return true;
	most = subnet->is_v6 ? 128 : 32;
	if (!str_to_number((struct str){ slash + 1, text.length - length - 1 }, most, &bits))
		return false;
	subnet->bits = (uint8_t)(bits + 128 - most);
	return true;
}

bool datum_is_in(const struct datum_address *address, const struct datum_address *subnet)
{
	unsigned whole = subnet->bits / 8, rest = subnet->bits % 8;

	if (address->is_v6 != subnet->is_v6 || memcmp(address->bytes, subnet->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] ^ subnet->bytes[whole]) >> (8 - rest) == 0;
}
