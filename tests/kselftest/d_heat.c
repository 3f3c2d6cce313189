// SPDX-License-Identifier: GPL-2.0-only
/*
 * 'tierx heat' and the policy heatmap: of a map with a million lines, three in ten of which
 * mean nothing, what is hot is promoted, once, every bad line is counted under its reason, and
 * nobody's memory leaves its cpuset.
 *
 * Lines come in rounds, and a page is hot with the last one: whatever moves, no line names the
 * place where it was. Nobody touches the memory, and what the kernel samples of others' is little
 * beside the counts of the lines.
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tierx_file.h"

#define BALANCING "/proc/sys/kernel/numa_balancing"
#define DEMOTION  "/sys/kernel/mm/numa/demotion_enabled"
#define PAGEFLAGS "/proc/kpageflags"
#define NOPAGE	  (1ULL << 20)
#define HEAT_MS	  30000
#define MOVE_MS	  10000

#define HUGE_PAGES   512
#define HOT_ACCESSES 1000000
#define ROUNDS	     20
#define HOT	     (HOT_ACCESSES / ROUNDS)
#define COLD	     (HOT - 1)
#define NOT_A_PFN    (1ULL << 40)

/* Lines of a round. Of a million, 700000 are good. */
#define NR_HOT	     16384
#define NR_COLD	     16384
#define NR_CONFINED  2048
#define NR_HUGE	     64
#define NR_FAST	     120
#define NR_STALE     5000
#define NR_TAILS     5000
#define NR_HOLES     2500
#define NR_BEYOND    2000
#define NR_MALFORMED 125
#define NR_GOOD	     (NR_HOT + NR_COLD + NR_CONFINED + NR_HUGE + NR_FAST)

static const struct {
	const char *line;
	const char *key;
} malformed[] = {
	{ "4711 often", "syntax" },
	{ "4711 1 0", "trailing" },
	{ "4712-4711 1", "order" },
	{ "4711 0", "count" },
};

/* --- the command --- */

