/* SPDX-License-Identifier: Apache-2.0
 * What is printed loads without a fault and prints the same again, to the byte; with defaults it
 * says everything.
 */
#include "config/print.h"

#include "scene.h"

#include "config/reference.h"
#include "config/usage.h"

enum { RANDOM_TRIES = 400000 };

static void print(const struct config *config, bool with_defaults, struct text *text)
{
	text_cut(text, 0);
	text_add(text, STR(""));
	print_config(config, with_defaults, text);
}

static void fail_with_faults(const struct report *report, const char *printed)
{
	struct text faults = TEXT_EMPTY;

	for (unsigned i = 0; i < report->count; i++) {
		if (report->entries[i].level != REPORT_FAULT)
			continue;
		report_print_entry(&report->entries[i], &faults);
		text_add(&faults, STR("\n"));
	}
	fail_msg("%sin:\n%s", faults.at, printed);
}

static void check_round(const struct config *config, bool with_defaults)
{
	struct text first = TEXT_EMPTY, second = TEXT_EMPTY;
	struct config *again = config_new();
	struct report report = REPORT_EMPTY;

	print(config, with_defaults, &first);
	if (!config_load(again, text_str(&first), &report))
		fail_with_faults(&report, first.at);
	print(again, with_defaults, &second);
	assert_string_equal(first.at, second.at);
	report_free(&report);
	config_free(again);
	text_free(&first);
	text_free(&second);
}

static void test_whole_appliance(void **state)
{
	struct scene *scene = *state;

	assert_true(config_load_file(scene->config, TEST_DATA "/appliance.conf", &scene->report));
	check_round(scene->config, false);
	check_round(scene->config, true);
}

/* Names and texts of every kind survive. */
static void test_quoting(void **state)
{
	struct scene *scene = *state;

	scene_good(scene,
		   "add server \"two words\" 10.0.0.1 -comment \"a\\\"b\\\\c'd\\n\\x01\"\n"
		   "add server \"-dash\" 10.0.0.2\nadd server \"#hash\" 10.0.0.3\n"
		   "add server \"q/x/\" 10.0.0.4\nadd server \"a[1-2]\" 10.0.0.5\n"
		   "add service \"s s\" \"two words\" HTTP 80\n"
		   "add lb vserver \"v v\" HTTP 10.1.0.1 80\nbind lb vserver \"v v\" \"s s\"\n"
		   "add cs vserver \"c c\" HTTP 10.1.0.2 80\n"
		   "add responder policy p q{HTTP.REQ.URL.EQ(\"/a b\")} RESET\n");
	scene_has(scene, "add server \"two words\" 10.0.0.1 -comment \"a\\\"b\\\\c'd\\n\\x01\"\n");
	scene_has(scene, "bind lb vserver \"v v\" \"s s\"\n");
	scene_has(scene, "add responder policy p \"HTTP.REQ.URL.EQ(\\\"/a b\\\")\" RESET\n");
	check_round(scene->config, false);
}

/* However long the chain of backups, and in whatever order it was made. */
static void test_backup_order(void **state)
{
	struct scene *scene = *state;
	struct text line = TEXT_EMPTY;

	scene_good(scene, "add lb vserver v[0-199] HTTP\n");
	for (unsigned i = 0; i < 199; i++) {
		text_cut(&line, 0);
		text_print(&line, "set lb vserver v%u -backupVServer v%u\n", i, i + 1);
		scene_good(scene, line.at);
	}
	scene_bad(scene, "set lb vserver v199 -backupVServer v0", "closes a loop");
	check_round(scene->config, false);
	text_free(&line);
}

static void test_defaults(void **state)
{
	struct scene *scene = *state;
	struct text text = TEXT_EMPTY;

	scene_good(scene, "add lb vserver v TCP 10.0.0.1 80 -lbMethod LEASTCONNECTION\n");
	scene_has(scene, "\nadd lb vserver v TCP 10.0.0.1 80\n");
	print_object(config_find(scene->config, KIND_VSERVER, STR("v")), true, &text);
	assert_non_null(strstr(text.at, " -lbMethod LEASTCONNECTION "));
	assert_non_null(strstr(text.at, " -cltTimeout 9000 "));
	assert_null(strstr(text.at, "soThreshold"));
	text_free(&text);
}

/* --- every row of every table -------------------------------------------------------------------
 */

/* Objects to try options on: lines that make what is needed, and how add begins. */
struct bed {
	enum kind_id kind;
	const char *lines; /* before it */
	const char *add;   /* NULL: it is always there */
	const char *name;  /* behind "set KIND" */
};

