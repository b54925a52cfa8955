/* SPDX-License-Identifier: Apache-2.0
 * The answer of a name server: whatever it is, nothing is read beyond it, and what is found is what
 * was asked for.
 */
#include "base/dns.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Every record, as monitors do: what is found lies inside. */
static void read_all(const uint8_t *bytes, size_t length)
{
	struct dns_reader in = { bytes, length, 0 };
	struct dns_record record;
	struct dns_head head;
	bool is_good = dns_read_head(&in, &head);

	for (unsigned i = 0; is_good && i < head.questions; i++)
		is_good = dns_skip_question(&in);
	for (unsigned i = 0; is_good && i < head.answers; i++) {
		is_good = dns_read_record(&in, &record);
		if (is_good && (record.data < bytes || record.size > length ||
				record.data - bytes > (ptrdiff_t)(length - record.size)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	unsigned char question[DNS_QUESTION_MAX];
	bool is_ipv6 = length > 0 && (bytes[0] & 1) != 0;
	size_t asked = dns_ask(STR("a.example"), is_ipv6, 7, question);
	unsigned char *answer = malloc(asked + length);
	struct dns_answer out;

	if (answer == NULL)
		return 0;
	/* Behind our question, so that the records are reached. */
	memcpy(answer, question, asked);
	memcpy(answer + asked, bytes, length);
	answer[2] |= 0x80;
	answer[7] = length > 1 ? bytes[1] : 0;
	if (dns_read(answer, asked + length, question, asked, &out) == DNS_FOUND)
		for (unsigned i = 0; i < out.count; i++)
			if (out.addresses[i].any.sa_family != (is_ipv6 ? AF_INET6 : AF_INET))
				abort();
	free(answer);
	read_all(bytes, length);
	(void)!dns_read(bytes, length, question, asked, &out);
	return 0;
}
