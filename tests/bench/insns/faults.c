// SPDX-License-Identifier: GPL-2.0-only
/*
 * faults KIND COUNT: instructions that one page fault or one read takes.
 *
 * Runs in a guest whose clock counts instructions (tests/vm/run --accel icount): there the
 * time stamp counter advances by one per instruction of the one virtual CPU. Each access is
 * counted by itself, and the median over COUNT of them is printed, with the quartiles: an
 * interrupt or a refill of a free list is in few of them. What a policy does in one access of
 * many is not in the median either, but in the mean.
 *
 * KIND is
 *	loop	a loop of LOOP_LEN instructions, to check the counter
 *	anon	first write to anonymous memory
 *	file	first read of a page that is in the page cache, mapped privately
 *	hint	NUMA hint fault, the page stays: as often as the kernel arms pages
 *	promote	NUMA hint fault, the page is moved to the fast node
 *	read-fast, read-slow
 *		pread() of a page that is in the page cache, on the fast or slow node; of a file
 *		in DISK, and READS times COUNT of them
 *	swapin	first read of a page of a memfd that is in swap; there has to be one
 *	reclaim	reclaim of a page that is in the page cache on the slow node, so it is dropped; of a
 *		file in DISK, by the memory.reclaim of CGROUP, which this process has to be in
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAGE_SIZE 4096UL
#define NR_PAGES  512UL
#define LOOP_LEN  100000
#define FAST_NODE 0
#define SLOW_NODE 1
/* Where a file system is mounted that keeps its files in the page cache as disks do. */
#define DISK   "/tmp/disk"
#define CGROUP "/sys/fs/cgroup/faults"
/* What reclaim takes at a time. */
#define RECLAIM_BYTES "128K"
/* Reclaim that finds nothing does so, and looks at the rest of the file again later. */
#define RECLAIM_TRIES 100
/* A read takes a fraction of a fault, and the mean over samples of it needs many. */
#define READS 64
/* Until each page is on the list of those that are used often, where it stays. */
#define WARM_UP 3
/* An access without a fault takes a few instructions, a fault takes hundreds. */
#define FAULT_MIN    100
#define HINT_SECONDS 120

/**
 * struct samples - instructions per fault
 * @counts: one per fault
 * @nr: number of faults so far
 * @wanted: number of faults to be seen
 */
struct samples {
	uint32_t *counts;
	unsigned long nr;
	unsigned long wanted;
};

static inline uint64_t count_now(void)
{
	unsigned int cpu;

	return __rdtscp(&cpu);
}

/* What reading the counter twice takes. */
static uint64_t overhead;

static void samples_add(struct samples *samples, uint64_t count)
{
	count -= overhead;
	if (samples->nr < samples->wanted && count >= FAULT_MIN)
		samples->counts[samples->nr++] = count;
}

static void measure_overhead(void)
{
	uint64_t start, count;
	int i;

	overhead = UINT64_MAX;
	for (i = 0; i < 100; i++) {
		start = count_now();
		count = count_now() - start;
		if (count < overhead)
			overhead = count;
	}
}

static void measure_loop(struct samples *samples)
{
	uint64_t start, n;

	while (samples->nr < samples->wanted) {
		n = LOOP_LEN / 2;
		start = count_now();
		asm volatile("1: dec %0\n jnz 1b" : "+r"(n));
		samples_add(samples, count_now() - start);
	}
}

static void touch_all(struct samples *samples, char *area, bool write)
{
	unsigned long page;
	uint64_t start;

	for (page = 0; page < NR_PAGES; page++) {
		start = count_now();
		if (write)
			*(volatile char *)(area + page * PAGE_SIZE) = 1;
		else
			(void)*(volatile char *)(area + page * PAGE_SIZE);
		samples_add(samples, count_now() - start);
	}
}

static char *map(int fd)
{
	int flags = MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	char *area = mmap(NULL, NR_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (area == MAP_FAILED)
		err(1, "mmap");
	madvise(area, NR_PAGES * PAGE_SIZE, MADV_NOHUGEPAGE);
	return area;
}

static void measure_mapped(struct samples *samples, int fd)
{
	char *area;

	while (samples->nr < samples->wanted) {
		area = map(fd);
		touch_all(samples, area, fd < 0);
		munmap(area, NR_PAGES * PAGE_SIZE);
	}
}

static int cached_file(const char *dir)
{
	static char page[PAGE_SIZE];
	unsigned long i;
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		err(1, "%s", dir);
	for (i = 0; i < NR_PAGES; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page))
			err(1, "write");
	return fd;
}

