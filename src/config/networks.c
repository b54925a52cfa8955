/* SPDX-License-Identifier: Apache-2.0 */
#include "config/networks.h"

#include <string.h>

static struct str take_word(struct str *list)
{
	const char *blank = memchr(list->at, ' ', list->length);
	size_t length = blank != NULL ? (size_t)(blank - list->at) : list->length;
	struct str word = { list->at, length };

	list->at += length + (blank != NULL ? 1 : 0);
	list->length -= length + (blank != NULL ? 1 : 0);
	return word;
}

int networks_parse(struct str list, struct network networks[NETWORKS_MAX], struct str *bad)
{
	int count = 0;

	while (list.length > 0) {
		struct str word = take_word(&list);

		if (count >= NETWORKS_MAX || !network_parse(word, &networks[count])) {
			*bad = word;
			return -1;
		}
		count++;
	}
	return count;
}