static const struct bed beds[] = {
	{ KIND_SERVER, "", "add server \"x y\" 10.0.0.1", "\"x y\"" },
	{ KIND_SERVER, "", "add server x www.example.com", "x" },
	{ KIND_SERVICE, "add server s 10.0.0.1\n", "add service x s HTTP 80", "x" },
	{ KIND_GROUP, "", "add serviceGroup x TCP", "x" },
	{ KIND_VSERVER, "add lb vserver b HTTP\n",
	  "add lb vserver x HTTP 10.0.0.9 80 -soThreshold 7 -rule CLIENT.IP.SRC "
	  "-proxyProtocolTrusted 10.0.0.0/8",
	  "x" },
	{ KIND_VSERVER, "", "add lb vserver x TCP 10.0.0.9 80", "x" },
	{ KIND_VSERVER, "", "add lb vserver x TCP 10.0.0.9 80 -dataLength 9", "x" },
	{ KIND_VSERVER, "", "add lb vserver x SSL 10.0.0.9 80 -soThreshold 7", "x" },
	{ KIND_MONITOR, "", "add lb monitor x HTTP-ECV -recv ok -retries 100 -interval 99",
	  "x HTTP-ECV" },
	{ KIND_MONITOR, "add lb metricTable t\n", "add lb monitor x LOAD", "x LOAD" },
	{ KIND_MONITOR, "", NULL, "ping PING" },
	{ KIND_NAME_SERVER, "", "add dns nameServer 10.0.0.1", "10.0.0.1" },
	{ KIND_NS_PARAM, "", NULL, "" },
	{ KIND_SPILLOVER_PARAM, "", NULL, "" },
	{ KIND_LB_PARAMETER, "", NULL, "" },
	{ KIND_SPILLOVER_ACTION, "", "add spillover action x -action SPILLOVER", "x" },
	{ KIND_SPILLOVER_POLICY, "", "add spillover policy x -rule TRUE -action SPILLOVER", "x" },
	{ KIND_METRIC_TABLE, "", "add lb metricTable x", "x" },
};

/* As an operator would type them: what is right for some text, and what is awkward for any. */
static const char *const texts[] = {
	"b",
	"t",
	"/p",
	"TRUE",
	"SPILLOVER",
	"www.example.com",
	"10.0.0.1",
	"\"10.0.0.1 10.0.0.2\"",
	"10.0.0.1 10.0.0.2",
	"1.3.6.1.2.1.1.3.0",
	"5",
	"(uid=probe)",
	"\"GET /x\"",
	"\"GET /\\\"q\\\"\"",
	"255.255.0.0",
	"0xFFFF0000",
	"http://10.0.0.1:80/x?y=%20z",
	"\"/bin/x a b\"",
	"200 301-302",
	"\"200 404\"",
	"HTTP.REQ.HEADER(\\\"a\\\")",
	"\"HTTP.REQ.HEADER(\\\"a b\\\")\"",
	"\"\"",
	"\" \"",
	"\"a b\"",
	"\"-dash\"",
	"\"-dash\" \"-more\"",
	"\"#\"",
	"\"q/x/\"",
	"a[1-2]",
	"\"a[1-2]\"",
	"\\\"",
	"\\\\",
	"\"\\\\n\"",
	"\"\\x01\\r\\n\\t\"",
	"\"\xc3\xa4\xff\"",
};

static const char *const numbers[] = { "0", "1",   "2",   "10",  "99",         "100",
				       "7", "128", "499", "25%", "4294967287", "4294967294" };

static const char *const times[] = { "1", "10 MSEC", "1500 MSEC", "2 MIN", "7" };

/* What the bed's object is after the command; false: refused. */
static bool apply(struct config *config, const char *line)
{
	struct report report = REPORT_EMPTY;
	bool is_good = config_load(config, str_of(line), &report);

	report_free(&report);
	return is_good;
}

static struct config *make_bed(const struct bed *bed)
{
	struct config *config = config_new();

	assert_true(apply(config, bed->lines));
	return config;
}

/* unset brings back what was there before. */
static void check_unset(struct config *config, const struct bed *bed, const struct option *option,
			const struct text *before, unsigned *unsets)
{
	const char *object = kinds[bed->kind]->object;
	struct text line = TEXT_EMPTY, after = TEXT_EMPTY;

	if (reference_get(STR("unset"), str_of(object)) == NULL)
		return;
	text_print(&line, "unset %s %s -%s", object, bed->name, option->name);
	if (apply(config, line.at)) {
		print(config, false, &after);
		if (strcmp(before->at, after.at) == 0)
			(*unsets)++;
		check_round(config, false);
	}
	text_free(&line);
	text_free(&after);
}

