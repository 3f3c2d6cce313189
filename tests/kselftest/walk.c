// SPDX-License-Identifier: GPL-2.0-only
/*
 * The iterators over folios find all that there is of a test's memory, and nothing else
 * in its name; and they tell what was accessed since they were there last. What is picked at
 * random, or surveyed, may be any of it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "progs/walk.h"
#include "tierx_file.h"
#include "tierx_prog.h"

#define AGING_MS   5000
#define PAGES	   ((size_t)2000)
#define FILE_PAGES ((size_t)300)
/* More than a page table has entries. */
#define YOUNG_PAGES  ((size_t)600)
#define EXT4_BYTES   (32 << 20)
#define LRU_GEN	     "/sys/kernel/mm/lru_gen/enabled"
#define LRU_GEN_AGE  "/sys/kernel/debug/lru_gen"
#define PICKED_PAGES ((size_t)40000)
#define PICKS	     4000
#define SURVEY_PAGES ((size_t)8000)
/* More than any machine has. */
#define ALL_PFNS    (1ULL << 40)
#define ARRIVED_PFN 1234567
/* Some of so many walks. */
#define END_MS 2000

static struct tierx_policy *walker;
/* Variables of the program that are looked at very often. */
static const struct tier_ext_page *found;
static const volatile uint32_t *nr_found;

static void *variable(const char *name)
{
	return tierx_global(walker, name);
}

static void set(const char *name, uint64_t value)
{
	*(uint64_t *)variable(name) = value;
}

static void start(void)
{
	walker = tierx_open("walk");
	tierx_must_load(walker);
	found = variable("found");
	nr_found = variable("nr_found");
}

static void walk_pfn(uint64_t first, uint64_t end, uint64_t flags)
{
	set("start_pfn", first);
	set("end_pfn", end);
	set("flags", flags);
	ASSERT_EQ(tierx_run(walker, "walk_pfn"), 0);
	ASSERT_LE(*nr_found, WALK_MAX);
}

static void walk_lru(int node, uint64_t memcg_id, uint64_t flags)
{
	*(int32_t *)variable("nid") = node;
	set("memcg_id", memcg_id);
	set("flags", flags);
	ASSERT_EQ(tierx_run(walker, "walk_lru"), 0);
	ASSERT_LE(*nr_found, WALK_MAX);
}

/* The folio that has the page in it, NULL if there is none. */
static const struct tier_ext_page *find(uint64_t pfn)
{
	uint32_t i, nr = *nr_found;

	for (i = 0; i < nr; i++)
		if (pfn >= found[i].pfn && pfn < found[i].pfn + found[i].nr_pages)
			return &found[i];
	return NULL;
}

