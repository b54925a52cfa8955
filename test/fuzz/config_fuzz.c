/* SPDX-License-Identifier: Apache-2.0
 * config_fuzz.c - the command language, from text to snapshot and back to text.
 *
 * Input: the lines of a configuration file. What must hold whatever comes: each line is applied or
 * reported; the printed configuration loads without a fault and prints the same again; a plan and a
 * snapshot can be made of it; every fault has words and a line that exists.
 */
#include "config/build.h"
#include "config/config.h"
#include "config/print.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is behind says nothing new and costs time. */
enum { BYTES_MAX = 2048 };

static struct build_service give_service(void *context, uint64_t uid)
{
	(void)context;
	return (struct build_service){ .id = (uint32_t)uid % 100000, .is_up = true };
}

static struct stat_policy *give_policy(void *context, uint64_t uid)
{
	(void)context;
	(void)uid;
	return NULL;
}

static struct stat_spill *give_destination(void *context, uint64_t from, uint64_t to)
{
	(void)context;
	(void)from;
	(void)to;
	return NULL;
}

static struct build_vserver give_vserver(void *context, uint64_t uid)
{
	(void)context;
	return (struct build_vserver){ .id = (uint32_t)uid % 100000 };
}

static void check_build(const struct config *config)
{
	struct build_runtime runtime = { .appliance = 4711,
					 .service = give_service,
					 .vserver = give_vserver,
					 .policy = give_policy,
					 .destination = give_destination };
	struct plan *plan = plan_new(config);
	struct snapshot *snapshot = build_snapshot(plan, &runtime, 1);

	for (uint32_t i = 0; i < plan->vserver_count; i++)
		must(plan->vservers[i].method != NULL);
	for (uint32_t i = 0; i < plan->service_count; i++)
		must(plan->services[i].monitor_count > 0);
	snapshot_free(snapshot);
	plan_free(plan);
}

static void check_report(const struct report *report, struct str text)
{
	unsigned lines = 1;

	for (size_t i = 0; i < text.length; i++)
		lines += text.at[i] == '\n';
	for (unsigned i = 0; i < report->count; i++) {
		must(report->entries[i].text[0] != '\0');
		must(report->entries[i].line > 0 && report->entries[i].line <= lines);
	}
}

static void check_round(const struct config *config, bool with_defaults)
{
	struct config *again = config_new();
	struct report report = REPORT_EMPTY;
	struct text first = TEXT_EMPTY, second = TEXT_EMPTY;
	bool is_good;

	print_config(config, with_defaults, &first);
	is_good = config_load(again, text_str(&first), &report);
	print_config(again, with_defaults, &second);
	if (!is_good || !str_equal(text_str(&first), text_str(&second))) {
		fprintf(stderr, "---\n%.*s---\n%.*s---\n", STR_ARG(text_str(&first)),
			STR_ARG(text_str(&second)));
		text_cut(&first, 0);
		report_print(&report, NULL, &first);
		fprintf(stderr, "%.*s", STR_ARG(text_str(&first)));
		must(is_good);
		must_not_reach();
	}
	text_free(&first);
	text_free(&second);
	report_free(&report);
	config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size < BYTES_MAX ? size : BYTES_MAX };
	struct report report = REPORT_EMPTY;
	struct config *config = config_new();
	bool is_good = config_load(config, text, &report);

	must(is_good == (report.faults == 0));
	check_report(&report, text);
	check_build(config);
	check_round(config, false);
	/* The defaults of all monitors are much text, the same each time. */
	if (size % 8 == 0)
		check_round(config, true);
	report_free(&report);
	config_free(config);
	return 0;
}