/* What 'tierx ARGUMENTS' prints. Asserts that it ends with 0. */
static const char *run(const char *arguments)
{
	static char text[1 << 14];
	const char *dir = tierx_dir();
	char *command;
	size_t len;
	FILE *out;

	ASSERT(asprintf(&command, "TIERX_POLICY_PATH=%s/../../bpf %s/../../bin/tierx %s 2>&1", dir,
			dir, arguments) > 0);
	out = popen(command, "re");
	free(command);
	ASSERT(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	text[len] = '\0';
	if (pclose(out))
		FAIL("tierx %s: %s", arguments, text);
	return text;
}

static uint64_t number(const char *json, const char *key)
{
	char pattern[64];
	const char *at;

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	at = strstr(json, pattern);
	if (!at)
		FAIL("no %s in %s", pattern, json);
	return strtoull(at + strlen(pattern), NULL, 10);
}

static uint64_t stat_of(const char *key)
{
	return number(run("stats --json"), key);
}

static void unload(void *arg)
{
	(void)arg;
	run("unload");
}

static const char *unmet(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/../../bin/tierx", tierx_dir());
	if (access(path, X_OK))
		return "no tierx";
	return tierx_unmet_tiers();
}

/* Counters that do not age, and no hint faults that would count, too. */
static void load(void)
{
	char arguments[64];

	tierx_set(BALANCING, "0");
	tierx_set(DEMOTION, "0");
	snprintf(arguments, sizeof(arguments), "load heatmap hot_accesses=%d decay_ms=0",
		 HOT_ACCESSES);
	run(arguments);
	tierx_defer(unload, NULL);
	tierx_set(BALANCING, "0");
}

static void file_remove(void *arg)
{
	unlink(arg);
	free(arg);
}

static FILE *heat_create(char **path)
{
	char *arguments = strdup("heat --json /tmp/tierx-heat-XXXXXX");
	FILE *file;
	int fd;

	ASSERT(arguments);
	*path = arguments;
	fd = mkstemp(strchr(arguments, '/'));
	ASSERT_GE(fd, 0);
	tierx_defer(file_remove, strdup(strchr(arguments, '/')));
	tierx_defer(free, arguments);
	file = fdopen(fd, "w");
	ASSERT(file);
	return file;
}

/* Feed it, and wait until the policy has read all of it. */
static const char *feed(const char *arguments)
{
	const char *report = run(arguments);
	static char kept[4096];

	snprintf(kept, sizeof(kept), "%s", report);
	ASSERT_WAIT(stat_of("records") == number(kept, "records"), HEAT_MS);
	return kept;
}

/* --- what the lines are about --- */

struct pfns {
	size_t nr;
	uint64_t pfn[];
};

static struct pfns *pfns_new(size_t nr)
{
	struct pfns *pfns = calloc(1, sizeof(*pfns) + nr * sizeof(pfns->pfn[0]));

	ASSERT(pfns);
	tierx_defer(free, pfns);
	pfns->nr = nr;
	return pfns;
}

static struct pfns *pfns_of(struct tierx_mem *mem)
{
	struct pfns *pfns = pfns_new(mem->pages);
	size_t i;

	for (i = 0; i < mem->pages; i++)
		pfns->pfn[i] = tierx_mem_pfn(mem, i);
	return pfns;
}

/* PFNs whose pages are free again. */
static struct pfns *pfns_stale(size_t nr)
{
	struct tierx_mem *mem = tierx_mem_alloc(nr, tierx_slow_node());
	struct pfns *pfns = pfns_of(mem);

	tierx_mem_free(mem);
	return pfns;
}

/* PFNs of sections of memory that are missing between others. */
static struct pfns *pfns_hole(size_t nr, uint64_t end)
{
	struct pfns *pfns = pfns_new(nr);
	uint64_t flags, pfn, section = 32768;
	size_t found = 0, i;
	int fd = open(PAGEFLAGS, O_RDONLY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	for (pfn = section; pfn < end && found < nr; pfn += section) {
		ASSERT_EQ(pread(fd, &flags, sizeof(flags), pfn * sizeof(flags)), sizeof(flags));
		for (i = 0; flags & NOPAGE && i < section && found < nr; i++)
			pfns->pfn[found++] = pfn + i;
	}
	close(fd);
	if (found < nr)
		SKIP("no hole in the memory of this machine");
	return pfns;
}

static struct pfns *pfns_beyond(size_t nr)
{
	struct pfns *pfns = pfns_new(nr);
	size_t i;

	for (i = 0; i < nr; i++)
		pfns->pfn[i] = NOT_A_PFN + i;
	return pfns;
}

/* Huge pages on the slow node, in memory that begins on one. */
static struct tierx_mem *huge_alloc(size_t nr)
{
	struct tierx_mem *mem = tierx_mem_alloc((nr + 1) * HUGE_PAGES, tierx_slow_node());
	size_t skip = -((uintptr_t)mem->addr / TIERX_PAGE) % HUGE_PAGES;

	munmap(mem->addr, skip * TIERX_PAGE);
	mem->addr += skip * TIERX_PAGE;
	munmap(mem->addr + nr * HUGE_PAGES * TIERX_PAGE, (HUGE_PAGES - skip) * TIERX_PAGE);
	mem->pages = nr * HUGE_PAGES;
	if (madvise(mem->addr, mem->pages * TIERX_PAGE, MADV_HUGEPAGE) ||
	    madvise(mem->addr, mem->pages * TIERX_PAGE, MADV_COLLAPSE))
		SKIP("no huge pages to be had: %s", strerror(errno));
	ASSERT_EQ(tierx_mem_count(mem, tierx_slow_node()), mem->pages);

	return mem;
}

static struct pfns *pfns_heads(struct tierx_mem *huge)
{
	struct pfns *pfns = pfns_new(huge->pages / HUGE_PAGES);
	size_t i;

	for (i = 0; i < pfns->nr; i++)
		pfns->pfn[i] = tierx_mem_pfn(huge, i * HUGE_PAGES);
	return pfns;
}

/* The first, the last, and those in between. */
static struct pfns *pfns_tails(const struct pfns *heads, size_t nr)
{
	struct pfns *pfns = pfns_new(nr);
	size_t i;

	for (i = 0; i < nr; i++)
		pfns->pfn[i] = heads->pfn[i % heads->nr] + 1 + i % (HUGE_PAGES - 1);
	return pfns;
}

/* --- somebody who is confined to the slow node --- */

struct confined {
	bool ready;
	bool done;
	uint64_t pfn[NR_CONFINED];
};

/* Returns how many of its pages are not on the slow node, as far as an exit status can tell. */
static int confined_run(void *arg)
{
	struct confined *confined = arg;
	struct tierx_mem *mem;
	char path[256], node[16];
	size_t i, away;

	snprintf(path, sizeof(path), "%s/cpuset.mems", tierx_cgroup_enter("tierx-heat"));
	snprintf(node, sizeof(node), "%d", tierx_slow_node());
	if (tierx_write(path, node))
		return 255;
	mem = tierx_mem_alloc(NR_CONFINED, tierx_slow_node());
	for (i = 0; i < NR_CONFINED; i++)
		confined->pfn[i] = tierx_mem_pfn(mem, i);
	__atomic_store_n(&confined->ready, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&confined->done, __ATOMIC_ACQUIRE))
		tierx_sleep_ms(50);

	away = NR_CONFINED - tierx_mem_count(mem, tierx_slow_node());
	return away < 254 ? away : 254;
}

static pid_t confined_start(struct confined **confined, struct pfns **pfns)
{
	pid_t pid;

	*confined = tierx_map_shared(sizeof(**confined), -1);
	pid = tierx_fork(confined_run, *confined);
	ASSERT_WAIT(__atomic_load_n(&(*confined)->ready, __ATOMIC_ACQUIRE), MOVE_MS);
	*pfns = pfns_new(NR_CONFINED);
	memcpy((*pfns)->pfn, (*confined)->pfn, sizeof((*confined)->pfn));

	return pid;
}

/* --- a million lines --- */

struct sets {
	struct tierx_mem *hot_mem, *cold_mem, *huge_mem, *fast_mem;
	struct pfns *hot, *cold, *confined, *heads, *fast;
	struct pfns *stale, *tails, *holes, *beyond;
};

static void sets_fill(struct sets *sets)
{
	int slow = tierx_slow_node();

	sets->hot_mem = tierx_mem_alloc(NR_HOT, slow);
	sets->cold_mem = tierx_mem_alloc(NR_COLD, slow);
	sets->huge_mem = huge_alloc(NR_HUGE);
	sets->fast_mem = tierx_mem_alloc(NR_FAST, tierx_fast_node());
	tierx_drain_lru();

	sets->hot = pfns_of(sets->hot_mem);
	sets->cold = pfns_of(sets->cold_mem);
	sets->heads = pfns_heads(sets->huge_mem);
	sets->fast = pfns_of(sets->fast_mem);
	sets->tails = pfns_tails(sets->heads, NR_TAILS);
	sets->holes = pfns_hole(NR_HOLES, sets->hot->pfn[0]);
	sets->beyond = pfns_beyond(NR_BEYOND);
	/* Last, so that nobody allocates them again. */
	sets->stale = pfns_stale(NR_STALE);
}

static void write_lines(FILE *file, const struct pfns *pfns, unsigned int count)
{
	size_t i;

	for (i = 0; i < pfns->nr; i++)
		fprintf(file, "%llu %u\n", (unsigned long long)pfns->pfn[i], count);
}

/* What gets hot comes last. */
static void write_round(FILE *file, const struct sets *sets)
{
	size_t i, kind;

	for (i = 0; i < NR_MALFORMED; i++)
		for (kind = 0; kind < TIERX_ARRAY_SIZE(malformed); kind++)
			fprintf(file, "%s\n", malformed[kind].line);
	write_lines(file, sets->beyond, HOT);
	write_lines(file, sets->holes, HOT);
	write_lines(file, sets->stale, HOT);
	write_lines(file, sets->tails, HOT);
	write_lines(file, sets->fast, HOT);
	write_lines(file, sets->cold, COLD);
	write_lines(file, sets->heads, HOT);
	write_lines(file, sets->hot, HOT);
	write_lines(file, sets->confined, HOT);
}

static void write_million(char **path, const struct sets *sets)
{
	FILE *file = heat_create(path);
	int round;

	for (round = 0; round < ROUNDS; round++)
		write_round(file, sets);
	ASSERT_EQ(fclose(file), 0);
}

/* Every bad line, by who has found it bad: tierx, then the policy and the kernel. */
static void expect_rejections(const char *report)
{
	const char *stats;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(malformed); i++) {
		ASSERT_EQ(number(report, malformed[i].key), ROUNDS * NR_MALFORMED);
		sum += ROUNDS * NR_MALFORMED;
	}
	ASSERT_EQ(number(report, "no_memory"), ROUNDS * NR_BEYOND);
	sum += ROUNDS * NR_BEYOND;

	stats = run("stats --json");
	ASSERT_EQ(number(stats, "malformed"), 0);
	ASSERT_EQ(number(stats, "not_taken"), 0);
	ASSERT_EQ(number(stats, "no_memory"), ROUNDS * NR_HOLES);
	ASSERT_EQ(number(stats, "not_movable"), ROUNDS * NR_STALE);
	ASSERT_EQ(number(stats, "not_first"), ROUNDS * NR_TAILS);
	ASSERT_EQ(number(stats, "refused_device"), ROUNDS * NR_HOLES);
	ASSERT_EQ(number(stats, "refused_gone"), ROUNDS * NR_STALE);
	ASSERT_EQ(number(stats, "refused_tail"), ROUNDS * NR_TAILS);
	sum += number(stats, "refused_device") + number(stats, "refused_gone") +
	       number(stats, "refused_tail");

	ASSERT_EQ(number(report, "lines"), 1000000);
	ASSERT_EQ(number(report, "lines") - ROUNDS * NR_GOOD, sum);
	ASSERT_EQ(number(stats, "reports"), ROUNDS * NR_GOOD);
}

