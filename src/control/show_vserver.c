/* SPDX-License-Identifier: Apache-2.0 */
#include "control/limit.h"
#include "control/show_priv.h"
#include "control/spill.h"
#include "lb/lb.h"
#include "os/socket.h"

#include <inttypes.h>

/* --- states ----------------------------------------------------------------------------------- */

static const struct runtime_service *member_of(const struct control *control,
					       const struct plan_member *member)
{
	return runtime_service(&control->runtime, control->plan->services[member->service].uid);
}

const char *show_vserver_state(const struct runtime_vserver *vserver)
{
	if (!vserver->plan->is_enabled)
		return "OUT OF SERVICE";
	if (vserver->is_held_out)
		return "DOWN, until it is enabled";
	return vserver->is_up ? "UP" : "DOWN";
}

static void print_listening(const struct runtime_vserver *vserver, struct text *text)
{
	if (vserver->listen_error < 0)
		text_print(text, "no: %s", socket_error_text(vserver->listen_error));
	else if (vserver->gate != NULL)
		text_add(text, STR("yes"));
	else if (address_port(&vserver->plan->address) == 0)
		text_add(text, STR("no, it serves as a backup only"));
	else
		text_add(text, STR("no"));
}

void show_vserver_line(struct control *control, const struct object *object, struct text *text)
{
	const struct runtime_vserver *vserver = runtime_vserver(&control->runtime, object->uid);
	char address[ADDRESS_TEXT_MAX];

	if (vserver == NULL || vserver->plan == NULL) {
		text_print(text, "%.*s  not served: its protocol is not supported yet\n",
			   STR_ARG(object_name(object)));
		return;
	}
	text_print(text, "%s  %s  %s  %s  services %" PRIu32 "%s\n", vserver->entry.name,
		   address_print(&vserver->plan->address, address),
		   vserver->plan->protocol == PROTOCOL_HTTP ? "HTTP" : "TCP",
		   show_vserver_state(vserver), vserver->plan->member_count,
		   spill_is_on(vserver) ? "  spilling" : "");
}

/* --- the threshold, and why it is what it is ----------------------------------------------------
 */

static void explain_member(const struct control *control, const struct plan_member *member,
			   struct text *text)
{
	const struct runtime_service *service = member_of(control, member);

	if (service->state != STATE_UP)
		text_print(text, "%s 0 (%s)", service->entry.name, state_words(service->state));
	else if (service->plan->max_client == 0)
		text_print(text, "%s has no -maxClient", service->entry.name);
	else
		text_print(text, "%s %" PRIu32, service->entry.name, service->plan->max_client);
}

static void explain_sum(const struct control *control, const struct runtime_vserver *vserver,
			struct text *text)
{
	const struct plan_vserver *plan = vserver->plan;

	if (vserver->entry.limit < 0)
		text_add(text, STR("no limit: a service takes any number"));
	else
		text_add(text, STR("the sum of -maxClient of the services that are up"));
	for (uint32_t i = 0; i < plan->member_count; i++) {
		text_add(text, i == 0 ? STR(": ") : STR(" + "));
		explain_member(control, &plan->members[i], text);
	}
}

/* Spills below. */
static void explain_health(const struct control *control, const struct plan_vserver *plan,
			   struct text *text)
{
	uint64_t up = 0, all = 0;

	text_print(text,
		   "\tthreshold: %" PRIu32 "\n\tthreshold because: ", plan->spill.health_least);
	text_add(text, STR("-soThreshold, percent of the weight of the services that is up"));
	for (uint32_t i = 0; i < plan->member_count; i++) {
		const struct runtime_service *service = member_of(control, &plan->members[i]);
		bool is_up = service->state == STATE_UP;

		all += plan->members[i].weight;
		up += is_up ? plan->members[i].weight : 0;
		text_print(text, "%s%s %" PRIu32 " (%s)", i == 0 ? ": " : ", ", service->entry.name,
			   plan->members[i].weight, is_up ? "up" : "down");
	}
	text_print(text, "\n\thealth: %" PRIu64 "\n", all > 0 ? up * 100 / all : 100);
}

static void explain_resource(const struct plan_vserver *plan, struct text *text)
{
	bool counts_requests = plan->request_limit != PLAN_UNLIMITED;

	text_print(text, "\tthreshold: %" PRId64 "\n\tthreshold because: -soThreshold, of %s\n",
		   counts_requests ? plan->request_limit : plan->session_limit,
		   counts_requests ? "requests in flight" : "TLS sessions");
}

static void explain_rate(const struct rate *rate, const char *unit, unsigned units,
			 struct text *text)
{
	struct quota_rate_view view;

	quota_rate_read(rate->shared, &view);
	text_print(text,
		   "\tthreshold: %" PRIu64 "\n\tthreshold because: -soThreshold, %s\n"
		   "\tat once: %" PRIu64 "\n\tpassed: %" PRIu64 "\n\trefusals: %" PRIu64 "\n",
		   rate->per_second / units, unit, view.burst, view.granted, view.refused);
}

static void explain_limit(const struct control *control, const struct runtime_vserver *vserver,
			  struct text *text)
{
	uint64_t method = object_number(vserver->plan->object, VSERVER_SO_METHOD);

