// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long requests take: a histogram with 32 steps per power of two, so that a quantile is right
 * to 3 %, of this interval and of all.
 */
#include <err.h>
#include <sys/mman.h>

#include "wl.h"

#define STEP_BITS	   5
#define STEPS		   (1U << STEP_BITS)
#define NR_BUCKETS	   (64 * STEPS)
#define HOT_RECORD_PERCENT 90

struct histogram {
	uint64_t nr;
	uint64_t buckets[NR_BUCKETS];
};

static struct latency {
	struct histogram now, all;
} own, *latency = &own;

void wl_latency_share(void)
{
	latency = mmap(NULL, sizeof(*latency), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (latency == MAP_FAILED)
		err(1, "mmap");
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int power;

	if (ns < STEPS)
		return ns;
	power = 63 - __builtin_clzll(ns);
	return (power - STEP_BITS + 1) * STEPS + (ns >> (power - STEP_BITS)) % STEPS;
}

static uint64_t bucket_ns(unsigned int bucket)
{
	unsigned int power = bucket / STEPS;

	return power ? (uint64_t)(STEPS + bucket % STEPS) << (power - 1) : bucket;
}

void wl_latency_note(uint64_t ns)
{
	unsigned int bucket = bucket_of(ns);

	latency->now.nr++;
	latency->now.buckets[bucket]++;
	latency->all.nr++;
	latency->all.buckets[bucket]++;
}

static double quantile_us(const struct histogram *histogram, unsigned int per_mille)
{
	uint64_t seen = 0, wanted = (histogram->nr * per_mille + 999) / 1000;
	unsigned int i;

	for (i = 0; i < NR_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= wanted)
			return bucket_ns(i) / 1000.0;
	}
	return 0;
}

static void print_quantiles(const char *name, const struct histogram *histogram)
{
	printf(",\"%s\":{\"p50_us\":%.2f,\"p99_us\":%.2f,\"p99.9_us\":%.2f,\"requests\":%llu}",
	       name, quantile_us(histogram, 500), quantile_us(histogram, 990),
	       quantile_us(histogram, 999), (unsigned long long)histogram->nr);
}

void wl_latency_print(void)
{
	static const struct histogram none;

	print_quantiles("latency", &latency->now);
	print_quantiles("latency_so_far", &latency->all);
	latency->now = none;
}

size_t wl_record(uint64_t random, size_t nr_hot, size_t nr)
{
	if (wl_chance(random, HOT_RECORD_PERCENT))
		return wl_pick(random, nr_hot);
	return nr_hot + wl_pick(random, nr - nr_hot);
}
