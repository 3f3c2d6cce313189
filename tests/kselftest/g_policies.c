// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shipped policies that look for hot memory find it, leave cold memory where it is, make room,
 * and do nothing where there is nothing to gain.
 *
 * The fast node is full of memory that nobody touches. On the slow one is memory that is touched
 * all the time, and as much that is not.
 */
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include "tierx_hostile.h"
#include "tierx_hot.h"

#define SEED	  7
#define OTHER_CPU 1L
/* Percent, of what has to arrive or stay, or may move. */
#define MOST	 90
#define MUCH	 45
#define SOME	 10
#define FEW	 5
#define LIMIT_MS 90000
#define QUIET_MS 5000
/* On a busy host the first search falls short, and the thread then rests for about LIMIT_MS. */
#define FILL_MS (2 * LIMIT_MS)

/* Some rounds of probes; while they and QUIET_MS go on a sample could be taken each second. */
#define MANY_PROBES 200
#define FEW_SAMPLES 3

#define MANY_TICKS 300

/*
 * Longer than a window of payback's, shorter than one if it is patient. Under emulation a survey
 * takes so long that its windows are longer, too.
 */
#define PAUSE_MS 250

/* Times the CPU time of its thread: half of what it would rest after each search. */
#define SOON_TIMES 36

/* How often a page is used that is used evenly: a window of a patient payback sees a fifth. */
#define EVENLY_MS 1500

struct memory {
	struct tierx_mem *hot;
	struct tierx_mem *cold;
	struct tierx_mem *filling;
	struct tierx_toucher *toucher;
};

static void fill_memory(struct memory *memory, int hot_node)
{
	tierx_hot_forget();
	memory->hot = tierx_mem_alloc(TIERX_HOT_PAGES, hot_node);
	memory->cold = tierx_mem_alloc(TIERX_HOT_PAGES, tierx_slow_node());
	memory->filling = tierx_hot_fill();
	tierx_mem_fill(memory->hot, SEED);
	tierx_mem_fill(memory->cold, SEED);
	memory->toucher = tierx_touch_start(memory->hot, TIERX_HOT_CPU, false);
}

static void report(const char *name, struct memory *memory)
{
	tierx_note(
		"%s: on the fast node: %zu %% of hot, %zu %% of cold; promoted %llu, demoted %llu",
		name, tierx_hot_percent(memory->hot), tierx_hot_percent(memory->cold),
		(unsigned long long)tierx_event("promoted_pages"),
		(unsigned long long)tierx_event("demoted_pages"));
}

static void finds(const char *name, unsigned int pause_ms)
{
	struct memory memory;

	fill_memory(&memory, tierx_slow_node());
	tierx_touch_pause(memory.toucher, pause_ms);
	tierx_hot_start(name);
	TIERX_WAIT(tierx_hot_percent(memory.hot) >= MOST, LIMIT_MS);
	report(name, &memory);
	ASSERT(tierx_enabled());
	ASSERT_GE(tierx_hot_percent(memory.hot), MOST);
	ASSERT_LE(tierx_hot_percent(memory.cold), FEW);
	ASSERT_EQ(tierx_event("bad_verdict"), 0);
	ASSERT_EQ(tierx_mem_verify(memory.hot, SEED), 0);
	ASSERT_EQ(tierx_mem_verify(memory.cold, SEED), 0);
}

/* What is hot is on the fast node already. */
static void rests(const char *name)
{
	struct memory memory;
	uint64_t promoted;

	fill_memory(&memory, tierx_fast_node());
	tierx_hot_start(name);
	promoted = tierx_event("promoted_pages");
	tierx_sleep_ms(QUIET_MS);
	report(name, &memory);
	ASSERT(tierx_enabled());
	ASSERT_LE(tierx_event("promoted_pages") - promoted, TIERX_HOT_PAGES * FEW / 100);
	ASSERT_GE(tierx_hot_percent(memory.hot), 100 - FEW);
}