	if (vserver->plan->request_limit != PLAN_UNLIMITED ||
	    vserver->plan->session_limit != PLAN_UNLIMITED) {
		explain_resource(vserver->plan, text);
		return;
	}
	if (vserver->bandwidth.per_second > 0) {
		explain_rate(&vserver->bandwidth, "kbit/s of bytes both ways", BYTES_OF_KBIT, text);
		return;
	}
	if (vserver->request_rate.per_second > 0) {
		explain_rate(&vserver->request_rate, "requests a second", 1, text);
		return;
	}
	if (vserver->plan->spill.health_least > 0) {
		explain_health(control, vserver->plan, text);
		return;
	}
	if (vserver->entry.limit < 0)
		text_add(text, STR("\tthreshold: none\n\tthreshold because: "));
	else
		text_print(text,
			   "\tthreshold: %" PRId64 "\n\tthreshold because: ", vserver->entry.limit);
	if (plan_limit_is_dynamic(vserver->plan))
		explain_sum(control, vserver, text);
	else if (vserver->entry.limit >= 0)
		text_add(text, STR("-soThreshold"));
	else if (method == SO_METHOD_NONE)
		text_add(text, STR("no -soMethod"));
	else
		text_add(text, STR("this -soMethod has no effect so far"));
	text_add(text, STR("\n"));
}

/* --- pools ------------------------------------------------------------------------------------ */

static void show_pools(const struct control *control, const struct runtime_vserver *vserver,
		       struct text *text)
{
	struct quota_view view;

	quota_read(control->setup.map, vserver->entry.pool, &view);
	text_print(text, "\tuses: %" PRId64 "\n", view.used);
	if (vserver->entry.limit < 0)
		return;
	text_print(text, "\tquota mode: %s\n", view.mode == QUOTA_MODE_PATENT ? "PATENT" : "EXACT");
	text_print(text, "\tshares: %s\n",
		   vserver->plan->rule.is_fixed || view.mode == QUOTA_MODE_PATENT ? "fixed"
										  : "ADAPTIVE");
	if (view.is_returning)
		text_add(text, STR("\twas full: spills until enough is free (-soReturn)\n"));
	if (view.used > view.limit)
		text_print(text, "\tuses above the limit: %" PRId64 "\n", view.used - view.limit);
	if (view.is_early)
		text_print(text,
			   "\tengine threshold: %" PRId64 "\n\tshared threshold: %" PRId64 "\n",
			   view.engine_threshold, view.shared_threshold);
	text_print(text,
		   "\tlimit: %" PRId64 "\n\texclusive pool: %" PRId64
		   "\n\texclusive for each engine: %" PRId64 "\n\tshared pool: %" PRId64
		   "\n\tbatch: %" PRId64 "\n\tfree: %" PRId64
		   "\n\tof them not dealt out now: %" PRId64
		   "\n\tof them idle on the engines: %" PRId64 "\n",
		   view.limit, view.split.exclusive, view.split.exclusive_each, view.split.shared,
		   view.split.batch, view.used < view.limit ? view.limit - view.used : 0,
		   view.available, view.idle);
	show_pool_engines(control, vserver->entry.pool, text);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void show_members(const struct control *control, const struct plan_vserver *plan,
			 struct text *text)
{
	text_print(text, "\tservices: %" PRIu32 "\n", plan->member_count);
	for (uint32_t i = 0; i < plan->member_count; i++) {
		text_print(text, "\t\tweight %" PRIu32 "  ", plan->members[i].weight);
		show_service_line(member_of(control, &plan->members[i]), text);
	}
}

static void show_spilling(const struct runtime_vserver *vserver, struct text *text)
{
	text_print(text, "\tspilling: %s\n", spill_is_on(vserver) ? "yes" : "no");
	if (spill_is_on(vserver)) {
		text_print(text, "\tspilling because: %s\n",
			   reason_rows[vserver->spill_reason].text);
		text_add(text, STR("\tspilling since: "));
		show_since(vserver->spilling_so_far->since_ms, text);
		text_add(text, STR("\n"));
	}
}

void show_vserver(struct control *control, const struct object *object, struct text *text)
{
	const struct runtime_vserver *vserver = runtime_vserver(&control->runtime, object->uid);
	char address[ADDRESS_TEXT_MAX];

	text_print(text, "lb vserver %.*s\n", STR_ARG(object_name(object)));
	if (vserver == NULL || vserver->plan == NULL) {
		text_add(text, STR("\tstate: not served, its protocol is not supported yet\n"));
		show_options(object, text);
		return;
	}
	text_print(text, "\tstate: %s\n", show_vserver_state(vserver));
	if (!vserver->is_up && vserver->has_service && vserver->plan->spill.up_least > 0)
		text_print(text, "\treason: less than %" PRIu32 " percent of its services are up\n",
			   vserver->plan->spill.up_least);
	text_print(text, "\taddress: %s\n\tlistens: ",
		   address_print(&vserver->plan->address, address));
	print_listening(vserver, text);
	text_add(text, STR("\n"));
	explain_limit(control, vserver, text);
	show_pools(control, vserver, text);
	show_reserve(control, &vserver->requests, "requests in flight", text);
	show_reserve(control, &vserver->sessions, "TLS sessions", text);
	show_spilling(vserver, text);
	show_destinations(control, vserver, text);
	show_policy_of_vserver(control->plan, vserver->plan, text);
	show_members(control, vserver->plan, text);
	show_options(object, text);
}
