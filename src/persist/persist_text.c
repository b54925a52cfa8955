/* SPDX-License-Identifier: Apache-2.0 */
#include "persist/persist_text.h"

/* Takes what stands before the next `stop` off the list; false at its end. */
static bool next_part(struct str *list, char stop, struct str *part)
{
	const char *end;

	if (list->length == 0)
		return false;
	end = memchr(list->at, stop, list->length);
	part->at = list->at;
	part->length = end != NULL ? (size_t)(end - list->at) : list->length;
	list->at += part->length;
	list->length -= part->length;
	if (end != NULL) {
		list->at++;
		list->length--;
	}
	return true;
}

/* "name=value" parts between `stop`s (RFC 6265, 4.2.1; the query by custom). */
static struct str find_pair(struct str list, char stop, struct str name)
{
	struct str part;

	while (next_part(&list, stop, &part)) {
		struct str trimmed = str_trim(part);

		if (trimmed.length > name.length && trimmed.at[name.length] == '=' &&
		    memcmp(trimmed.at, name.at, name.length) == 0)
			return (struct str){ trimmed.at + name.length + 1,
					     trimmed.length - name.length - 1 };
	}
	return (struct str){ NULL, 0 };
}

static struct str query_of(struct str path)
{
	const char *mark = path.length > 0 ? memchr(path.at, '?', path.length) : NULL;

	if (mark == NULL)
		return (struct str){ NULL, 0 };
	return (struct str){ mark + 1, (size_t)(path.at + path.length - mark) - 1 };
}

static struct str find_header(const struct h1_request *request, struct str name)
{
	for (unsigned i = 0; i < request->field_count; i++)
		if (str_equal_nocase(request->fields[i].name, name))
			return request->fields[i].value;
	return (struct str){ NULL, 0 };
}

struct str persist_text_cookie(const struct h1_request *request, struct str name)
{
	struct str found = { NULL, 0 };

	for (unsigned i = 0; i < request->field_count && found.length == 0; i++)
		if (str_equal_nocase(request->fields[i].name, STR("Cookie")))
			found = find_pair(request->fields[i].value, ';', name);
	return found;
}

struct str persist_text(const struct h1_request *request, const struct extract *extract)
{
	switch (extract->from) {
	case EXTRACT_NONE:
	case EXTRACT_SOURCE:
		return (struct str){ NULL, 0 };
	case EXTRACT_URL:
		return request->path;
	case EXTRACT_HOST:
		return request->authority;
	case EXTRACT_QUERY:
		return find_pair(query_of(request->path), '&', extract->name);
	case EXTRACT_HEADER:
		return find_header(request, extract->name);
	case EXTRACT_COOKIE:
		return persist_text_cookie(request, extract->name);
	}
	must_not_reach();
}

static int digit_of(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	letter |= 0x20;
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool persist_text_bytes(struct str text, unsigned char *bytes, size_t count)
{
	if (text.length != 2 * count)
		return false;
	for (size_t index = 0; index < count; index++) {
		int high = digit_of(text.at[2 * index]), low = digit_of(text.at[2 * index + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[index] = (unsigned char)(high << 4 | low);
	}
	return true;
}

bool persist_text_place(struct str text, struct address *place)
{
	unsigned char bytes[18];

	*place = (struct address){ 0 };
	if (persist_text_bytes(text, bytes, 6)) {
		place->v4.sin_family = AF_INET;
		memcpy(&place->v4.sin_addr, bytes, 4);
		address_set_port(place, (uint16_t)(bytes[4] << 8 | bytes[5]));
		return true;
	}
	if (!persist_text_bytes(text, bytes, 18))
		return false;
	place->v6.sin6_family = AF_INET6;
	memcpy(&place->v6.sin6_addr, bytes, 16);
	address_set_port(place, (uint16_t)(bytes[16] << 8 | bytes[17]));
	return true;
}