static void move_all(char *area, int nid)
{
	void *pages[NR_PAGES];
	int nodes[NR_PAGES], status[NR_PAGES];
	unsigned long i;

	for (i = 0; i < NR_PAGES; i++) {
		pages[i] = area + i * PAGE_SIZE;
		nodes[i] = nid;
	}
	if (move_pages(0, NR_PAGES, pages, nodes, status, MPOL_MF_MOVE))
		err(1, "move_pages");
}

static unsigned long on_node(char *area, int nid)
{
	void *pages[NR_PAGES];
	int status[NR_PAGES];
	unsigned long i, nr = 0;

	for (i = 0; i < NR_PAGES; i++)
		pages[i] = area + i * PAGE_SIZE;
	if (move_pages(0, NR_PAGES, pages, NULL, status, 0))
		err(1, "move_pages");
	for (i = 0; i < NR_PAGES; i++)
		nr += status[i] == nid;
	return nr;
}

/*
 * The kernel arms pages when it gets round to it: touch them until enough accesses have
 * faulted. Pages that may be promoted are moved back before each round.
 */
static void measure_hint(struct samples *samples, bool promote)
{
	char *area = map(-1);
	time_t end = time(NULL) + HINT_SECONDS;

	memset(area, 1, NR_PAGES * PAGE_SIZE);
	move_all(area, SLOW_NODE);
	while (samples->nr < samples->wanted) {
		if (time(NULL) > end)
			errx(1, "only %lu hint faults in %d s", samples->nr, HINT_SECONDS);
		touch_all(samples, area, true);
		if (promote && on_node(area, SLOW_NODE) < NR_PAGES / 2)
			move_all(area, SLOW_NODE);
	}
	if (!promote && on_node(area, SLOW_NODE) != NR_PAGES)
		errx(1, "pages were promoted that should stay");
}

static void read_all(struct samples *samples, int fd)
{
	static char page[PAGE_SIZE];
	unsigned long i;
	uint64_t start;

	for (i = 0; i < NR_PAGES; i++) {
		start = count_now();
		if (pread(fd, page, sizeof(page), i * PAGE_SIZE) != sizeof(page))
			err(1, "pread");
		if (samples)
			samples_add(samples, count_now() - start);
	}
}

/* Is the page cache of the file still where it was allocated? */
static void check_file(int fd, int nid)
{
	struct samples none = {};
	char *area = map(fd);

	touch_all(&none, area, false);
	if (on_node(area, nid) != NR_PAGES)
		errx(1, "only %lu pages of the file are on node %d", on_node(area, nid), nid);
	munmap(area, NR_PAGES * PAGE_SIZE);
}

static int cached_file_on(int nid)
{
	unsigned long mask = 1UL << nid;
	int fd;

	if (set_mempolicy(MPOL_BIND, &mask, sizeof(mask) * 8))
		err(1, "set_mempolicy");
	fd = cached_file(DISK);
	if (set_mempolicy(MPOL_DEFAULT, NULL, 0))
		err(1, "set_mempolicy");
	/* No writeback in between. */
	if (fsync(fd))
		err(1, "fsync");
	return fd;
}

/* Page by page, so that none is passed over as the one that was read last. */
static void measure_read(struct samples *samples, int nid)
{
	int fd = cached_file_on(nid), i;

	check_file(fd, nid);
	for (i = 0; i < WARM_UP; i++)
		read_all(NULL, fd);
	while (samples->nr < samples->wanted)
		read_all(samples, fd);
	check_file(fd, nid);
}

static unsigned long nr_in_memory(char *area)
{
	unsigned char pages[NR_PAGES];
	unsigned long i, nr = 0;

	if (mincore(area, NR_PAGES * PAGE_SIZE, pages))
		err(1, "mincore");
	for (i = 0; i < NR_PAGES; i++)
		nr += pages[i] & 1;
	return nr;
}