/* How many of the pages were found, and on their node. */
static size_t count_found(struct tierx_mem *mem, int node)
{
	const struct tier_ext_page *page;
	size_t i, count = 0;

	for (i = 0; i < mem->pages; i++) {
		page = find(tierx_mem_pfn(mem, i));
		count += page && page->nid == node;
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t count_twice(void)
{
	static uint64_t pfns[WALK_MAX];
	size_t i, count = 0;

	for (i = 0; i < *nr_found; i++)
		pfns[i] = found[i].pfn;
	qsort(pfns, *nr_found, sizeof(pfns[0]), compare);
	for (i = 1; i < *nr_found; i++)
		count += pfns[i] == pfns[i - 1];
	return count;
}

static size_t count_state(uint64_t state)
{
	size_t i, count = 0;

	for (i = 0; i < *nr_found; i++)
		count += !!(found[i].state & state);
	return count;
}

/* --- by PFN --- */

/* Memory that was charged to a new cgroup is the test's, and nobody else's. */
static void pfn_finds_all(void)
{
	struct tierx_mem *slow, *fast;
	const char *cgroup;
	size_t i;

	start();
	cgroup = tierx_cgroup_enter("walk");
	slow = tierx_mem_alloc(PAGES, tierx_slow_node());
	fast = tierx_mem_alloc(PAGES / 2, tierx_fast_node());
	tierx_drain_lru();

	set("only_memcg", tierx_cgroup_id(cgroup));
	walk_pfn(0, ALL_PFNS, TIERX_WALK_ANON);
	ASSERT_EQ(count_found(slow, tierx_slow_node()), PAGES);
	ASSERT_EQ(count_found(fast, tierx_fast_node()), PAGES / 2);
	ASSERT_EQ(count_twice(), 0);
	/* There are a few more: the stack, for example. */
	ASSERT_LE(*nr_found, PAGES + PAGES / 2 + PAGES / 4);
	for (i = 0; i < *nr_found; i++)
		ASSERT_EQ(found[i].memcg_id, tierx_cgroup_id(cgroup));

	tierx_mem_free(slow);
	walk_pfn(0, ALL_PFNS, TIERX_WALK_ANON);
	ASSERT_EQ(count_found(fast, tierx_fast_node()), PAGES / 2);
	ASSERT_LE(*nr_found, PAGES / 2 + PAGES / 4);
}

static void pfn_keeps_to_range(void)
{
	struct tierx_mem *mem;
	uint64_t pfn;

	start();
	mem = tierx_mem_alloc(1, tierx_slow_node());
	pfn = tierx_mem_pfn(mem, 0);
	tierx_drain_lru();
	walk_pfn(pfn, pfn + 1, 0);
	ASSERT_EQ(*nr_found, 1);
	ASSERT_EQ(found->pfn, pfn);
	ASSERT_EQ(found->nid, tierx_slow_node());
	ASSERT_EQ(found->nr_pages, 1);
	ASSERT_NE(found->gen, 0);
	ASSERT_EQ(found->young, 0);
	ASSERT(found->state & TIERX_FOLIO_ANON);
	walk_pfn(pfn, pfn, 0);
	ASSERT_EQ(*nr_found, 0);
	walk_pfn(pfn + 1, pfn, 0);
	ASSERT_EQ(*nr_found, 0);
	walk_pfn(ALL_PFNS, UINT64_MAX, 0);
	ASSERT_EQ(*nr_found, 0);
	walk_pfn(pfn, pfn + 1, TIERX_WALK_FILE);
	ASSERT_EQ(*nr_found, 0);
}

/* D6: first PFNs only, each once, and as large as the folio is. */
static void d6_iterator(void)
{
	struct tierx_mem *mem;
	uint64_t pfn;
	size_t i;

	start();
	i = tierx_huge_alloc(&mem, tierx_slow_node());
	pfn = tierx_mem_pfn(mem, i);
	ASSERT_EQ(tierx_mem_pfn(mem, i + 99), pfn + 99);
	tierx_drain_lru();

	walk_pfn(pfn, pfn + TIERX_HUGE, 0);
	ASSERT_EQ(*nr_found, 1);
	ASSERT_EQ(found->pfn, pfn);
	ASSERT_EQ(found->nr_pages, TIERX_HUGE);
	walk_pfn(pfn, pfn + 1, 0);
	ASSERT_EQ(*nr_found, 1);
	ASSERT_EQ(found->nr_pages, TIERX_HUGE);
	/* Its first PFN is not in the range. */
	walk_pfn(pfn + 1, pfn + TIERX_HUGE, 0);
	ASSERT_EQ(*nr_found, 0);
	walk_pfn(pfn + 99, pfn + 100, TIERX_WALK_OVERLAP);
	ASSERT_EQ(*nr_found, 1);
	ASSERT_EQ(found->pfn, pfn);
	walk_pfn(pfn, pfn + TIERX_HUGE, TIERX_WALK_OVERLAP);
	ASSERT_EQ(*nr_found, 1);
	walk_pfn(pfn - TIERX_HUGE, pfn + 2 * TIERX_HUGE, 0);
	ASSERT_EQ(count_twice(), 0);
	for (i = 0; i < *nr_found; i++)
		ASSERT(found[i].pfn <= pfn || found[i].pfn >= pfn + TIERX_HUGE);
	ASSERT(find(pfn));
}

/* --- by LRU --- */

static void lru_finds_all(const char *gen)
{
	struct tierx_mem *slow, *fast, file;
	struct tierx_file *ext4;
	const char *cgroup;
	uint64_t id;

	start();
	tierx_set(LRU_GEN, gen);
	cgroup = tierx_cgroup_enter("walk");
	id = tierx_cgroup_id(cgroup);
	slow = tierx_mem_alloc(PAGES, tierx_slow_node());
	fast = tierx_mem_alloc(PAGES / 2, tierx_fast_node());
	ext4 = tierx_file_create(tierx_mount_ext4(EXT4_BYTES), FILE_PAGES, tierx_slow_node());
	tierx_file_map(ext4, PROT_READ, MAP_SHARED);
	tierx_file_touch(ext4, false);
	file = ext4->mem;
	tierx_drain_lru();

	walk_lru(tierx_slow_node(), id, 0);
	ASSERT_EQ(count_found(slow, tierx_slow_node()), PAGES);
	ASSERT_EQ(count_found(&file, tierx_slow_node()), FILE_PAGES);
	ASSERT_EQ(count_found(fast, tierx_fast_node()), 0);
	ASSERT_EQ(count_twice(), 0);
	walk_lru(tierx_fast_node(), id, 0);
	ASSERT_EQ(count_found(fast, tierx_fast_node()), PAGES / 2);
	ASSERT_EQ(count_found(slow, tierx_slow_node()), 0);

	walk_lru(tierx_slow_node(), id, TIERX_WALK_ANON);
	ASSERT_EQ(count_found(slow, tierx_slow_node()), PAGES);
	ASSERT_EQ(count_state(TIERX_FOLIO_FILE), 0);
	walk_lru(tierx_slow_node(), id, TIERX_WALK_FILE);
	ASSERT_EQ(count_found(&file, tierx_slow_node()), FILE_PAGES);
	ASSERT_EQ(count_state(TIERX_FOLIO_ANON | TIERX_FOLIO_SHMEM), 0);

	/* Of the whole machine, too, where the cgroup is one of many. */
	set("only_memcg", id);
	walk_lru(tierx_fast_node(), 0, 0);
	ASSERT_EQ(count_found(fast, tierx_fast_node()), PAGES / 2);
	ASSERT_GT(*(uint64_t *)variable("nr_seen"), *nr_found);
}

static void lru_classic(void)
{
	lru_finds_all("n");
}

static void lru_generations(void)
{
	lru_finds_all("y");
}

/* Let what was accessed of a cgroup on a node go to a new generation. 0 or a negative errno. */
static int age(const char *cgroup, int node)
{
	static char text[1 << 16];
	char pattern[64], *line, *save;
	unsigned int id, nid = -1;
	uint64_t max_seq = 0;

	if (tierx_read(LRU_GEN_AGE, text, sizeof(text)) <= 0)
		return -ENOENT;
	snprintf(pattern, sizeof(pattern), "/%s\n", cgroup);
	line = strstr(text, pattern);
	while (line && line > text && line[-1] != '\n')
		line--;
	if (!line || sscanf(line, "memcg %u", &id) != 1)
		return -ENOENT;
	strtok_r(line, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save)) && !strstr(line, "memcg"))
		if (sscanf(line, " node %u", &nid) != 1 && nid == (unsigned int)node)
			sscanf(line, "%" SCNu64, &max_seq);
	snprintf(pattern, sizeof(pattern), "+ %u %d %" PRIu64 " 1 1", id, node, max_seq);
	return tierx_write(LRU_GEN_AGE, pattern);
}

