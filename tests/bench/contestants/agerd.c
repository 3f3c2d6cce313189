// SPDX-License-Identifier: GPL-2.0-only
/*
 * agerd: find out by idle page tracking which regions of processes are in use, and move with
 * move_pages() what has been active, or idle, for a while. agerd.sh says whose design this is.
 * One thread scans and decides, another one moves.
 *
 * It differs from that design where it had to guess or could do better: all processes are watched
 * but init and itself; a region has to have a fifth of its pages elsewhere to be moved, whatever
 * its size; tail pages of huge pages, whose idle flag means nothing, do not count as accessed.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kernel-page-flags.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE		 4096UL
#define MAX_REGION_PAGES 512
#define WORD_BITS	 64
#define MOVE_FRACTION	 5
#define PFN_MASK	 ((1ULL << 55) - 1)
#define PAGE_PRESENT	 (1ULL << 63)

enum { FAST, SLOW };

struct region {
	pid_t pid;
	uintptr_t addr;
	unsigned int pages;
	bool seen_before; /* idle flags of its pages are our own */
	bool changed; /* since the last decision */
	uint64_t rounds; /* one bit per decision, the last one is bit 0 */
	uint64_t last_changed_ms;
};

struct task {
	pid_t pid;
	int node;
	unsigned int nr, done;
	void *pages[MAX_REGION_PAGES];
};

static struct {
	unsigned int region_pages, scan_ms, interval_ms, idle_ms, active_ms, mover_ms,
		bandwidth_mbps;
} config = { 512, 4000, 5000, 8000, 6000, 20, 200 };

static struct region *regions, *old_regions;
static size_t nr_regions, nr_old, next_old, max_regions;
static struct task *tasks;
static size_t nr_tasks, next_task, max_tasks;
static uint64_t moved[2], failed[2], scans;
static int idle_fd, flags_fd;
static volatile sig_atomic_t stopped;
static pthread_mutex_t tasks_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* --- idle flags, 64 pages at a time --- */

static struct {
	uint64_t number, idle, set;
	bool valid;
} word;

static void word_flush(void)
{
	if (word.valid && word.set)
		(void)!pwrite(idle_fd, &word.set, sizeof(word.set), word.number * sizeof(word.set));
	word.valid = false;
	word.set = 0;
}

static bool is_idle(uint64_t pfn)
{
	uint64_t number = pfn / WORD_BITS;

	if (!word.valid || word.number != number) {
		word_flush();
		word.number = number;
		word.valid = pread(idle_fd, &word.idle, sizeof(word.idle),
				   number * sizeof(word.idle)) == sizeof(word.idle);
	}
	return word.valid && word.idle & 1ULL << pfn % WORD_BITS;
}

static void set_idle(uint64_t pfn)
{
	word.set |= 1ULL << pfn % WORD_BITS;
}

/* The idle flag of what is not on an LRU list, or not the head of its folio, is always clear. */
static bool flag_means_something(uint64_t pfn)
{
	uint64_t flags = 0;

	if (pread(flags_fd, &flags, sizeof(flags), pfn * sizeof(flags)) != sizeof(flags))
		return false;
	return flags & 1ULL << KPF_LRU && !(flags & 1ULL << KPF_COMPOUND_TAIL);
}

/* --- scan --- */

/* One page that was accessed is enough; all of them begin as idle for the next scan. */
static bool region_accessed(struct region *region, int pagemap)
{
	uint64_t entries[MAX_REGION_PAGES], pfn;
	ssize_t bytes = pread(pagemap, entries, region->pages * sizeof(*entries),
			      region->addr / PAGE * sizeof(*entries));
	bool accessed = false;
	unsigned int i;

	for (i = 0; i < bytes / (ssize_t)sizeof(*entries); i++) {
		pfn = entries[i] & PFN_MASK;
		if (!(entries[i] & PAGE_PRESENT) || is_idle(pfn))
			continue;
		set_idle(pfn);
		if (region->seen_before && !accessed)
			accessed = flag_means_something(pfn);
	}
	return accessed;
}

