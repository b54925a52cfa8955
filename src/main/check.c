/* SPDX-License-Identifier: Apache-2.0 */
#include "main/check.h"

#include "config/config.h"

#include <stdio.h>

bool check_file(const char *path)
{
	struct config *config = config_new();
	struct report report = REPORT_EMPTY;
	bool is_right = config_load_file(config, path, &report);

	for (unsigned i = 0; i < report.count; i++)
		fprintf(stderr, "%s:%u:%u: %s%s\n", path, report.entries[i].line,
			report.entries[i].column,
			report.entries[i].level == REPORT_WARNING ? "warning: " : "",
			report.entries[i].text);
	printf("%s: %s, %u errors, %u warnings\n", path, is_right ? "right" : "not right",
	       report.faults, report.warnings);
	report_free(&report);
	config_free(config);
	return is_right;
}