static void start_aging(void)
{
	start();
	tierx_set(LRU_GEN, "y");
	if (access(LRU_GEN_AGE, W_OK))
		SKIP("no " LRU_GEN_AGE);
}

/* Aging gives a folio another generation, and leaves it in the list that it was in. */
static void lru_aged(void)
{
	int node = tierx_slow_node();
	struct tierx_mem *mem;
	uint64_t id;

	start_aging();
	id = tierx_cgroup_id(tierx_cgroup_enter("walk-aged"));
	mem = tierx_mem_alloc(PAGES, node);
	tierx_drain_lru();
	for (int i = 0; i < 6; i++) {
		tierx_mem_touch(mem, true);
		ASSERT_EQ(age("walk-aged", node), 0);
		walk_lru(node, id, TIERX_WALK_ANON);
		ASSERT_EQ(count_found(mem, node), PAGES);
		ASSERT_EQ(count_twice(), 0);
	}
}

struct ager {
	pthread_t thread;
	struct tierx_mem *mem;
	volatile bool stop;
	uint64_t rounds;
};

static void *ager_fn(void *arg)
{
	struct ager *ager = arg;

	while (!ager->stop) {
		tierx_mem_touch(ager->mem, true);
		tierx_sleep_ms(10);
		ager->rounds += !age("walk-aging", tierx_slow_node());
	}
	return NULL;
}

