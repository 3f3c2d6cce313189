// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migrate on fault among everything else that can happen to a page: truncation,
 * unmapping, fork, exit, reclaim and other faults. What the pages hold is checked
 * all along, and at the end nothing is left isolated.
 *
 * TIERX_STORM_SECONDS sets how long each storm takes; 5 by default.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "progs/placer.h"
#include "tierx_file.h"
#include "tierx_probe.h"

#define PAGES	   1024
#define WINDOW	   64
#define ANON_PAGES 256
#define EXT4_BYTES (64 << 20)
#define SWAP_BYTES (128 << 20)
#define MIN_MOVES  500
#define MAX_MS	   60000
#define WORDS	   (TIERX_PAGE / sizeof(uint64_t))

/* In memory that all workers share. */
struct storm {
	volatile int stop;
	volatile uint64_t checked;
	volatile uint64_t bus_errors;
	const char *cgroup;
	int fd;
};

static struct storm *storm;
static struct tierx_policy *policy;
static volatile struct placer *placer;

static unsigned int storm_seconds(void)
{
	return tierx_env("TIERX_STORM_SECONDS", 5);
}

/* --- what is in the file --- */

static uint64_t word(size_t page, size_t i)
{
	return (page + 1) * 0x9e3779b97f4a7c15ULL ^ i;
}

static void fill_page(uint64_t *words, size_t page)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		words[i] = word(page, i);
}

/* A page that was truncated, and is just being written again, has holes. */
static bool page_ok(const volatile uint64_t *words, size_t page)
{
	uint64_t found;
	size_t i;

	for (i = 0; i < WORDS; i += 37) {
		found = words[i];
		if (found && found != word(page, i))
			return false;
	}
	__atomic_fetch_add(&storm->checked, 1, __ATOMIC_RELAXED);
	return true;
}

static void write_pages(int fd, size_t first, size_t nr)
{
	uint64_t words[WORDS];
	size_t page;

	for (page = first; page < first + nr; page++) {
		fill_page(words, page);
		if (pwrite(fd, words, sizeof(words), page * TIERX_PAGE) != sizeof(words))
			_exit(10);
	}
}

/* --- workers: each returns 0 when the storm is over --- */

static sigjmp_buf after_bus_error;

static void bus_error(int signal)
{
	(void)signal;
	__atomic_fetch_add(&storm->bus_errors, 1, __ATOMIC_RELAXED);
	siglongjmp(after_bus_error, 1);
}

static int check_pages(uint64_t *words, size_t first, bool write)
{
	size_t i;

	for (i = 0; i < WINDOW; i++) {
		if (write)
			fill_page(words + i * WORDS, first + i);
		else if (!page_ok(words + i * WORDS, first + i))
			return 12;
	}
	return 0;
}

/* As far as the file goes: it is truncated now and then. */
static int check_up_to_the_end(uint64_t *words, size_t first, bool write)
{
	if (sigsetjmp(after_bus_error, 1))
		return 0;
	return check_pages(words, first, write);
}

/* Map a few pages anywhere, look at them, unmap them. */
static int check_window(int flags, bool write)
{
	size_t first = random() % (PAGES - WINDOW);
	uint64_t *words;
	int err;

	words = mmap(NULL, WINDOW * TIERX_PAGE, PROT_READ | PROT_WRITE, flags, storm->fd,
		     first * TIERX_PAGE);
	if (words == MAP_FAILED)
		return 11;
	err = check_up_to_the_end(words, first, write);
	munmap(words, WINDOW * TIERX_PAGE);
	return err;
}

static int run_windows(int flags, bool write)
{
	int err = 0;

	srandom(getpid());
	signal(SIGBUS, bus_error);
	while (!storm->stop && !err)
		err = check_window(flags, write);
	return err;
}

static int read_shared(void *arg)
{
	(void)arg;
	return run_windows(MAP_SHARED, false);
}

static int read_private(void *arg)
{
	(void)arg;
	return run_windows(MAP_PRIVATE, false);
}

static int write_shared(void *arg)
{
	(void)arg;
	return run_windows(MAP_SHARED, true);
}

static int write_private(void *arg)
{
	(void)arg;
	return run_windows(MAP_PRIVATE, true);
}

static int truncate_file(void *arg)
{
	(void)arg;
	while (!storm->stop) {
		if (ftruncate(storm->fd, PAGES / 2 * TIERX_PAGE) ||
		    ftruncate(storm->fd, PAGES * TIERX_PAGE))
			return 13;
		write_pages(storm->fd, PAGES / 2, PAGES / 2);
		usleep(20000);
	}
	return 0;
}

/* Move what is there of a few mapped pages to the slow node. */
static void move_away(char *addr)
{
	int nodes[WINDOW], status[WINDOW], i;
	void *pages[WINDOW];

	for (i = 0; i < WINDOW; i++) {
		pages[i] = addr + i * TIERX_PAGE;
		nodes[i] = tierx_slow_node();
	}
	syscall(SYS_move_pages, 0, (unsigned long)WINDOW, pages, nodes, status, MPOL_MF_MOVE_ALL);
}