static void expect_moved(const struct sets *sets)
{
	int fast = tierx_fast_node();

	ASSERT_WAIT(tierx_mem_count(sets->hot_mem, fast) == NR_HOT, MOVE_MS);
	ASSERT_WAIT(tierx_mem_count(sets->huge_mem, fast) == sets->huge_mem->pages, MOVE_MS);
	ASSERT_EQ(tierx_mem_count(sets->cold_mem, fast), 0);
	ASSERT_EQ(tierx_mem_count(sets->fast_mem, fast), NR_FAST);
	/* Once each. */
	ASSERT_EQ(stat_of("moved"), NR_HOT + NR_HUGE);
	ASSERT_EQ(tierx_event("promoted_pages"), NR_HOT + NR_HUGE * HUGE_PAGES);
}

/* There is no target, or there is one and it is forbidden: that is the kernel's to say. */
static uint64_t nr_confined_refused(void)
{
	return tierx_event("refused_cpuset");
}

static void d1_million_lines(void)
{
	struct confined *confined;
	struct sets sets;
	const char *report;
	uint64_t start;
	pid_t child;
	char *path;

	child = confined_start(&confined, &sets.confined);
	sets_fill(&sets);
	write_million(&path, &sets);
	load();

	start = tierx_now_ms();
	report = feed(path);
	tierx_note("fed in %llu ms", (unsigned long long)(tierx_now_ms() - start));
	expect_moved(&sets);
	ASSERT_WAIT(nr_confined_refused() == NR_CONFINED, MOVE_MS);
	expect_rejections(report);

	__atomic_store_n(&confined->done, true, __ATOMIC_RELEASE);
	ASSERT_EQ(tierx_wait_child(child, MOVE_MS), 0);
}

