/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/nap.h"

enum {
	WEIGHT = 8,     /* of the past, in the mean */
	GATHER_MAX = 64 /* that count of one busy time: a single long one proves little */
};

static void note(struct nap *nap, uint64_t gathered)
{
	if (gathered > GATHER_MAX)
		gathered = GATHER_MAX;
	nap->mean += (uint32_t)gathered - nap->mean / WEIGHT;
}

bool nap_is_due(struct nap *nap, uint64_t events)
{
	if (!nap->is_on)
		note(nap, events - nap->events);
	nap->events = events;
	nap->is_on = nap->is_allowed && nap->mean >= NAP_LEAST * WEIGHT &&
		     nap->mean < NAP_MOST * WEIGHT && ++nap->sleeps % NAP_SAMPLE != 0;
	return nap->is_on;
}