#define POLICY(name)                                                                               \
	static void finds_##name(void)                                                             \
	{                                                                                          \
		finds(#name, 0);                                                                   \
	}                                                                                          \
	static void rests_##name(void)                                                             \
	{                                                                                          \
		rests(#name);                                                                      \
	}

/* Pages that the policy knows to have come, and has not passed since. */
static size_t nr_arrived(struct tierx_policy *policy)
{
	struct bpf_map *map = bpf_object__find_map_by_name(tierx_object(policy), "tierx_arrivals");
	size_t nr = 0;
	uint64_t word;

	for (uint32_t key = 0; key < bpf_map__max_entries(map); key++) {
		ASSERT_EQ(bpf_map__lookup_elem(map, &key, sizeof(key), &word, sizeof(word), 0), 0);
		nr += __builtin_popcountll(word);
	}
	return nr;
}

/* What has just come was not used here yet: that is not to make it idle. */
static void spares(const char *name)
{
	struct tierx_policy *policy;
	struct memory memory;

	fill_memory(&memory, tierx_slow_node());
	policy = tierx_hot_start(name);
	ASSERT_WAIT(tierx_hot_percent(memory.hot) >= MOST, LIMIT_MS);
	tierx_note("%zu of %llu pages have just come", nr_arrived(policy),
		   (unsigned long long)tierx_event("promoted_pages"));
	ASSERT_GE(nr_arrived(policy), TIERX_HOT_PAGES * MUCH / 100);
}

static void spares_idle_time(void)
{
	spares("idle_time");
}

static void spares_payback(void)
{
	spares("payback");
}

POLICY(idle_time)
POLICY(histogram)
POLICY(payback)

static void finds_bursts(void)
{
	finds("payback", PAUSE_MS);
}

static uint64_t runtime_ms;

/* Of the slow node's thread, which searches. */
static void note_runtime(const char *pid)
{
	char path[64], text[64], name[32];

	snprintf(name, sizeof(name), "ktierx/%d", tierx_slow_node());
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	ASSERT_GT(tierx_read(path, text, sizeof(text)), 0);
	if (strcmp(text, name))
		return;
	snprintf(path, sizeof(path), "/proc/%s/schedstat", pid);
	ASSERT_GT(tierx_read(path, text, sizeof(text)), 0);
	runtime_ms = strtoull(text, NULL, 10) / 1000000;
}

/* The survey after one in which it was patient: that one follows at once in any case. */
static void looks_again(void)
{
	struct tierx_policy *policy;
	struct memory memory;
	uint64_t surveys;

	fill_memory(&memory, tierx_slow_node());
	policy = tierx_hot_start("payback");
	ASSERT_WAIT(tierx_hot_percent(memory.hot) >= MOST, LIMIT_MS);
	surveys = tierx_counter(policy, "surveys");
	tierx_threads(note_runtime);
	ASSERT_GT(runtime_ms, 0);
	TIERX_WAIT(tierx_counter(policy, "surveys") > surveys + 1, SOON_TIMES * runtime_ms);
	tierx_note("%llu surveys, then %llu; in %llu ms of CPU time", (unsigned long long)surveys,
		   (unsigned long long)tierx_counter(policy, "surveys"),
		   (unsigned long long)runtime_ms);
	ASSERT_GT(tierx_counter(policy, "surveys"), surveys + 1);
}

/* The fast node is looked at to know what could make room; if nothing is hot, nothing needs it. */
static void looks_when_needed(void)
{
	struct tierx_policy *policy;
	struct memory memory;
	uint64_t probes, samples;

	fill_memory(&memory, tierx_fast_node());
	policy = tierx_hot_start("payback");
	TIERX_WAIT(tierx_counter(policy, "probes") >= MANY_PROBES, LIMIT_MS);
	tierx_sleep_ms(QUIET_MS);
	probes = tierx_counter(policy, "probes");
	samples = tierx_counter(policy, "samples");
	tierx_note("%llu probes, %llu samples", (unsigned long long)probes,
		   (unsigned long long)samples);
	ASSERT_GE(probes, MANY_PROBES);
	ASSERT_GE(samples, 1);
	ASSERT_LE(samples, FEW_SAMPLES);
}

static int spin(void *cpu)
{
	tierx_stay_on(0, (intptr_t)cpu);
	for (;;)
		;
	return 0;
}

/* Percent of some ticks in which CPUs were scarce. */
static uint64_t percent_crowded(struct tierx_policy *policy)
{
	volatile uint64_t *ticks = tierx_global(policy, "nr_ticks"),
			  *crowded = tierx_global(policy, "nr_crowded");
	uint64_t first = *ticks, before = *crowded;

	ASSERT_WAIT(*ticks >= first + MANY_TICKS, LIMIT_MS);
	return (*crowded - before) * 100 / (*ticks - first);
}

/* A program that waits for the thread's CPU tells nothing as long as another one is idle. */
static void crowd(void)
{
	struct tierx_policy *policy = tierx_open("crowd");
	volatile int32_t *thread;
	uint64_t none, some, all;
	intptr_t cpu;

	tierx_start(policy);
	none = percent_crowded(policy);
	thread = tierx_global(policy, "thread");
	tierx_stay_on(*thread, OTHER_CPU);
	tierx_fork(spin, (void *)OTHER_CPU);
	some = percent_crowded(policy);
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		if (cpu != OTHER_CPU)
			tierx_fork(spin, (void *)cpu);
	all = percent_crowded(policy);
	tierx_note("scarce in %llu, %llu and %llu %% of all ticks", (unsigned long long)none,
		   (unsigned long long)some, (unsigned long long)all);
	ASSERT_LE(none, FEW);
	ASSERT_LE(some, FEW);
	ASSERT_GE(all, MOST);
}

/* To count takes a TIERX_HOT_CPU, which the policy is to have: it does less if CPUs are scarce. */
static bool has_come(struct tierx_mem *mem, size_t percent)
{
	tierx_sleep_ms(1000);
	return tierx_hot_percent(mem) >= percent;
}

/*
 * What is used on the slow node is more than there is room for, and none of it is worth more than
 * another page; but all of it is worth more than what nobody touches. Most of the fast node cannot
 * be moved: the rest would take long.
 */
static void fills_idle_room(void)
{
	int fast = tierx_fast_node();
	struct tierx_mem *used, *idle, *locked;
	struct tierx_toucher *toucher;

	tierx_hot_forget();
	used = tierx_mem_alloc(6 * TIERX_HOT_PAGES, tierx_slow_node());
	idle = tierx_mem_alloc(4 * TIERX_HOT_PAGES, fast);
	locked = tierx_hot_fill();
	ASSERT_EQ(mlock(locked->addr, locked->pages * TIERX_PAGE), 0);
	tierx_mem_fill(used, SEED);
	toucher = tierx_touch_start(used, TIERX_HOT_CPU, false);
	tierx_touch_evenly(toucher, EVENLY_MS);
	/* Free pages on CPUs' lists do not count as free, so room for them is made again. */
	tierx_set("/proc/sys/vm/percpu_pagelist_high_fraction", "512");
	tierx_hot_start("payback");
	TIERX_WAIT(has_come(used, MUCH), FILL_MS);
	tierx_sleep_ms(QUIET_MS);
	tierx_note("on the fast node: %zu %% of used, %zu %% of idle", tierx_hot_percent(used),
		   tierx_hot_percent(idle));
	ASSERT(tierx_enabled());
	ASSERT_GE(tierx_hot_percent(used), MUCH);
	ASSERT_GE(tierx_hot_percent(idle), SOME);
	ASSERT_EQ(tierx_mem_verify(used, SEED), 0);
}

#define FINDS(name)                                                                                \
	TIERX_TEST(finds_##name, #name " brings what is hot to the fast node, and nothing else")
#define RESTS(name) TIERX_TEST(rests_##name, #name " moves nothing if what is hot is there already")

static const struct tierx_test tests[] = {
	FINDS(idle_time),
	RESTS(idle_time),
	FINDS(histogram),
	RESTS(histogram),
	FINDS(payback),
	RESTS(payback),
	TIERX_TEST(spares_idle_time, "idle_time does not take what has just come for idle"),
	TIERX_TEST(spares_payback, "payback does not take what has just come for idle"),
	TIERX_TEST(finds_bursts, "payback finds what is used in bursts"),
	TIERX_TEST(looks_again, "payback looks again soon after a search that was worth it"),
	TIERX_TEST(looks_when_needed, "payback looks at the fast node only if a page is hot"),
	TIERX_TEST(crowd, "a policy knows whether CPUs are scarce"),
	TIERX_TEST(fills_idle_room, "payback lets evenly used memory have idle room, but not all"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
