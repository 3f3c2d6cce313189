// SPDX-License-Identifier: GPL-2.0-only
/*
 * wl-NAME [OPTION...]: run a synthetic workload in intervals, and print what was seen in each as a
 * line of JSON.
 */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../count.h"
#include "wl.h"

/* Phase 0 is what comes before the first interval. */
#define FIRST_PHASE 1

struct wl_options wl = { .seed = 1, .fast_mib = 256, .slow_mib = 1024 };

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "fast-mib", required_argument, NULL, 'f' },
	{ "slow-mib", required_argument, NULL, 'S' },
	{ "intervals", required_argument, NULL, 'i' },
	{ "ops-per-interval", required_argument, NULL, 'o' },
	{ "oracle", no_argument, NULL, 'O' },
	{ "all-fast", no_argument, NULL, 'A' },
	{ "interleave", no_argument, NULL, 'I' },
	{ "begin", required_argument, NULL, 'b' },
	{ "end", required_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{},
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: wl-%s [OPTION...]\n"
		"  --seed N              of the random accesses (1)\n"
		"  --fast-mib N          size of the fast node (256)\n"
		"  --slow-mib N          size of the slow node (1024)\n"
		"  --intervals N         how many (%u)\n"
		"  --ops-per-interval N  how much is done in one (%llu)\n"
		"  --oracle              hot pages are on the fast node, always\n"
		"  --all-fast            all pages are on the fast node\n"
		"  --interleave          pages are on all nodes in turn\n"
		"  --begin COMMAND       run when memory is in place, before the first interval\n"
		"  --end COMMAND         run after the last interval, with memory still there\n",
		workload.name, workload.intervals, (unsigned long long)workload.ops);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!*text || *end)
		errx(2, "'%s' is not a number", text);
	return value;
}

static void set_option(int option, const char *value)
{
	switch (option) {
	case 's':
		wl.seed = number(value);
		break;
	case 'f':
		wl.fast_mib = number(value);
		break;
	case 'S':
		wl.slow_mib = number(value);
		break;
	case 'i':
		wl.intervals = number(value);
		break;
	case 'o':
		wl.ops = number(value);
		break;
	case 'O':
		wl.placement = WL_ORACLE;
		break;
	case 'A':
		wl.placement = WL_ALL_FAST;
		break;
	case 'I':
		wl.placement = WL_INTERLEAVE;
		break;
	case 'b':
		wl.begin = value;
		break;
	case 'e':
		wl.end = value;
		break;
	case 'h':
		usage(stdout);
		exit(0);
	default:
		usage(stderr);
		exit(2);
	}
}

uint64_t wl_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Not by fork(): that would make all pages copy-on-write. */
void wl_command(const char *command)
{
	if (!command)
		return;
	fflush(stdout);
	if (system(command))
		errx(1, "failed: %s", command);
}

/* --- what is printed --- */

static void print_misses(const char *name, const uint64_t *from, const uint64_t *to)
{
	printf(",\"%s\":[%llu,%llu]", name, (unsigned long long)(to[WL_FAST] - from[WL_FAST]),
	       (unsigned long long)(to[WL_SLOW] - from[WL_SLOW]));
}

/* Misses of user code, of the kernel on user memory, of the kernel; by node that served them. */
static void print_counters(const struct counters *from, const struct counters *to)
{
	print_misses("user", from->misses[COUNT_USER], to->misses[COUNT_USER]);
	print_misses("kernel_user", from->misses[COUNT_KERNEL_USER], to->misses[COUNT_KERNEL_USER]);
	print_misses("kernel", from->misses[COUNT_KERNEL], to->misses[COUNT_KERNEL]);
	printf(",\"instructions\":[%llu,%llu]",
	       (unsigned long long)(to->instructions[0] - from->instructions[0]),
	       (unsigned long long)(to->instructions[1] - from->instructions[1]));
	if (to->has_time)
		printf(",\"model_ns\":%llu", (unsigned long long)(to->ns - from->ns));
}

static void print_hot_fast(void)
{
	if (workload.hot_fast)
		printf(",\"hot_fast\":%.4f", workload.hot_fast());
	else if (workload.hot_page)
		printf(",\"hot_fast\":%.4f", wl_hot_fast());
	else
		printf(",\"hot_fast\":null");
}

static size_t hot_bytes(void)
{
	return workload.hot_bytes ? workload.hot_bytes() : workload.nr_hot() * WL_PAGE;
}

/* The last third is called steady; metrics.jq has it, too. */
static unsigned int first_steady(void)
{
	return wl.intervals * 2 / 3;
}

static void run_interval(unsigned int interval)
{
	struct counters from, to;
	bool counted, shifted = workload.shift && workload.shift(interval);
	uint64_t start, end;

	if (shifted || !interval || interval == first_steady())
		count_phase(interval + FIRST_PHASE);
	if (shifted && wl.placement == WL_ORACLE)
		wl_oracle_follow();
	counted = count_read(&from);
	start = wl_now_ns();
	workload.run(wl.ops);
	end = wl_now_ns();
	counted = counted && count_read(&to);

	printf("{\"interval\":%u,\"shift\":%s,\"start_ns\":%llu,\"ns\":%llu,\"ops\":%llu", interval,
	       shifted ? "true" : "false", (unsigned long long)start,
	       (unsigned long long)(end - start), (unsigned long long)wl.ops);
	print_hot_fast();
	if (counted)
		print_counters(&from, &to);
	if (workload.print)
		workload.print();
	printf("}\n");
}

int main(int argc, char **argv)
{
	unsigned int interval;
	int option;

	wl.intervals = workload.intervals;
	wl.ops = workload.ops;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
		set_option(option, optarg);
	if (optind < argc)
		errx(2, "what is '%s'?", argv[optind]);

	wl_random_state = wl.seed * 0x9e3779b97f4a7c15ULL;
	workload.reserve();
	wl_place();
	if (wl.placement == WL_ORACLE)
		wl_oracle_follow();
	printf("{\"about\":{\"name\":\"%s\",\"hot_bytes\":%llu,\"kernel_accesses\":%s}}\n",
	       workload.name, (unsigned long long)hot_bytes(),
	       workload.kernel_accesses ? "true" : "false");
	wl_command(wl.begin);
	count_start();
	for (interval = 0; interval < wl.intervals; interval++)
		run_interval(interval);
	count_stop();
	wl_command(wl.end);

	return 0;
}
