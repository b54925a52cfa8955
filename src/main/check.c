/* SPDX-License-Identifier: Apache-2.0 */
#include "main/check.h"

#include "base/text.h"
#include "config/config.h"

#include <stdio.h>

bool check_file(const char *path)
{
	struct config *config = config_new();
	struct report report = REPORT_EMPTY;
	struct text text = TEXT_EMPTY;
	bool is_right = config_load_file(config, path, &report);

	report_print(&report, path, &text);
	if (text.length > 0)
		fwrite(text.at, 1, text.length, stderr);
	printf("%s: %s, %u errors, %u warnings\n", path, is_right ? "right" : "not right",
	       report.faults, report.warnings);
	text_free(&text);
	report_free(&report);
	config_free(config);
	return is_right;
}
