/* SPDX-License-Identifier: Apache-2.0 */
#include "control/claim.h"

#include "control/gate.h"
#include "os/socket.h"

/* False: it does not listen. */
static bool wants(const struct object *vserver, struct address *address)
{
	uint16_t port = (uint16_t)object_number(vserver, VSERVER_PORT);

	return port != 0 && object_is_enabled(vserver) &&
	       address_parse(object_text(vserver, VSERVER_ADDRESS), port, address);
}

bool claim_may_stand(void *gates, const struct object *before, const struct object *after,
		     struct report *report)
{
	struct address address, old;
	char shown[ADDRESS_TEXT_MAX];
	int result;

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
