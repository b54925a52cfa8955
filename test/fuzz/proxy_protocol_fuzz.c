/* SPDX-License-Identifier: Apache-2.0
 *
 * The PROXY protocol's header: whatever comes, in whatever pieces, the answer is the same at the
 * end, and what is read and can be told is read again as the same.
 */
#include "conn/proxy_protocol.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct proxy_protocol *header)
{
	unsigned char bytes[PROXY_PROTOCOL_WRITE_MAX];
	struct proxy_protocol again;
	size_t length, written = proxy_protocol_write(header, bytes);

	must(proxy_protocol_read((struct str){ (char *)bytes, written }, &again, &length) ==
	     PROXY_PROTOCOL_OK);
	must(length == written && again.has_addresses == header->has_addresses);
	if (!header->has_addresses)
		return;
	must(address_equal(&again.source, &header->source) &&
	     address_equal(&again.destination, &header->destination));
	must(memcmp(&again.trail, &header->trail, sizeof(again.trail)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_protocol header;
	size_t length;

	for (size_t most = 0; most <= size; most++) {
		struct str bytes = { (const char *)data, most };
		enum proxy_protocol_result result = proxy_protocol_read(bytes, &header, &length);

		if (result == PROXY_PROTOCOL_MORE)
			continue;
		if (result == PROXY_PROTOCOL_OK) {
			must(length <= most);
			check_again(&header);
		}
		break;
	}
	return 0;
}