static void ager_stop(void *arg)
{
	struct ager *ager = arg;

	ager->stop = true;
	pthread_join(ager->thread, NULL);
}

/* What moves while it is walked over may be missed, but not what comes after it. */
static void lru_aging(void)
{
	static struct ager ager;
	int node = tierx_slow_node();
	size_t found_pages, least = PAGES;
	uint64_t id, end;

	start_aging();
	end = tierx_now_ms() + AGING_MS;
	id = tierx_cgroup_id(tierx_cgroup_enter("walk-aging"));
	ager.mem = tierx_mem_alloc(PAGES, node);
	tierx_drain_lru();
	ASSERT_EQ(pthread_create(&ager.thread, NULL, ager_fn, &ager), 0);
	tierx_defer(ager_stop, &ager);
	do {
		walk_lru(node, id, TIERX_WALK_ANON | TIERX_WALK_HARVEST);
		found_pages = count_found(ager.mem, node);
		least = found_pages < least ? found_pages : least;
	} while (tierx_now_ms() < end);
	tierx_note("%llu times aged; of %zu pages at least %zu were found each time",
		   (unsigned long long)ager.rounds, PAGES, least);
	ASSERT_GT(ager.rounds, 0);
	ASSERT_GE(least, PAGES / 2);
}

/* Also where memory has no owner, because there is no memory controller. */
static void lru_all_owners(void)
{
	struct tierx_mem *mem;

	start();
	mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	tierx_drain_lru();
	walk_lru(tierx_slow_node(), 0, 0);
	ASSERT_EQ(count_found(mem, tierx_slow_node()), PAGES);
	ASSERT_EQ(count_twice(), 0);
}

/* --- what was accessed --- */

static size_t count_young(struct tierx_mem *mem, size_t step)
{
	const struct tier_ext_page *page;
	size_t i, count = 0;

	for (i = 0; i < mem->pages; i += step) {
		page = find(tierx_mem_pfn(mem, i));
		ASSERT(page);
		count += page->young > 0;
	}
	return count;
}

static void touch_some(struct tierx_mem *mem, size_t step)
{
	size_t i;

	/* The TLB may know a page to be accessed that is so no more. */
	ASSERT_EQ(mprotect(mem->addr, mem->pages * TIERX_PAGE, PROT_NONE), 0);
	ASSERT_EQ(mprotect(mem->addr, mem->pages * TIERX_PAGE, PROT_READ), 0);
	for (i = 0; i < mem->pages; i += step)
		(void)*(volatile unsigned char *)(mem->addr + i * TIERX_PAGE);
}

/* What the cgroup has on the slow node, or by PFN all that it has. */
static void walk(bool by_pfn, uint64_t memcg_id, uint64_t flags)
{
	if (!by_pfn) {
		walk_lru(tierx_slow_node(), memcg_id, flags);
		return;
	}
	set("only_memcg", memcg_id);
	walk_pfn(0, ALL_PFNS, flags);
}

/* A page that was touched since the last harvest is young, once, and no other is. */
static void expect_harvest_by(bool by_pfn, struct tierx_mem *mem, uint64_t memcg_id, uint64_t kind)
{
	walk(by_pfn, memcg_id, kind | TIERX_WALK_HARVEST);
	walk(by_pfn, memcg_id, kind | TIERX_WALK_HARVEST);
	ASSERT_EQ(count_young(mem, 1), 0);

	touch_some(mem, 3);
	/* To look without harvesting changes nothing. */
	walk(by_pfn, memcg_id, kind);
	ASSERT_EQ(count_young(mem, 1), 0);
	walk(by_pfn, memcg_id, kind | TIERX_WALK_HARVEST);
	ASSERT_EQ(count_young(mem, 3), (mem->pages + 2) / 3);
	ASSERT_EQ(count_young(mem, 1), (mem->pages + 2) / 3);
	walk(by_pfn, memcg_id, kind | TIERX_WALK_HARVEST);
	ASSERT_EQ(count_young(mem, 1), 0);
}

