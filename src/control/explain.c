/* SPDX-License-Identifier: Apache-2.0 */
#include "control/explain.h"

#include "base/hash.h"
#include "control/explain_priv.h"
#include "os/clock.h"
#include "persist/persist.h"

/* What the walk has found, for its end. */
struct end {
	const struct plan_vserver *accepting, *redirecting;
	bool is_full; /* the reached one was, else it was down */
};

static const struct plan_vserver *backup_of(const struct explain *in,
					    const struct plan_vserver *vserver)
{
	return vserver->backup != MODEL_NONE ? &in->control->plan->vservers[vserver->backup] : NULL;
}

/* --- the end of the chain --------------------------------------------------------------------- */

static bool redirects(const struct plan_vserver *vserver, enum reason reason)
{
	if (vserver->redirect_url.length == 0)
		return false;
	return !reason_is_full(reason) || vserver->so_backup_action == SO_BACKUP_DEFAULT ||
	       vserver->so_backup_action == SO_BACKUP_REDIRECT;
}

static void note(struct end *end, const struct plan_vserver *vserver, enum reason reason)
{
	if (reason_is_full(reason) && vserver->so_backup_action == SO_BACKUP_ACCEPT) {
		end->accepting = vserver;
		end->redirecting = NULL;
	} else if (redirects(vserver, reason)) {
		end->redirecting = vserver;
		end->accepting = NULL;
	}
}

static void conclude(struct explain *in, const struct end *end)
{
	const struct plan_vserver *reached = in->reached;

	text_add(in->text, STR("\tthe chain ends\n"));
	if (end->accepting != NULL) {
		text_print(in->text,
			   "result: %.*s serves it past its limit (-soBackupAction "
			   "ACCEPT)\n",
			   STR_ARG(end->accepting->name));
		explain_service(in, end->accepting);
	} else if (end->redirecting != NULL) {
		text_print(in->text, "result: %.*s sends it to %.*s (302)\n",
			   STR_ARG(end->redirecting->name),
			   STR_ARG(end->redirecting->redirect_url));
	} else {
		text_print(in->text, "result: it is dropped, %s\n",
			   reached->protocol == PROTOCOL_HTTP ? "503 with Retry-After"
							      : "by a reset");
	}
}

/* --- the walk --------------------------------------------------------------------------------- */

static void print_reason(struct explain *in, const struct plan_vserver *vserver, enum reason reason)
{
	if (reason == REASON_NONE)
		return;
	if (vserver->spill.is_shadow && reason_is_full(reason) && !reason_is_of_all(reason))
		text_print(in->text, "\t\tit would spill: %s; -soShadow only counts it\n",
			   reason_rows[reason].text);
	else
		text_print(in->text, "\t\t%s: %s\n",
			   reason_is_full(reason) ? "it spills" : "it cannot serve",
			   reason_rows[reason].text);
}

/* Whether it serves the client. */
static bool ask(struct explain *in, const struct plan_vserver *vserver, struct end *end,
		enum reason *reason)
{
	text_print(in->text, "\t%.*s\n", STR_ARG(vserver->name));
	*reason = explain_reason(in, vserver);
	print_reason(in, vserver, *reason);
	if (*reason == REASON_NONE ||
	    (vserver->spill.is_shadow && reason_is_full(*reason) && !reason_is_of_all(*reason)))
		return true;
	note(end, vserver, *reason);
	return false;
}

static void serve(struct explain *in, const struct plan_vserver *vserver)
{
	text_print(in->text, "result: %.*s serves it%s\n", STR_ARG(vserver->name),
		   vserver == in->reached ? "" : ", the backup");
	explain_service(in, vserver);
}

static void walk(struct explain *in)
{
	const struct plan_vserver *vserver = in->reached;
	struct end end = { 0 };
	enum reason reason;

	for (; vserver != NULL; vserver = backup_of(in, vserver)) {
		if (ask(in, vserver, &end, &reason)) {
			serve(in, vserver);
			return;
		}
		if (reason_is_of_all(reason))
			break;
	}
	conclude(in, &end);
}

/* --- who was spilled and stays ---------------------------------------------------------------- */

