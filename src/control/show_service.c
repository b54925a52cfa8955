/* SPDX-License-Identifier: Apache-2.0 */
#include "control/show_priv.h"

#include <inttypes.h>

const char *show_service_state(const struct runtime_service *service)
{
	return state_name(service->state);
}

static void print_max_client(const struct runtime_service *service, struct text *text)
{
	if (service->plan->max_client == 0)
		text_add(text, STR("no -maxClient"));
	else
		text_print(text, "-maxClient %" PRIu32, service->plan->max_client);
}

void show_service_line(const struct runtime_service *service, struct text *text)
{
	char address[ADDRESS_TEXT_MAX];

	text_print(text, "%s  %s  %s  %s  ", service->entry.name,
		   address_print(&service->plan->address, address),
		   service->plan->protocol == PROTOCOL_HTTP ? "HTTP" : "TCP",
		   show_service_state(service));
	print_max_client(service, text);
	text_print(text, "  %s\n", service->why);
}

static const char *state_word(enum monitor_state state)
{
	static const char *const words[] = {
		[MONITOR_UNKNOWN] = "not known yet", [MONITOR_UP] = "good", [MONITOR_DOWN] = "bad"
	};

	return words[state];
}

static void show_probe(const struct health_probe *probe, const char *tabs, struct text *text)
{
	char told[CAPACITY_TEXT_MAX];
	struct monitor_view view;

	monitor_look(probe->monitor, &view);
	text_print(text,
		   "%s\t%.*s  %s  %s  weight %" PRIu32 "%s, probes %" PRIu64 ", failed %" PRIu64
		   ", in a row %" PRIu32,
		   tabs, STR_ARG(view.name), view.kind,
		   view.is_held ? "bad, up by -action" : state_word(view.state), probe->weight,
		   probe->is_passive ? ", of no account" : "", view.sent, view.failed,
		   view.failed_in_a_row);
	if (view.response_us > 0)
		text_print(text, ", last answer after %" PRIu64 " us", view.response_us);
	if (view.learned > 0)
		text_print(text, ", average %" PRIu64 " us", view.average_us);
	if (view.warned > 0)
		text_print(text, ", above -resptimeoutThresh %" PRIu64, view.warned);
	if (view.capacity.is_told)
		text_print(text, ", told %s", capacity_print(&view.capacity, told));
	text_print(text, "%s%s\n%s\t\tsince ", view.last[0] != '\0' ? ": " : "", view.last, tabs);
	show_since(view.since_wall_ms, text);
	text_add(text, STR("\n"));
}

/* Behind what they belong to: `tabs` deep. */
static void show_probes(const struct runtime_service *service, const char *tabs, struct text *text)
{
	if (service->health == NULL)
		return;
	text_print(text, "%smonitors\n", tabs);
	for (unsigned i = 0; i < service->health->count; i++)
		show_probe(service->health->probes[i], tabs, text);
}

static void show_pool(const struct control *control, const struct runtime_service *service,
		      struct text *text)
{
	struct quota_view view;

	quota_read(control->setup.map, service->entry.pool, &view);
	if (service->entry.limit < 0)
		text_print(text, "\tlimit: none\n");
	else
		text_print(text, "\tlimit: %" PRId64 "\n", view.limit);
	text_print(text, "\tconnections held: %" PRId64 "\n", view.used);
}

static void show_body(struct control *control, const struct runtime_service *service,
		      struct text *text)
{
	char address[ADDRESS_TEXT_MAX];

	text_print(text, "\taddress: %s\n\tstate: %s\n\treason: %s\n\tsince: ",
		   address_print(&service->plan->address, address), show_service_state(service),
		   service->why);
	show_since(service->since_ms, text);
	text_add(text, STR("\n"));
	show_pool(control, service, text);
}

void show_service(struct control *control, const struct object *object, struct text *text)
{
	const struct runtime_service *service = runtime_service(&control->runtime, object->uid);

	text_print(text, "service %.*s\n", STR_ARG(object_name(object)));
	if (service != NULL && service->plan != NULL)
		show_body(control, service, text);
	else
		text_add(text, STR("\tstate: not served, its protocol is not supported yet\n"));
	show_options(object, text);
	if (service != NULL)
		show_probes(service, "\t", text);
}

void show_service_members(const struct control *control, const struct object *group,
			  struct text *text)
{
	for (unsigned i = 0; i < group->binding_count; i++) {
		const struct runtime_service *service = runtime_service(&control->runtime,
									group->bindings[i].uid);

		if (service == NULL || service->plan == NULL)
			continue;
		text_add(text, STR("\t"));
		show_service_line(service, text);
	}
}

/* The virtual servers that it is bound to. */
void show_service_bindings(struct control *control, const struct object *object, struct text *text)
{
	const struct object *vserver = NULL;

	text_print(text, "service %.*s\n\tbound to\n", STR_ARG(object_name(object)));
	while ((vserver = config_next(control->config, KIND_VSERVER, vserver)) != NULL)
		for (unsigned i = 0; i < vserver->binding_count; i++) {
			if (vserver->bindings[i].target != object)
				continue;
			text_print(text, "\t\tweight %" PRIu32 "  ", vserver->bindings[i].weight);
			show_vserver_line(control, vserver, text);
		}
}

void show_service_group(struct control *control, const struct object *object, struct text *text)
{
	text_print(text, "serviceGroup %.*s\n", STR_ARG(object_name(object)));
	show_options(object, text);
	text_add(text, STR("\tmembers\n"));
	for (unsigned i = 0; i < object->binding_count; i++) {
		const struct runtime_service *service = runtime_service(&control->runtime,
									object->bindings[i].uid);

		if (service == NULL || service->plan == NULL)
			continue;
		text_add(text, STR("\t\t"));
		show_service_line(service, text);
		text_add(text, STR("\t\t\tsince "));
		show_since(service->since_ms, text);
		text_add(text, STR("\n"));
		show_probes(service, "\t\t\t", text);
	}
}