static void *grow(void *array, size_t nr, size_t *max, size_t size)
{
	if (nr < *max)
		return array;
	*max = *max ? *max * 2 : 1024;
	array = realloc(array, *max * size);
	if (!array)
		err(1, "memory");
	return array;
}

/* Both lists are sorted by process and address. */
static void add_region(pid_t pid, uintptr_t addr, unsigned int pages, int pagemap)
{
	struct region *region, *old;

	regions = grow(regions, nr_regions, &max_regions, sizeof(*regions));
	region = &regions[nr_regions++];
	*region = (struct region){ .pid = pid, .addr = addr, .pages = pages };
	region->last_changed_ms = now_ms();
	while (next_old < nr_old) {
		old = &old_regions[next_old];
		if (old->pid == pid && old->addr == addr) {
			*region = *old;
			region->pages = pages;
			break;
		}
		if (old->pid > pid || (old->pid == pid && old->addr > addr))
			break;
		next_old++;
	}
	if (region_accessed(region, pagemap)) {
		region->changed = true;
		region->last_changed_ms = now_ms();
	}
	region->seen_before = true;
}

static void scan_process(pid_t pid)
{
	unsigned long first, last, step = config.region_pages * PAGE;
	char path[64], line[512];
	FILE *maps;
	int pagemap;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	while (maps && pagemap >= 0 && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &first, &last) != 2 || strstr(line, "[v"))
			continue;
		for (; first < last; first += step)
			add_region(pid, first, (last - first < step ? last - first : step) / PAGE,
				   pagemap);
	}
	if (maps)
		fclose(maps);
	if (pagemap >= 0)
		close(pagemap);
}

static void scan(void)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	pid_t pid;

	free(old_regions);
	old_regions = regions;
	nr_old = nr_regions;
	regions = NULL;
	nr_regions = 0;
	max_regions = 0;
	next_old = 0;
	while (proc && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		if (isdigit(entry->d_name[0]) && pid > 1 && pid != getpid())
			scan_process(pid);
	}
	if (proc)
		closedir(proc);
	word_flush();
	scans++;
}

/* --- decide --- */

static void add_task(const struct region *region, int node)
{
	int status[MAX_REGION_PAGES];
	void *pages[MAX_REGION_PAGES];
	struct task *task;
	unsigned int i;

	for (i = 0; i < region->pages; i++)
		pages[i] = (void *)(region->addr + i * PAGE);
	if (syscall(SYS_move_pages, region->pid, (unsigned long)region->pages, pages, NULL, status,
		    0))
		return;
	tasks = grow(tasks, nr_tasks, &max_tasks, sizeof(*tasks));
	task = &tasks[nr_tasks];
	*task = (struct task){ .pid = region->pid, .node = node };
	for (i = 0; i < region->pages; i++)
		if (status[i] >= 0 && status[i] != node)
			task->pages[task->nr++] = pages[i];
	if (task->nr > region->pages / MOVE_FRACTION)
		nr_tasks++;
}

static bool is_active(const struct region *region)
{
	unsigned int rounds = config.active_ms / config.interval_ms + 1;
	uint64_t mask = (2ULL << (rounds - 1)) - 1;

	return (region->rounds & mask) == mask;
}

/* New work only when the old is done, and room is made before it is filled. */
static void decide_locked(void)
{
	uint64_t now = now_ms();
	size_t i;

	for (i = 0; i < nr_regions; i++) {
		regions[i].rounds = regions[i].rounds << 1 | regions[i].changed;
		regions[i].changed = false;
	}
	if (next_task < nr_tasks)
		return;
	nr_tasks = 0;
	next_task = 0;
	for (i = 0; i < nr_regions; i++)
		if (regions[i].last_changed_ms + config.idle_ms < now)
			add_task(&regions[i], SLOW);
	if (nr_tasks)
		return;
	for (i = 0; i < nr_regions; i++)
		if (is_active(&regions[i]))
			add_task(&regions[i], FAST);
}

