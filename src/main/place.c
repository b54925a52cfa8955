/* SPDX-License-Identifier: Apache-2.0 */
#include "main/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *place_default(char path[PLACE_MAX])
{
	const char *given = getenv("SPILLWAY_SOCKET");
	const char *folder = getenv("XDG_RUNTIME_DIR");

	if (given != NULL && given[0] != '\0')
		snprintf(path, PLACE_MAX, "%s", given);
	else if (geteuid() == 0)
		snprintf(path, PLACE_MAX, "/run/spillway.sock");
	else if (folder != NULL && folder[0] == '/')
		snprintf(path, PLACE_MAX, "%s/spillway.sock", folder);
	else
		snprintf(path, PLACE_MAX, "spillway.sock");
	return path;
}