/* See to it that there is something to move. */
static int misplace(void *arg)
{
	size_t first;
	int err = 0;
	char *addr;

	(void)arg;
	srandom(getpid());
	signal(SIGBUS, bus_error);
	while (!storm->stop && !err) {
		first = random() % (PAGES - WINDOW);
		addr = mmap(NULL, WINDOW * TIERX_PAGE, PROT_READ, MAP_SHARED, storm->fd,
			    first * TIERX_PAGE);
		if (addr == MAP_FAILED)
			return 14;
		err = check_up_to_the_end((uint64_t *)addr, first, false);
		move_away(addr);
		munmap(addr, WINDOW * TIERX_PAGE);
	}
	return err;
}

/* Children that touch what they share, and are gone in the middle of it. */
static int fork_and_exit(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	while (!storm->stop) {
		pid = fork();
		if (pid < 0)
			return 15;
		if (!pid)
			_exit(check_window(MAP_SHARED, false));
		usleep(random() % 5000);
		if (random() % 2)
			kill(pid, SIGKILL);
		if (waitpid(pid, &status, 0) != pid)
			return 16;
		if (WIFEXITED(status) && WEXITSTATUS(status))
			return WEXITSTATUS(status);
	}
	return 0;
}

static int reclaim(void *arg)
{
	(void)arg;
	while (!storm->stop) {
		tierx_cgroup_reclaim(storm->cgroup, 1 << 20);
		usleep(10000);
	}
	return 0;
}

static bool anon_ok(const uint64_t *words)
{
	size_t page;

	for (page = 0; page < ANON_PAGES; page++)
		if (!page_ok(words + page * WORDS, page))
			return false;
	return true;
}

/* Memory that is shared by fork, and goes to swap and back. */
static int swap_and_fork(void *arg)
{
	uint64_t *words = mmap(NULL, ANON_PAGES * TIERX_PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t page;
	int status;
	pid_t pid;

	(void)arg;
	if (words == MAP_FAILED)
		return 17;
	for (page = 0; page < ANON_PAGES; page++)
		fill_page(words + page * WORDS, page);
	while (!storm->stop) {
		pid = fork();
		if (pid < 0)
			return 18;
		if (!pid) {
			/* What it swaps in is on the slow node when it is gone. */
			tierx_bind(tierx_slow_node());
			_exit(anon_ok(words) ? 0 : 19);
		}
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
			return 19;
		if (!anon_ok(words))
			return 20;
	}
	return 0;
}

/* --- the storm --- */

static int (*const workers[])(void *arg) = {
	read_shared, read_shared,   read_private,  write_shared, write_private, misplace,
	misplace,    truncate_file, fork_and_exit, reclaim,	 swap_and_fork,
};

static void place(void)
{
	policy = tierx_open("placer");
	placer = tierx_global(policy, "placer");
	placer->pid = 0;
	placer->verdict = tierx_fast_node();
	tierx_start(policy);
}

static void stop_storm(void *arg)
{
	(void)arg;
	storm->stop = 1;
}

static void storm_on(const char *dir)
{
	pid_t pids[TIERX_ARRAY_SIZE(workers)];
	char path[PATH_MAX];
	size_t i;

	storm = tierx_map_shared(sizeof(*storm), -1);
	tierx_defer(stop_storm, NULL);
	tierx_set_demotion(false);
	tierx_swap_start(SWAP_BYTES);
	storm->cgroup = tierx_cgroup_enter("tierx-storm");
	snprintf(path, sizeof(path), "%s/file", dir);
	storm->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_GE(storm->fd, 0);
	write_pages(storm->fd, 0, PAGES);

	place();
	for (i = 0; i < TIERX_ARRAY_SIZE(workers); i++)
		pids[i] = tierx_fork(workers[i], NULL);
	tierx_sleep_ms(storm_seconds() * 1000);
	/* A kernel full of checks needs longer until it is worth the name. */
	ASSERT_WAIT(tierx_event("fault_in") > MIN_MOVES &&
			    tierx_event("promoted_pages") > MIN_MOVES,
		    MAX_MS);
	storm->stop = 1;
	for (i = 0; i < TIERX_ARRAY_SIZE(workers); i++)
		ASSERT_EQ(tierx_wait_child(pids[i], 30000), 0);
	close(storm->fd);

	tierx_note("%llu pages checked, %llu asked about, %llu moved, %llu not possible",
		   (unsigned long long)storm->checked, (unsigned long long)tierx_event("fault_in"),
		   (unsigned long long)tierx_event("promoted_pages"),
		   (unsigned long long)tierx_event("fault_in_failed"));
	ASSERT_GT(storm->checked, 1000);
	ASSERT_EQ(tierx_event("bad_verdict"), 0);
	tierx_detach(policy);
	ASSERT_WAIT(!tierx_vmstat("nr_isolated_anon") && !tierx_vmstat("nr_isolated_file"), 10000);
}

static void a6_storm_tmpfs(void)
{
	storm_on(tierx_mount_tmpfs(""));
}

static void a6_storm_tmpfs_huge(void)
{
	storm_on(tierx_mount_tmpfs("huge=always"));
}

static void a6_storm_ext4(void)
{
	storm_on(tierx_mount_ext4(EXT4_BYTES));
}

static const struct tierx_test tests[] = {
	TIERX_TEST(a6_storm_tmpfs, "a storm on tmpfs and swap: contents hold"),
	TIERX_TEST(a6_storm_tmpfs_huge, "on tmpfs with huge pages"),
	TIERX_TEST(a6_storm_ext4, "on ext4"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