/* With set, or by add where only that takes it. */
static bool try_value(const struct bed *bed, const struct option *option, const char *value,
		      unsigned *unsets)
{
	struct config *config = make_bed(bed);
	struct text line = TEXT_EMPTY, before = TEXT_EMPTY;
	bool is_good;

	if (bed->add != NULL && !option->is_once)
		assert_true(apply(config, bed->add));
	print(config, false, &before);
	if (option->is_once)
		text_print(&line, "%s -%s %s", bed->add, option->name, value);
	else
		text_print(&line, "set %s %s -%s %s", kinds[bed->kind]->object, bed->name,
			   option->name, value);
	is_good = apply(config, line.at);
	if (is_good) {
		check_round(config, false);
		if (option->type == OPTION_CHOICE || option->type == OPTION_TIME)
			check_round(config, true);
		check_unset(config, bed, option, &before, unsets);
	}
	config_free(config);
	text_free(&line);
	text_free(&before);
	return is_good;
}

static unsigned try_all(const struct bed *bed, const struct option *option,
			const char *const *values, size_t count, unsigned *unsets)
{
	unsigned taken = 0;

	for (size_t i = 0; i < count; i++)
		taken += try_value(bed, option, values[i], unsets);
	return taken;
}

/* How many values were taken. */
static unsigned try_option(const struct bed *bed, const struct option *option, unsigned *unsets)
{
	const struct choice *choice = option->choices;
	unsigned taken = 0;

	if (option->type == OPTION_NUMBER || option->type == OPTION_AMOUNT ||
	    option->type == OPTION_PORT)
		return try_all(bed, option, numbers, sizeof(numbers) / sizeof(numbers[0]), unsets);
	if (option->type == OPTION_TIME)
		return try_all(bed, option, times, sizeof(times) / sizeof(times[0]), unsets);
	if (option->type != OPTION_CHOICE)
		return try_all(bed, option, texts, sizeof(texts) / sizeof(texts[0]), unsets);
	for (; choice->name != NULL; choice++)
		taken += try_value(bed, option, choice->name, unsets);
	return taken;
}

/* What is required, or given once, has no default to go back to. */
static bool can_unset(const struct kind *kind, const struct option *option)
{
	if (option->is_once || kind->id == KIND_SPILLOVER_ACTION)
		return false;
	return kind->id != KIND_SPILLOVER_POLICY || strcmp(option->name, "comment") == 0;
}

static void check_row(const struct kind *kind, const struct option *option)
{
	unsigned taken = 0, unsets = 0;

	for (size_t i = 0; i < sizeof(beds) / sizeof(beds[0]); i++)
		if (beds[i].kind == kind->id && (beds[i].add != NULL || !option->is_once))
			taken += try_option(&beds[i], option, &unsets);
	if (taken == 0)
		fail_msg("%s: no value was taken for -%s", kind->object, option->name);
	if (unsets == 0 && can_unset(kind, option) &&
	    reference_get(STR("unset"), str_of(kind->object)) != NULL)
		fail_msg("%s: unset of -%s does not bring back what was", kind->object,
			 option->name);
}

static void test_every_row(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KIND_COUNT; i++)
		for (unsigned row = 1; row < kinds[i]->option_count; row++)
			if (!kinds[i]->options[row].is_position)
				check_row(kinds[i], &kinds[i]->options[row]);
}

/* What set keeps without knowing it is printed behind add, which must take it. */
static void try_kept(const struct bed *bed, struct str name, const char *value)
{
	const char *object = kinds[bed->kind]->object;
	struct config *config = make_bed(bed);
	struct text line = TEXT_EMPTY;

	if (bed->add != NULL)
		assert_true(apply(config, bed->add));
	text_print(&line, "set %s %s -%.*s %s", object, bed->name, STR_ARG(name), value);
	if (apply(config, line.at))
		check_round(config, false);
	config_free(config);
	text_free(&line);
}

static void test_what_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(beds) / sizeof(beds[0]); i++) {
		const struct kind *kind = kinds[beds[i].kind];
		const struct reference *set = reference_get(STR("set"), str_of(kind->object));
		const struct usage *usage = set != NULL ? reference_usage(set) : NULL;

		for (unsigned j = 0; usage != NULL && j < usage->option_count; j++) {
			try_kept(&beds[i], usage->options[j].name, "5");
			try_kept(&beds[i], usage->options[j].name, "\"a \\\\ \\\"b\"");
			try_kept(&beds[i], usage->options[j].name, "");
		}
	}
}

/* --- commands at random -------------------------------------------------------------------------
 */