/* The same, of a walk that shows nothing else: how many are young, and that these are. */
static void expect_young_by(bool by_pfn, struct tierx_mem *mem, uint64_t memcg_id, uint64_t kind)
{
	size_t i, young = 0;

	walk(by_pfn, memcg_id, kind | TIERX_WALK_YOUNG);
	touch_some(mem, 3);
	walk(by_pfn, memcg_id, kind | TIERX_WALK_YOUNG);
	for (i = 0; i < *nr_found; i++)
		ASSERT_GT(found[i].young, 0);
	for (i = 0; i < mem->pages; i++)
		young += !!find(tierx_mem_pfn(mem, i));
	ASSERT_EQ(young, (mem->pages + 2) / 3);
	for (i = 0; i < mem->pages; i += 3)
		ASSERT(find(tierx_mem_pfn(mem, i)));
	walk(by_pfn, memcg_id, kind | TIERX_WALK_YOUNG);
	for (i = 0; i < mem->pages; i++)
		ASSERT(!find(tierx_mem_pfn(mem, i)));
}

static void expect_harvest(struct tierx_mem *mem, uint64_t memcg_id, uint64_t kind)
{
	expect_harvest_by(false, mem, memcg_id, kind);
	expect_harvest_by(true, mem, memcg_id, kind);
	expect_young_by(false, mem, memcg_id, kind);
	expect_young_by(true, mem, memcg_id, kind);
}

/* Private memory of a new cgroup, on the slow node. */
static struct tierx_mem *start_anon(uint64_t *memcg_id)
{
	struct tierx_mem *mem;

	start();
	*memcg_id = tierx_cgroup_id(tierx_cgroup_enter("walk"));
	mem = tierx_mem_alloc(YOUNG_PAGES, tierx_slow_node());
	tierx_drain_lru();
	return mem;
}

static void harvest_anon(void)
{
	uint64_t memcg_id;
	struct tierx_mem *mem = start_anon(&memcg_id);

	expect_harvest(mem, memcg_id, TIERX_WALK_ANON);
}

/* Nothing of NUMA balancing sees such accesses. Returns the file, of which no page is young now. */
static struct tierx_file *harvested_file(uint64_t *memcg_id)
{
	struct tierx_file *file;

	start();
	*memcg_id = tierx_cgroup_id(tierx_cgroup_enter("walk"));
	file = tierx_file_create(tierx_mount_ext4(EXT4_BYTES), FILE_PAGES, tierx_slow_node());
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	tierx_drain_lru();
	expect_harvest(&file->mem, *memcg_id, TIERX_WALK_FILE);
	return file;
}

static void harvest_file(void)
{
	uint64_t memcg_id;

	harvested_file(&memcg_id);
}

/* A page is mapped twice, and used through the second mapping only. */
static void harvest_second_mapping(void)
{
	uint64_t memcg_id;
	struct tierx_file *file = harvested_file(&memcg_id);
	struct tierx_mem second = file->mem;

	second.addr = mmap(NULL, second.pages * TIERX_PAGE, PROT_READ, MAP_SHARED, file->fd, 0);
	ASSERT_NE((intptr_t)second.addr, (intptr_t)MAP_FAILED);
	touch_some(&second, 1);
	expect_harvest(&second, memcg_id, TIERX_WALK_FILE);
	expect_harvest(&file->mem, memcg_id, TIERX_WALK_FILE);
}

/* Folios after it may have been looked at with it: who goes on from there finds them. */
static void harvest_ended_early(void)
{
	const uint64_t flags = TIERX_WALK_ANON | TIERX_WALK_HARVEST;
	uint64_t memcg_id;
	struct tierx_mem *mem = start_anon(&memcg_id);

	walk(true, memcg_id, flags);
	touch_some(mem, 1);
	set("most", 1);
	for (size_t i = 0; i < YOUNG_PAGES; i += 7) {
		walk_pfn(tierx_mem_pfn(mem, i), ALL_PFNS, flags);
		ASSERT_GT(found->young, 0);
	}
	set("most", 0);
	walk(true, memcg_id, flags);
	ASSERT_EQ(count_young(mem, 7), 0);
	ASSERT_EQ(count_young(mem, 1), YOUNG_PAGES - (YOUNG_PAGES + 6) / 7);
}

static int64_t clear_pfn(uint64_t first, uint64_t end, uint64_t flags)
{
	set("start_pfn", first);
	set("end_pfn", end);
	set("flags", flags);
	ASSERT_EQ(tierx_run(walker, "clear_pfn"), 0);
	return *(volatile int64_t *)variable("cleared");
}