/* Text of many words: neither all the same, nor too random to be compressed. */
static void fill(char *area)
{
	unsigned long i, *words = (unsigned long *)area;

	for (i = 0; i < NR_PAGES * PAGE_SIZE / sizeof(*words); i++)
		words[i] = i * i % 251;
}

static void measure_swapin(struct samples *samples)
{
	size_t size = NR_PAGES * PAGE_SIZE;
	int fd = memfd_create("faults", MFD_CLOEXEC);
	char *area;

	if (fd < 0 || ftruncate(fd, size))
		err(1, "memfd");
	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		err(1, "mmap");

	fill(area);
	while (samples->nr < samples->wanted) {
		if (madvise(area, size, MADV_PAGEOUT))
			err(1, "MADV_PAGEOUT");
		if (nr_in_memory(area))
			errx(1, "%lu pages were not swapped out", nr_in_memory(area));
		touch_all(samples, area, false);
	}
}

/* Reclaim takes many pages at a time: a sample is what each of them took. */
static void reclaim_file(struct samples *samples, int reclaim)
{
	unsigned long before = NR_PAGES, after;
	int fd = cached_file_on(SLOW_NODE), tries = RECLAIM_TRIES;
	uint64_t start, count;
	char *area = map(fd);

	while (before && tries--) {
		start = count_now();
		/* That not all of it was found is no error here. */
		if (write(reclaim, RECLAIM_BYTES, strlen(RECLAIM_BYTES)) < 0 && errno != EAGAIN)
			err(1, "memory.reclaim");
		count = count_now() - start;
		after = nr_in_memory(area);
		if (after < before)
			samples_add(samples, count / (before - after));
		before = after;
	}
	if (before == NR_PAGES)
		errx(1, "no page was reclaimed");
	munmap(area, NR_PAGES * PAGE_SIZE);
	close(fd);
}

static void measure_reclaim(struct samples *samples)
{
	int reclaim = open(CGROUP "/memory.reclaim", O_WRONLY);

	if (reclaim < 0)
		err(1, CGROUP);
	while (samples->nr < samples->wanted)
		reclaim_file(samples, reclaim);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of a count that an interrupt fell into, the interrupt is the larger part. */
static double mean(const uint32_t *counts, unsigned long nr)
{
	unsigned long i;
	double sum = 0;

	for (i = 0; i < nr && counts[i] < 2 * counts[nr / 2]; i++)
		sum += counts[i];
	return sum / i;
}

static void report(const char *kind, struct samples *samples)
{
	uint32_t *counts = samples->counts;
	unsigned long nr = samples->nr;

	qsort(counts, nr, sizeof(*counts), compare);
	printf("%s %u %u %u %u %lu %.2f\n", kind, counts[nr / 2], counts[0], counts[nr / 4],
	       counts[nr * 3 / 4], nr, mean(counts, nr));
}

static void measure(struct samples *samples, const char *kind)
{
	if (!strcmp(kind, "loop"))
		measure_loop(samples);
	else if (!strcmp(kind, "anon"))
		measure_mapped(samples, -1);
	else if (!strcmp(kind, "file"))
		measure_mapped(samples, cached_file("/tmp"));
	else if (!strcmp(kind, "hint") || !strcmp(kind, "promote"))
		measure_hint(samples, *kind == 'p');
	else if (!strcmp(kind, "read-fast"))
		measure_read(samples, FAST_NODE);
	else if (!strcmp(kind, "read-slow"))
		measure_read(samples, SLOW_NODE);
	else if (!strcmp(kind, "swapin"))
		measure_swapin(samples);
	else if (!strcmp(kind, "reclaim"))
		measure_reclaim(samples);
	else
		errx(2, "no kind %s", kind);
}

int main(int argc, char **argv)
{
	struct samples samples = {};

	if (argc == 3)
		samples.wanted = strtoul(argv[2], NULL, 10);
	if (!samples.wanted)
		errx(2, "usage: faults KIND COUNT");
	if (!strncmp(argv[1], "read", strlen("read")))
		samples.wanted *= READS;
	samples.counts = calloc(samples.wanted, sizeof(*samples.counts));
	if (!samples.counts)
		err(1, "memory");
	memset(samples.counts, 1, samples.wanted * sizeof(*samples.counts));
	measure_overhead();
	measure(&samples, argv[1]);
	report(argv[1], &samples);

	return 0;
}
