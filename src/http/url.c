/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include "http/target.h"

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f || text.at[i] == '#')
			return false;
	return true;
}

static struct str behind(struct str text, size_t skip)
{
	return (struct str){ text.at + skip, text.length - skip };
}

static bool take_scheme(struct str *text, struct url *url)
{
	const struct str http = STR("http://"), https = STR("https://");

	url->is_secure = str_starts_nocase(*text, https);
	if (!url->is_secure && !str_starts_nocase(*text, http))
		return false;
	*text = behind(*text, url->is_secure ? https.length : http.length);
	return true;
}

static bool read_port(struct str digits, uint16_t *port)
{
	uint64_t number;

	if (!str_to_number(digits, 65535, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* "name", "name:80", "[::1]", "[::1]:80"; the shape was checked. */
static bool split_authority(struct url *url)
{
	struct str whole = url->authority;
	bool is_bracketed = whole.at[0] == '[';
	const char *end = memchr(whole.at, is_bracketed ? ']' : ':', whole.length);
	size_t host = end != NULL ? (size_t)(end - whole.at) : whole.length;
	struct str rest = behind(whole, host + is_bracketed);

	url->host = (struct str){ whole.at + is_bracketed, host - is_bracketed };
	url->port = url->is_secure ? 443 : 80;
	if (rest.length == 0)
		return true;
	return rest.at[0] == ':' && read_port(behind(rest, 1), &url->port);
}

bool url_parse(struct str text, struct url *url, const char **why)
{
	size_t end;

	*url = (struct url){ 0 };
	*why = "a URL begins with http:// or https://";
	if (text.length > URL_BYTES_MAX || !take_scheme(&text, url))
		return false;
	*why = "a URL holds no blanks, control characters or #";
	if (!is_plain(text))
		return false;
	for (end = 0; end < text.length && text.at[end] != '/' && text.at[end] != '?'; end++)
		;
	url->authority = (struct str){ text.at, end };
	url->target = behind(text, end);
	*why = "the host of the URL is none";
	if (!target_is_host(url->authority))
		return false;
	*why = "the port of the URL is none: 1 to 65535";
	if (!split_authority(url))
		return false;
	if (url->target.length == 0)
		url->target = STR("/");
	if (url->target.at[0] != '/') {
		*why = "the path of the URL must begin with /";
		return false;
	}
	*why = NULL;
	return true;
}
