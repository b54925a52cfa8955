/* SPDX-License-Identifier: Apache-2.0 */
#include "origin/wish.h"

#include <limits.h>

enum { HOLD_MS_MAX = 3600 * 1000 };

/* Everything before the first `mark`; *rest is what follows it. */
static struct str cut(struct str text, char mark, struct str *rest)
{
	const char *at = text.length > 0 ? memchr(text.at, mark, text.length) : NULL;
	size_t length = at != NULL ? (size_t)(at - text.at) : text.length;

	*rest = (struct str){ NULL, 0 };
	if (at != NULL)
		*rest = (struct str){ at + 1, text.length - length - 1 };
	return (struct str){ text.at, length };
}

static void read_parameter(struct wish *wish, struct str name, struct str value)
{
	uint64_t number;

	if (!str_to_number(value, INT64_MAX, &number))
		return;
	if (str_equal(name, STR("hold")) && number <= HOLD_MS_MAX)
		wish->hold_ms = (unsigned)number;
	if (str_equal(name, STR("status")) && number >= 200 && number <= 599)
		wish->status = (int)number;
	if (str_equal(name, STR("size"))) {
		wish->has_size = true;
		wish->size = number;
	}
	if (str_equal(name, STR("chunked")))
		wish->is_chunked = number != 0;
	if (str_equal(name, STR("close")))
		wish->closes = number != 0;
	if (str_equal(name, STR("trailer")))
		wish->has_trailer = number != 0;
}

static enum wish_page page_of(struct str path)
{
	if (str_equal(path, STR("/stats")))
		return WISH_STATS;
	return str_equal(path, STR("/echo")) ? WISH_ECHO : WISH_NAME;
}

struct wish wish_read(struct str path, const struct origin_options *options)
{
	struct wish wish = { .hold_ms = options->hold_ms,
			     .has_size = options->has_size,
			     .size = options->size,
			     .status = 200 };
	struct str query, value;

	wish.page = page_of(cut(path, '?', &query));
	if (wish.page == WISH_STATS)
		wish.hold_ms = 0;
	while (query.length > 0) {
		struct str parameter = cut(query, '&', &query);
		struct str name = cut(parameter, '=', &value);

		read_parameter(&wish, name, value);
	}
	if (wish.has_trailer)
		wish.is_chunked = true;
	return wish;
}
