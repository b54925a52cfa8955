/* SPDX-License-Identifier: Apache-2.0 */
#include "control/keepsake.h"

#include "control/control_priv.h"
#include "control/held_out.h"
#include "os/file.h"
#include "os/socket.h"
#include "persist/persist.h"
#include "record/log.h"

#include <inttypes.h>
#include <sys/stat.h>

#define SECRET "# cookie secret "

enum { MOST_BYTES = 1 << 24, HALF_DIGITS = 16 };

static void print_path(const struct control *control, struct text *path)
{
	text_print(path, "%s.state", control->setup.config_path);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool read_half(struct str digits, uint64_t *half)
{
	*half = 0;
	for (size_t i = 0; i < HALF_DIGITS; i++) {
		char digit = digits.at[i];

		if (digit >= '0' && digit <= '9')
			*half = *half << 4 | (uint64_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			*half = *half << 4 | (uint64_t)(digit - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool read_secret(struct control *control, struct str digits)
{
	struct sip_key secret;

	if (digits.length != 2 * HALF_DIGITS || !read_half(digits, &secret.half[0]) ||
	    !read_half((struct str){ digits.at + HALF_DIGITS, HALF_DIGITS }, &secret.half[1]))
		return false;
	persist_set_secret(control->setup.persist, &secret);
	return true;
}

static bool read_line(struct control *control, struct str line)
{
	struct str mark = STR(SECRET);

	if (str_starts(line, mark))
		return read_secret(
			control, (struct str){ line.at + mark.length, line.length - mark.length });
	return str_is_empty(line) || str_starts(line, STR("# held out ")) ||
	       str_starts(line, STR("# Spillway"));
}

/* How many lines are not understood. */
static unsigned read_lines(struct control *control, struct str rest)
{
	unsigned strange = 0;

	while (rest.length > 0) {
		const char *end = memchr(rest.at, '\n', rest.length);
		size_t length = end != NULL ? (size_t)(end - rest.at) : rest.length;

		strange += !read_line(control, (struct str){ rest.at, length });
		length += end != NULL;
		rest = (struct str){ rest.at + length, rest.length - length };
	}
	return strange;
}

void keepsake_read(struct control *control)
{
	struct text path = TEXT_EMPTY, content = TEXT_EMPTY;
	unsigned strange = 0;
	int result = 0;

	print_path(control, &path);
	if (control->setup.persist != NULL && file_exists(path.at)) {
		result = file_read(path.at, MOST_BYTES, &content);
		if (result == 0)
			strange = read_lines(control, text_str(&content));
		if (result == 0)
			held_out_read(control, text_str(&content));
	}
	if (result < 0)
		log_write(LOG_LEVEL_WARNING, "%s: %s: cookies and what was held out are forgotten",
			  path.at, socket_error_text(result));
	if (strange > 0)
		log_write(LOG_LEVEL_WARNING, "%s: %u lines are not understood and passed over",
			  path.at, strange);
	text_free(&path);
	text_free(&control->keepsake);
	control->keepsake = content;
}

/* --- writing --------------------------------------------------------------------------------- */

static bool has_cookies(const struct plan *plan)
{
	for (uint32_t i = 0; plan != NULL && i < plan->vserver_count; i++) {
		const struct model_persistence *persistence = &plan->vservers[i].persistence;

		if (persistence->type == PERSISTENCE_COOKIE || persistence->spill_timeout_s > 0)
			return true;
	}
	return false;
}

static bool is_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static void replace(struct control *control, struct str content)
{
	struct text path = TEXT_EMPTY;
	int result;

	print_path(control, &path);
	result = file_write(path.at, content);
	if (result < 0 && !control->keepsake_failed)
		log_write(
			LOG_LEVEL_WARNING,
			"%s cannot be written: %s: a restart of the appliance forgets cookies and "
			"who is held out",
			path.at, socket_error_text(result));
	control->keepsake_failed = result < 0;
	text_free(&path);
}

void keepsake_write(struct control *control)
{
	struct text text = TEXT_EMPTY;
	const struct sip_key *secret;
	size_t head;

	if (control->setup.persist == NULL || !is_file(control->setup.config_path))
		return;
	secret = persist_secret(control->setup.persist);
	text_add(&text, STR("# Spillway keeps here what a restart shall not forget.\n"));
	text_print(&text, SECRET "%016" PRIx64 "%016" PRIx64 "\n", secret->half[0],
		   secret->half[1]);
	head = text.length;
	held_out_print(control, &text);
	if (text.length == head && control->keepsake.length == 0 && !has_cookies(control->plan)) {
		text_free(&text);
		return;
	}
	if (!str_equal(text_str(&control->keepsake), text_str(&text)))
		replace(control, text_str(&text));
	text_free(&control->keepsake);
	control->keepsake = text;
}
