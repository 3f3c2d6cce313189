// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which page is accessed next. A table makes a Zipf distribution cheap: it has as many
 * equally likely steps as entries, and the ranks within one step are equally likely too.
 */
#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "wl.h"

#define ZIPF_STEP_BITS 12
#define ZIPF_STEPS     (1U << ZIPF_STEP_BITS)
/* Odd, and the golden ratio of 2^32: neighbours in rank lie far apart. */
#define SCATTER 2654435761ULL

uint64_t wl_random_state;

struct wl_zipf {
	uint32_t first[ZIPF_STEPS + 1];
};

struct wl_zipf *wl_zipf_new(size_t n, double exponent)
{
	struct wl_zipf *zipf = calloc(1, sizeof(*zipf));
	double total = 0, sum = 0;
	unsigned int step = 0;
	size_t rank;

	if (!zipf)
		err(1, "zipf");
	for (rank = 0; rank < n; rank++)
		total += pow(rank + 1, -exponent);
	for (rank = 0; rank < n; rank++) {
		while (step < ZIPF_STEPS && sum * ZIPF_STEPS >= total * step)
			zipf->first[step++] = rank;
		sum += pow(rank + 1, -exponent);
	}
	while (step <= ZIPF_STEPS)
		zipf->first[step++] = n - 1;
	return zipf;
}

size_t wl_zipf_pick(const struct wl_zipf *zipf, uint64_t random)
{
	size_t step = random >> (64 - ZIPF_STEP_BITS), first = zipf->first[step];
	/* The bits below those that chose the step; low ones choose the line. */
	uint64_t rest = random >> 8 & 0xffffffff;

	return first + (rest * (zipf->first[step + 1] - first) >> 32);
}

size_t wl_scatter(size_t rank, size_t n)
{
	return rank * SCATTER % n;
}