static void decide(void)
{
	pthread_mutex_lock(&tasks_lock);
	decide_locked();
	pthread_mutex_unlock(&tasks_lock);
}

/* --- move --- */

static void move_some(struct task *task, unsigned int nr)
{
	int nodes[MAX_REGION_PAGES], status[MAX_REGION_PAGES];
	unsigned int i, there = 0;

	for (i = 0; i < nr; i++) {
		nodes[i] = task->node;
		status[i] = -1;
	}
	if (syscall(SYS_move_pages, task->pid, (unsigned long)nr, task->pages + task->done, nodes,
		    status, MPOL_MF_MOVE) >= 0)
		for (i = 0; i < nr; i++)
			there += status[i] == task->node;
	moved[task->node] += there;
	failed[task->node] += nr - there;
	task->done += nr;
}

static void move_step(void)
{
	uint64_t pages = (uint64_t)config.bandwidth_mbps * 1000 * config.mover_ms / PAGE;
	struct task *task;
	unsigned int nr;

	while (pages && next_task < nr_tasks) {
		task = &tasks[next_task];
		nr = task->nr - task->done;
		if (nr > pages)
			nr = pages;
		move_some(task, nr);
		pages -= nr;
		if (task->done == task->nr)
			next_task++;
	}
}

static void *mover(void *arg)
{
	(void)arg;
	while (!stopped) {
		usleep(config.mover_ms * 1000);
		pthread_mutex_lock(&tasks_lock);
		move_step();
		pthread_mutex_unlock(&tasks_lock);
	}
	return NULL;
}

/* --- main --- */

static void stop(int signal)
{
	(void)signal;
	stopped = true;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "region-pages", required_argument, NULL, 0 },
		{ "scan-ms", required_argument, NULL, 0 },
		{ "interval-ms", required_argument, NULL, 0 },
		{ "idle-ms", required_argument, NULL, 0 },
		{ "active-ms", required_argument, NULL, 0 },
		{ "mover-ms", required_argument, NULL, 0 },
		{ "bandwidth-mbps", required_argument, NULL, 0 },
		{},
	};
	unsigned int *const values[] = {
		&config.region_pages, &config.scan_ms,	&config.interval_ms,	&config.idle_ms,
		&config.active_ms,    &config.mover_ms, &config.bandwidth_mbps,
	};
	int index;

	while (!getopt_long(argc, argv, "", options, &index))
		*values[index] = strtoul(optarg, NULL, 10);
	if (optind < argc || !config.region_pages || config.region_pages > MAX_REGION_PAGES ||
	    !config.scan_ms || !config.interval_ms || !config.mover_ms ||
	    config.active_ms / config.interval_ms >= WORD_BITS)
		errx(2, "bad settings; see agerd.sh");
}

static void run(void)
{
	uint64_t now = now_ms(), next_scan = now, next_decision = now + config.interval_ms, until;

	while (!stopped) {
		now = now_ms();
		if (now >= next_scan) {
			scan();
			next_scan = now + config.scan_ms;
		}
		if (now >= next_decision) {
			decide();
			next_decision = now + config.interval_ms;
		}
		until = next_scan < next_decision ? next_scan : next_decision;
		now = now_ms();
		if (until > now && !stopped)
			usleep((until - now) * 1000);
	}
}

static void print_number(const char *name, uint64_t value)
{
	const char *comma = *name == ',' ? "," : "";

	printf("%s\"%s\":%llu", comma, name + strlen(comma), (unsigned long long)value);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	parse(argc, argv);
	signal(SIGTERM, stop);
	idle_fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (idle_fd < 0 || flags_fd < 0)
		err(1, "idle page tracking");
	if (pthread_create(&thread, NULL, mover, NULL))
		errx(1, "no thread");
	run();
	pthread_join(thread, NULL);
	print_number("scans", scans);
	print_number(",regions", nr_regions);
	print_number(",promoted_pages", moved[FAST]);
	print_number(",demoted_pages", moved[SLOW]);
	print_number(",failed_promotions", failed[FAST]);
	print_number(",failed_demotions", failed[SLOW]);

	return 0;
}