static uint64_t look_up(const struct explain *in)
{
	struct persist *table = in->control->setup.persist;
	const struct plan_vserver *reached = in->reached;
	struct persist_key key;

	if (table == NULL || in->client == NULL || reached->persistence.spill_timeout_s == 0)
		return 0;
	persist_key_begin(&key, PERSIST_SPILL,
			  hash_name(reached->known_as.at, reached->known_as.length));
	persist_key_source(&key, in->client, reached->persistence.netmask,
			   reached->persistence.v6_netmask_length);
	persist_key_end(table, &key);
	return persist_look(table, &key, clock_ms() / 1000);
}

static void find_kept(struct explain *in)
{
	uint64_t tag = look_up(in);
	const struct plan_vserver *at = in->reached;

	for (; tag != 0 && at != NULL; at = backup_of(in, at))
		if (hash_name(at->known_as.at, at->known_as.length) == tag)
			break;
	if (tag != 0)
		in->kept = at;
}

/* True: it serves the client. */
static bool ask_kept(struct explain *in)
{
	struct end end = { 0 };
	enum reason reason;

	find_kept(in);
	if (in->kept == NULL)
		return false;
	text_print(in->text, "\tpersistence of spillover: %.*s served this client last\n",
		   STR_ARG(in->kept->name));
	if (in->kept == in->reached || !ask(in, in->kept, &end, &reason))
		return false;
	serve(in, in->kept);
	return true;
}

/* --- the command ------------------------------------------------------------------------------ */

/* "http://host/path?query" or "/path": the parts that are hashed. */
static void take_url(struct explain *in, struct str url)
{
	static const char mark[] = "://";
	const char *begin = url.length > 3 ? memmem(url.at, url.length, mark, 3) : NULL;
	const char *path;

	in->url = url;
	if (begin == NULL)
		return;
	in->host = (struct str){ begin + 3, url.length - (size_t)(begin + 3 - url.at) };
	path = in->host.length > 0 ? memchr(in->host.at, '/', in->host.length) : NULL;
	in->url = path != NULL ? (struct str){ path, url.length - (size_t)(path - url.at) }
			       : STR("/");
	if (path != NULL)
		in->host.length = (size_t)(path - in->host.at);
}

static void print_head(struct explain *in)
{
	const struct runtime_vserver *runtime = runtime_vserver(&in->control->runtime,
								in->reached->uid);
	char text[ADDRESS_TEXT_MAX];

	text_print(in->text, "a new client%s%s of lb vserver %.*s\n",
		   in->client != NULL ? " from " : "",
		   in->client != NULL ? address_print_host(in->client, text) : "",
		   STR_ARG(in->reached->name));
	if (runtime->gate == NULL)
		text_add(in->text, STR("\tit does not listen: no client reaches it but as a "
				       "backup\n"));
}

static const struct plan_vserver *find_plan(const struct control *control, struct str name)
{
	for (uint32_t i = 0; control->plan != NULL && i < control->plan->vserver_count; i++)
		if (str_equal(control->plan->vservers[i].name, name))
			return &control->plan->vservers[i];
	return NULL;
}

static bool take_options(struct explain *in, const struct command *command, struct address *client)
{
	const struct argument *source = command_option(command, "clientIP");
	const struct argument *url = command_option(command, "url");

	if (source != NULL && !address_parse(source->words[0].text, 0, client)) {
		text_print(in->text, "ERROR: column %u: %.*s is no address for -clientIP\n",
			   source->words[0].column, STR_ARG(source->words[0].text));
		return false;
	}
	if (source != NULL)
		in->client = client;
	if (url != NULL)
		take_url(in, url->words[0].text);
	return true;
}

bool explain_run(struct control *control, const struct command *command, struct text *answer)
{
	struct explain in = { .control = control, .text = answer };
	struct str name = command->places[0].text;
	struct address client;

	control_publish(control); /* states and numbers are those of what is configured */
	if (!take_options(&in, command, &client))
		return false;
	in.reached = find_plan(control, name);
	if (in.reached == NULL) {
		text_print(answer, "ERROR: there is no lb vserver %.*s%s\n", STR_ARG(name),
			   config_find(control->config, KIND_VSERVER, name) != NULL
				   ? " with a protocol that is served"
				   : "");
		return false;
	}
	print_head(&in);
	if (!ask_kept(&in))
		walk(&in);
	return true;
}