/* It counts as many folios as a walk finds, and leaves none young; that of a page in the range. */
static void clear_range(void)
{
	uint64_t memcg_id;
	struct tierx_mem *mem = start_anon(&memcg_id);

	touch_some(mem, 1);
	ASSERT_EQ(clear_pfn(tierx_mem_pfn(mem, 5), tierx_mem_pfn(mem, 5) + 1, 0), 1);
	walk(true, memcg_id, TIERX_WALK_ANON | TIERX_WALK_HARVEST);
	ASSERT_EQ(count_young(mem, 1), YOUNG_PAGES - 1);

	touch_some(mem, 1);
	ASSERT_GE(clear_pfn(0, ALL_PFNS, 0), (int64_t)YOUNG_PAGES);
	walk(true, memcg_id, TIERX_WALK_ANON | TIERX_WALK_HARVEST);
	ASSERT_EQ(count_young(mem, 1), 0);
	ASSERT_EQ(clear_pfn(1, 0, 0), 0);
	ASSERT_EQ(clear_pfn(0, ALL_PFNS, TIERX_WALK_HARVEST), -EINVAL);
}

static size_t count_all_young(void)
{
	size_t i, count = 0;

	for (i = 0; i < *nr_found; i++)
		count += found[i].young > 0;
	return count;
}

/* No page table knows of such accesses. */
static void harvest_read(void)
{
	const uint64_t flags = TIERX_WALK_FILE | TIERX_WALK_HARVEST;
	int node = tierx_slow_node();
	struct tierx_file *file;
	uint64_t memcg_id;
	char byte;
	size_t i;

	start();
	memcg_id = tierx_cgroup_id(tierx_cgroup_enter("walk"));
	file = tierx_file_create(tierx_mount_ext4(EXT4_BYTES), FILE_PAGES, node);
	tierx_drain_lru();
	walk_lru(node, memcg_id, flags);
	ASSERT_GE(*nr_found, FILE_PAGES);
	walk_lru(node, memcg_id, flags);
	ASSERT_EQ(count_all_young(), 0);

	for (i = 0; i < FILE_PAGES; i += 3)
		ASSERT_EQ(pread(file->fd, &byte, 1, i * TIERX_PAGE), 1);
	walk_lru(node, memcg_id, TIERX_WALK_FILE);
	ASSERT_EQ(count_all_young(), 0);
	walk_lru(node, memcg_id, flags);
	ASSERT_EQ(count_all_young(), (FILE_PAGES + 2) / 3);
	walk_lru(node, memcg_id, flags);
	ASSERT_EQ(count_all_young(), 0);
}

/* Who ends, and takes his page tables with him, makes no page used that was not. */
static void harvest_unmapped(void)
{
	const uint64_t flags = TIERX_WALK_FILE | TIERX_WALK_HARVEST;
	uint64_t memcg_id;
	struct tierx_file *file = harvested_file(&memcg_id);
	int node = tierx_slow_node();

	touch_some(&file->mem, 3);
	ASSERT_EQ(munmap(file->mem.addr, file->mem.pages * TIERX_PAGE), 0);
	walk_lru(node, memcg_id, flags);
	ASSERT_EQ(count_all_young(), (FILE_PAGES + 2) / 3);
	walk_lru(node, memcg_id, flags);
	ASSERT_EQ(count_all_young(), 0);
}

/* --- who is not waited for --- */

static struct tierx_policy *start_walking_on(uint32_t how)
{
	struct tierx_policy *policy = tierx_open("walk_on");

	tierx_must_load(policy);
	*(uint32_t *)tierx_global(policy, "how") = how;
	*(int32_t *)tierx_global(policy, "nid") = tierx_slow_node();
	tierx_mem_alloc(SURVEY_PAGES, tierx_slow_node());
	tierx_drain_lru();
	return policy;
}

/* Of a policy that was ejected no tick walks on, and who unloads it is not kept. */
static void ends_with_policy(void)
{
	struct tierx_policy *policy;
	volatile uint64_t *nr_ended;

	for (uint32_t how = 0; how < 3; how++) {
		policy = start_walking_on(how);
		nr_ended = tierx_global(policy, "nr_ended");
		ASSERT_EQ(tierx_attach(policy), 0);
		ASSERT_WAIT(!tierx_enabled(), 20000);
		ASSERT_WAIT(*nr_ended == 1, END_MS);
		ASSERT_GT(*(uint64_t *)tierx_global(policy, "nr_seen"), 0);
		tierx_policy_close(policy);
	}
}

