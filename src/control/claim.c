/* SPDX-License-Identifier: Apache-2.0 */
#include "control/claim.h"

#include "control/control_priv.h"
#include "control/gate.h"
#include "os/socket.h"

#include <inttypes.h>

/* --- pools ----------------------------------------------------------------------------------- */

/* Services and virtual servers of other protocols are kept, and run nowhere. */
static bool runs(const struct object *object, unsigned protocol)
{
	return object_number(object, protocol) <= PROTOCOL_TCP;
}

static uint32_t new_of_service(const struct runtime *runtime, const struct object *service)
{
	return runtime_service(runtime, service->uid) == NULL;
}

static uint32_t new_of_group(const struct runtime *runtime, const struct object *group)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < group->binding_count; i++)
		count += group->bindings[i].type == BINDING_MEMBER &&
			 runtime_service(runtime, group->bindings[i].uid) == NULL;
	return count;
}

static uint32_t new_of_vserver(const struct runtime *runtime, const struct object *object)
{
	const struct runtime_vserver *vserver = runtime_vserver(runtime, object->uid);
	uint64_t method = object_number(object, VSERVER_SO_METHOD);
	uint32_t count = vserver == NULL;

	if (method == SO_METHOD_REQUEST)
		count += vserver == NULL || vserver->requests.pool == QUOTA_NONE;
	if (method == SO_METHOD_SSLSESSION)
		count += vserver == NULL || vserver->sessions.pool == QUOTA_NONE;
	return count;
}

static uint32_t new_of_param(const struct runtime *runtime, const struct object *param)
{
	return (object_is_set(param, SPILLOVER_PARAM_MAX_CLIENT) &&
		runtime->clients.pool == QUOTA_NONE) +
	       (object_is_set(param, SPILLOVER_PARAM_MAX_REQUEST) &&
		runtime->requests.pool == QUOTA_NONE);
}

/* Pools that are to be opened. What was removed holds its own until its last client has left. */
static uint32_t pools_wanted(const struct control *control)
{
	static const struct {
		enum kind_id kind;
		unsigned protocol; /* 0: it has none */
		uint32_t (*count)(const struct runtime *runtime, const struct object *object);
	} rows[] = {
		{ KIND_SERVICE, TARGET_PROTOCOL, new_of_service },
		{ KIND_GROUP, TARGET_PROTOCOL, new_of_group },
		{ KIND_VSERVER, VSERVER_PROTOCOL, new_of_vserver },
		{ KIND_SPILLOVER_PARAM, 0, new_of_param },
	};
	uint32_t wanted = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct object *at = config_next(control->config, rows[i].kind, NULL);

		for (; at != NULL; at = config_next(control->config, rows[i].kind, at))
			if (rows[i].protocol == 0 || runs(at, rows[i].protocol))
				wanted += rows[i].count(&control->runtime, at);
	}
	return wanted;
}

static bool has_pools(const struct control *control, struct report *report)
{
	uint32_t wanted = pools_wanted(control), room = quota_free_count(control->runtime.map);

	if (wanted <= room)
		return true;
	report_fault(report, 0,
		     "there are pools for %" PRIu32 " more services, members and virtual servers, "
		     "not for %" PRIu32
		     "; what was removed keeps its own until its last client has "
		     "left",
		     room, wanted);
	return false;
}

/* --- addresses ------------------------------------------------------------------------------- */

/* False: it does not listen. */
static bool wants(const struct object *vserver, struct address *address)
{
	uint16_t port = (uint16_t)object_number(vserver, VSERVER_PORT);
	struct str text = object_text(vserver, VSERVER_ADDRESS);

	if (str_equal(text, STR("*")))
		text = STR("0.0.0.0");
	return port != 0 && object_is_enabled(vserver) && runs(vserver, VSERVER_PROTOCOL) &&
	       address_parse(text, port, address);
}

bool claim_may_stand(void *context, const struct object *before, const struct object *after,
		     struct report *report)
{
	struct claim *claim = context;
	struct gates *gates = &claim->control->gates;
	struct address address, old;
	char shown[ADDRESS_TEXT_MAX];
	int result;

	if (!claim->is_counted) {
		claim->is_counted = true;
		if (!has_pools(claim->control, report))
			return false;
	}
	if (after->kind->id != KIND_VSERVER || !wants(after, &address))
		return true;
	/* What it asked for before is its own affair: it is tried again all the time. */
	if (before != NULL && wants(before, &old) && address_equal(&old, &address))
		return true;
	result = gate_try(gates, &address);
	if (result < 0)
		report_fault(report, 0, "cannot listen on %s: %s", address_print(&address, shown),
			     socket_error_text(result));
	return result >= 0;
}
