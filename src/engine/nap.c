/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/nap.h"

enum {
	WEIGHT = 8,     /* of the past, in the mean */
	GATHER_MAX = 64 /* that count of one busy time: a single long one proves little */
};

static void note(uint32_t *mean, uint64_t gathered)
{
	if (gathered > GATHER_MAX)
		gathered = GATHER_MAX;
	*mean += (uint32_t)gathered - *mean / WEIGHT;
}

static bool may_nap(const struct nap *nap)
{
	return nap->is_allowed && nap->mean[0] >= NAP_LEAST * WEIGHT &&
	       nap->mean[0] < NAP_MOST * WEIGHT;
}

bool nap_is_due(struct nap *nap, uint64_t events)
{
	bool is_sample = ++nap->sleeps % NAP_SAMPLE == 0;

	note(&nap->mean[nap->is_on], events - nap->events);
	nap->events = events;
	nap->is_on = may_nap(nap) && (nap->mean[1] >= NAP_GAIN * nap->mean[0]) != is_sample;
	return nap->is_on;
}