static const char *const words[] = {
	"a",         "b",
	"c",         "d",
	"\"x y\"",   "10.0.0.1",
	"10.0.0.2",  "HTTP",
	"TCP",       "80",
	"81",        "1",
	"2",         "50",
	"PING",      "HTTP-ECV",
	"LOAD",      "ENABLED",
	"DISABLED",  "YES",
	"NO",        "NONE",
	"SPILLOVER", "TRUE",
	"10.0.0.9",  "CONNECTION",
	"REQUEST",   "DYNAMICCONNECTION",
	"[1-2]",     "s[1-2]",
	"a[1-3]",    "tcp",
	"ping",      "END",
	"NEXT",      "0",
	"100",       "10.0.0.0/8",
	"1.2.3.4.5", "200",
	"SOURCEIP",  "COOKIEINSERT",
};

static uint32_t random_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223; /* Knuth, The Art of Computer Programming, 3.3.4 */
	return *state >> 8;
}

static const char *random_word(uint32_t *state)
{
	return words[random_number(state) % (sizeof(words) / sizeof(words[0]))];
}

static void add_random_option(const struct kind *kind, const struct usage *usage, uint32_t *state,
			      struct text *line)
{
	uint32_t number = random_number(state);
	struct str name = str_of(kind->options[number % kind->option_count].name);

	if (usage->option_count > 0 && number % 3 == 0)
		name = usage->options[random_number(state) % usage->option_count].name;
	if (name.length == 0)
		return;
	text_print(line, " -%.*s", STR_ARG(name));
	for (unsigned i = random_number(state) % 4; i < 3; i++)
		text_print(line, " %s", random_word(state));
}

/* A command on an object that we have, right by chance. */
static bool make_random(uint32_t *state, struct text *line)
{
	const struct reference *reference = reference_at(random_number(state) % reference_count());
	const struct kind *kind = kind_find(reference->object);
	const struct usage *usage;
	unsigned places;

	if (kind == NULL || str_equal(reference->verb, STR("show")) ||
	    str_equal(reference->verb, STR("stat")) || str_equal(reference->verb, STR("clear")))
		return false;
	usage = reference_usage(reference);
	places = usage->place_least + random_number(state) % 3;
	text_print(line, "%.*s %.*s", STR_ARG(reference->verb), STR_ARG(reference->object));
	for (unsigned i = 0; i < places && i < usage->place_most; i++)
		text_print(line, " %s", random_word(state));
	for (unsigned i = random_number(state) % 3; i > 0; i--)
		add_random_option(kind, usage, state, line);
	return true;
}

/* What is refused changes nothing, to the byte; what is done can be saved and loaded. */
static void test_random_commands(void **state)
{
	struct scene *scene = *state;
	struct text before = TEXT_EMPTY, after = TEXT_EMPTY, line = TEXT_EMPTY;
	uint32_t seed = 1;
	unsigned done = 0;

	print(scene->config, false, &before);
	for (unsigned i = 0; i < RANDOM_TRIES; i++) {
		text_cut(&line, 0);
		if (!make_random(&seed, &line))
			continue;
		if (apply(scene->config, line.at)) {
			print(scene->config, false, &before);
			if (++done % 8 == 0)
				check_round(scene->config, false);
			continue;
		}
		print(scene->config, false, &after);
		if (strcmp(before.at, after.at) != 0)
			fail_msg("refused, and yet changed: %s", line.at);
	}
	assert_true(done > 100);
	text_free(&before);
	text_free(&after);
	text_free(&line);
}

/* What would be too long to be loaded is refused, however little of it one command says. */
static void test_long_lines(void **state)
{
	struct scene *scene = *state;
	struct text line = TEXT_EMPTY;
	char quotes[20001] = "";

	memset(quotes, '"', sizeof(quotes) - 1);
	scene_good(scene, "add lb monitor m HTTP\n");
	text_print(&line, "set lb monitor m HTTP -customHeaders x%s", quotes);
	scene_good(scene, line.at);
	check_round(scene->config, false);
	text_cut(&line, 0);
	text_print(&line, "set lb monitor m HTTP -userName x%s", quotes);
	scene_bad(scene, line.at, "would not fit a line");
	text_cut(&line, 0);
	text_print(&line, "set ns hostName x%s%s", quotes, quotes);
	scene_bad(scene, line.at, "would not fit a line");
	text_cut(&line, 0);
	text_print(&line, "set ns hostName x%s", quotes);
	scene_good(scene, line.at);
	check_round(scene->config, false);
	text_free(&line);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_whole_appliance), SCENE_TEST(test_quoting),
		SCENE_TEST(test_backup_order),    SCENE_TEST(test_defaults),
		cmocka_unit_test(test_every_row), cmocka_unit_test(test_what_is_kept),
		SCENE_TEST(test_long_lines),      SCENE_TEST(test_random_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