/* --- one line --- */

/* Much more than the queue for promotions takes, and the pages in between. */
static void d1_one_range(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(NR_HOT, tierx_slow_node());
	struct pfns *pfns = pfns_of(mem);
	uint64_t first = UINT64_MAX, last = 0;
	const char *stats;
	FILE *file;
	char *path;
	size_t i;

	tierx_drain_lru();
	for (i = 0; i < pfns->nr; i++) {
		first = pfns->pfn[i] < first ? pfns->pfn[i] : first;
		last = pfns->pfn[i] > last ? pfns->pfn[i] : last;
	}
	file = heat_create(&path);
	fprintf(file, "%llu-%llu %d\n", (unsigned long long)first, (unsigned long long)last,
		HOT_ACCESSES);
	ASSERT_EQ(fclose(file), 0);
	load();
	feed(path);

	ASSERT_WAIT(tierx_mem_count(mem, tierx_fast_node()) == NR_HOT, MOVE_MS);
	stats = run("stats --json");
	ASSERT_GT(number(stats, "waits"), 0);
	/* Each page of it once, whatever it was. */
	ASSERT_EQ(number(stats, "reports") + number(stats, "no_memory") +
			  number(stats, "not_movable") + number(stats, "not_first"),
		  last - first + 1);
	ASSERT_EQ(number(stats, "refused"), 0);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(d1_one_range, "one line for more than the kernel's queue takes"),
	TIERX_TEST(d1_million_lines, "a million lines, three in ten of them bad"),
};

TIERX_TEST_MAIN(tests, unmet)