static int walk_on(void *arg)
{
	return tierx_run(arg, "walk_on_demand");
}

static void ends_when_killed(void)
{
	struct tierx_policy *policy;
	volatile uint64_t *nr_seen;
	pid_t pid;

	for (uint32_t how = 0; how < 3; how++) {
		policy = start_walking_on(how);
		nr_seen = tierx_global(policy, "nr_seen");
		pid = tierx_fork(walk_on, policy);
		ASSERT_WAIT(*nr_seen > 0, 20000);
		ASSERT_EQ(kill(pid, SIGKILL), 0);
		ASSERT_EQ(tierx_wait_child(pid, END_MS), 128 + SIGKILL);
		tierx_policy_close(policy);
	}
}

/* --- what cannot be walked --- */

static int new_pfn(uint64_t flags)
{
	set("flags", flags);
	ASSERT_EQ(tierx_run(walker, "new_pfn"), 0);
	return *(volatile int32_t *)variable("error");
}

static int new_lru(int node, uint64_t memcg_id, uint64_t flags)
{
	*(int32_t *)variable("nid") = node;
	set("memcg_id", memcg_id);
	set("flags", flags);
	ASSERT_EQ(tierx_run(walker, "new_lru"), 0);
	return *(volatile int32_t *)variable("error");
}

static void bad_arguments(void)
{
	int node = tierx_slow_node();

	start();
	ASSERT_EQ(new_pfn(0), 0);
	ASSERT_EQ(new_pfn(1 << 5), -EINVAL);
	ASSERT_EQ(new_pfn(1ULL << 63 | TIERX_WALK_ANON), -EINVAL);
	ASSERT_EQ(new_lru(node, 0, 0), 0);
	ASSERT_EQ(new_lru(node, 0, 1 << 5), -EINVAL);
	ASSERT_EQ(new_lru(node, 0, TIERX_WALK_OVERLAP), -EINVAL);
	ASSERT_EQ(new_lru(-1, 0, 0), -EINVAL);
	ASSERT_EQ(new_lru(1 << 20, 0, 0), -EINVAL);
	ASSERT_EQ(new_lru(node, 1ULL << 60, 0), -ENOENT);

	/* What could not be begun has nothing in it. */
	walk_pfn(0, ALL_PFNS, 1 << 5);
	ASSERT_EQ(*(uint64_t *)variable("nr_seen"), 0);
	walk_lru(node, 0, 1 << 5);
	ASSERT_EQ(*(uint64_t *)variable("nr_seen"), 0);
	walk_lru(node, 1ULL << 60, 0);
	ASSERT_EQ(*(uint64_t *)variable("nr_seen"), 0);
}

/*
 * Of memory with much that is free before, behind and in between, each page is as likely as
 * another: two picks of one are rare.
 */
static void picks_spread(void)
{
	struct tierx_mem *freed;

	start();
	tierx_mem_alloc(PICKED_PAGES / 2, tierx_slow_node());
	freed = tierx_mem_alloc(PICKED_PAGES, tierx_slow_node());
	tierx_mem_alloc(PICKED_PAGES / 2, tierx_slow_node());
	tierx_mem_free(freed);
	tierx_drain_lru();

	set("end_pfn", tierx_max_pfn());
	set("nr_picks", PICKS);
	*(int32_t *)variable("nid") = tierx_slow_node();
	ASSERT_EQ(tierx_run(walker, "picks"), 0);
	tierx_note("%u of %d picks found a folio, %zu for the second time", *nr_found, PICKS,
		   count_twice());
	ASSERT_GE(*nr_found, PICKS / 4);
	ASSERT_LE(count_twice(), *nr_found / 10);
}

