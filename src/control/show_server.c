/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_priv.h"

#include <inttypes.h>

static bool has_domain(const struct object *server)
{
	struct address address;

	return !address_parse(object_text(server, SERVER_ADDRESS), 0, &address);
}

/* "192.0.2.1", or why it is not known. */
static void print_learned(const struct object *server, struct text *text)
{
	const struct learned *learned = &server->learned;
	char address[ADDRESS_TEXT_MAX];

	if (learned->is_known)
		text_print(text, "%s", address_print_host(&learned->address, address));
	else
		text_print(text, "%s", learned->why[0] != '\0' ? learned->why : "not resolved yet");
}

void show_server_line(struct control *control, const struct object *object, struct text *text)
{
	(void)control;
	text_print(text, "%.*s  ", STR_ARG(object_name(object)));
	object_print_option(object, SERVER_ADDRESS, text);
	if (has_domain(object)) {
		text_add(text, STR(" ("));
		print_learned(object, text);
		text_add(text, STR(")"));
	}
	text_print(text, "  %s\n", object_is_enabled(object) ? "ENABLED" : "DISABLED");
}

static void show_domain(const struct object *server, struct text *text)
{
	const struct learned *learned = &server->learned;

	text_add(text, STR("\taddress: "));
	print_learned(server, text);
	text_add(text, STR("\n"));
	if (learned->is_known)
		text_print(text, "\ttime to live: %" PRIu32 " s\n", learned->ttl_s);
	if (learned->is_known && learned->why[0] != '\0')
		text_print(text, "\tlast question: %s\n", learned->why);
}

void show_server(struct control *control, const struct object *object, struct text *text)
{
	(void)control;
	text_print(text, "server %.*s\n", STR_ARG(object_name(object)));
	if (has_domain(object))
		show_domain(object, text);
	show_options(object, text);
}