/* Few places at random have a folio, and yet it is looked at many. */
static void survey_fills(void)
{
	struct tierx_mem *mem;
	uint64_t places;

	start();
	mem = tierx_mem_alloc(SURVEY_PAGES, tierx_slow_node());
	tierx_drain_lru();

	set("end_pfn", tierx_max_pfn());
	*(int32_t *)variable("nid") = tierx_slow_node();
	ASSERT_EQ(tierx_run(walker, "survey"), 0);
	places = *(uint64_t *)variable("nr_places");
	tierx_note("%u of %llu places have a folio, %zu have one that another has, too", *nr_found,
		   (unsigned long long)places, count_twice());
	ASSERT_EQ(*(uint64_t *)variable("nr_seen"), *nr_found);
	ASSERT_GE(*nr_found, places / 4);
	ASSERT_LE(count_twice(), *nr_found / 4);
	tierx_mem_free(mem);
}

static bool is_new(uint64_t pfn)
{
	set("start_pfn", pfn);
	ASSERT_EQ(tierx_run(walker, "is_new"), 0);
	return *(volatile int32_t *)variable("error");
}

static void hand_spares_arrivals(void)
{
	static const uint64_t pfns[] = { 0, 63, 64, ARRIVED_PFN, ALL_PFNS - 1 };

	start();
	for (size_t i = 0; i < sizeof(pfns) / sizeof(*pfns); i++) {
		ASSERT_EQ(is_new(pfns[i]), false);
		set("start_pfn", pfns[i]);
		ASSERT_EQ(tierx_run(walker, "arrive"), 0);
		ASSERT_EQ(is_new(pfns[i] + 1), false);
		ASSERT_EQ(is_new(pfns[i]), true);
		ASSERT_EQ(is_new(pfns[i]), false);
	}
}

static uint64_t judged(uint64_t pfn)
{
	set("start_pfn", pfn);
	ASSERT_EQ(tierx_run(walker, "turn"), 0);
	return *(volatile uint64_t *)variable("nr_seen");
}

/* Used or not, it has just come only once. */
static void hand_judges(void)
{
	struct tierx_mem *mem;
	uint64_t pfn;

	start();
	mem = tierx_mem_alloc(1, tierx_fast_node());
	tierx_drain_lru();
	pfn = tierx_mem_pfn(mem, 0);
	set("end_pfn", tierx_max_pfn());
	*(int32_t *)variable("nid") = tierx_fast_node();
	set("start_pfn", pfn);
	ASSERT_EQ(tierx_run(walker, "arrive"), 0);
	/* It is young since it was allocated. */
	ASSERT_EQ(judged(pfn), 0);
	ASSERT_EQ(judged(pfn), 1);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(pfn_finds_all, "by PFN, all pages of a cgroup are found"),
	TIERX_TEST(pfn_keeps_to_range, "by PFN, nothing is found outside of the range"),
	TIERX_TEST(d6_iterator, "by PFN, a huge page is found once, by its first PFN"),
	TIERX_TEST(lru_classic, "by LRU, all pages of a cgroup are found"),
	TIERX_TEST(lru_generations, "by LRU, all pages are found with generations, too"),
	TIERX_TEST(lru_aged, "by LRU, all pages are found that got a new generation"),
	TIERX_TEST(lru_aging, "by LRU, pages are found while they get new generations"),
	TIERX_TEST(lru_all_owners, "by LRU, all pages of a node are found, whoever owns them"),
	TIERX_TEST(harvest_anon, "anonymous pages that were touched since are young"),
	TIERX_TEST(harvest_file, "pages of a read-only mapping that were touched since are young"),
	TIERX_TEST(harvest_second_mapping, "pages touched through one of two mappings are young"),
	TIERX_TEST(harvest_ended_early, "a walk that ends early leaves the rest young"),
	TIERX_TEST(clear_range, "a range is cleared, and nothing else"),
	TIERX_TEST(harvest_read, "pages that nobody has mapped and that were read since are young"),
	TIERX_TEST(harvest_unmapped,
		   "the end of a mapping makes pages young that were touched through it"),
	TIERX_TEST(picks_spread, "picks at random are spread over all folios of a node"),
	TIERX_TEST(survey_fills, "a survey of a node that is mostly free looks at many folios"),
	TIERX_TEST(hand_spares_arrivals,
		   "a page that came by a move is new once, and its neighbours are not"),
	TIERX_TEST(hand_judges, "a page that came by a move is judged when the hand comes again"),
	TIERX_TEST(ends_with_policy, "a walk ends with the policy in whose tick it is"),
	TIERX_TEST(ends_when_killed, "a walk ends when the process is killed that is at it"),
	TIERX_TEST(bad_arguments, "flags, nodes and cgroups that do not exist are refused"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
