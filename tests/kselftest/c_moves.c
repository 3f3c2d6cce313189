// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tiers that are managed from outside of the kernel's own rules: pages move by
 * PFN though nobody has mapped them, reclaim demotes, and applications notice
 * nothing of it.
 */
#include <sys/mman.h>

#include "tierx_file.h"
#include "tierx_mover.h"
#include "tierx_probe.h"

#define PAGES	   512
#define ROUNDS	   10
#define EXT4_BYTES (64 << 20)
#define SWAP_BYTES (64 << 20)
#define SEED	   1
/* No multiple of what the kernel puts on an LRU list at a time; too little to be thrashing. */
#define BACK_PAGES  110
#define BACK_ROUNDS 8

/* --- C5: page cache and tmpfs that nobody has mapped --- */

static void move_unmapped(const char *dir)
{
	struct tierx_file *file = tierx_file_create(dir, PAGES, tierx_slow_node());
	struct tierx_mover *mover = tierx_mover_open();
	size_t i;

	tierx_mover_start(mover);
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	for (i = 0; i < PAGES; i++)
		mover->wanted[i] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(&file->mem, i),
			.nid = tierx_fast_node(),
		};
	tierx_file_unmap(file);
	tierx_mover_run(mover, PAGES, 30000);
	ASSERT_EQ(tierx_event("promoted_pages"), PAGES);
	ASSERT_EQ(tierx_file_count(file, tierx_fast_node()), PAGES);
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	ASSERT_EQ(tierx_file_verify(file, SEED), 0);
}

static void c5_unmapped_ext4(void)
{
	move_unmapped(tierx_mount_ext4(EXT4_BYTES));
}

static void c5_unmapped_tmpfs(void)
{
	move_unmapped(tierx_mount_tmpfs(""));
}

/* --- C6: reclaim demotes under pressure --- */

static void c6_demotes(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	const char *cgroup = tierx_cgroup_enter("tierx-c6");
	struct tierx_mem *mem = tierx_mem_alloc(PAGES, tierx_fast_node());

	tierx_mem_fill(mem, SEED);
	tierx_drain_lru();
	tierx_set_demotion(true);
	probe->reclaim = TIERX_DEMOTE;
	tierx_start(policy);
	ASSERT_WAIT((tierx_cgroup_reclaim(cgroup, PAGES / 2 * TIERX_PAGE),
		     tierx_mem_count(mem, tierx_slow_node()) > PAGES / 2),
		    10000);
	ASSERT_GE(tierx_event("demoted_pages"), PAGES / 2);
	ASSERT_EQ(tierx_mem_verify(mem, SEED), 0);
}

/* --- C7: applications notice nothing --- */

/* Reads and writes memory and a file, and checks every page, until it is told to stop. */
struct application {
	volatile int stop;
	volatile int ready;
	volatile uint64_t rounds;
	struct tierx_mem *mem;
	struct tierx_file *file;
};

static int run_application(void *arg)
{
	struct application *app = arg;

	while (!app->stop) {
		tierx_mem_touch(app->mem, true);
		if (tierx_mem_verify(app->mem, SEED))
			return 1;
		tierx_mem_touch(&app->file->mem, true);
		if (tierx_file_verify(app->file, SEED))
			return 2;
		app->rounds++;
	}
	return 0;
}

/* Its pages as this process sees them: both map the same. */
static void move_all(struct tierx_mover *mover, struct application *app, int node)
{
	tierx_mover_pages(mover, app->mem, 0, PAGES, 1, node);
	tierx_mover_pages(mover, &app->file->mem, 0, PAGES, 1, node);
}

static void c7_unnoticed(void)
{
	struct tierx_mover *mover = tierx_mover_open();
	struct application *app;
	pid_t child;
	int i;

	app = tierx_map_shared(TIERX_PAGE, -1);
	app->mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	tierx_mem_fill(app->mem, SEED);
	app->file = tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	tierx_file_map(app->file, PROT_READ | PROT_WRITE, MAP_SHARED);
	tierx_file_touch(app->file, false);
	tierx_mover_start(mover);
	child = tierx_fork(run_application, app);
	ASSERT_WAIT(app->rounds > 0, 20000);
	for (i = 0; i < ROUNDS; i++) {
		/* What comes back at once is ping-pong, for which a policy is ejected. */
		if (i % 2)
			tierx_sleep_ms(2500);
		move_all(mover, app, i % 2 ? tierx_slow_node() : tierx_fast_node());
	}
	app->stop = 1;
	/* It has found what it had written, and was not killed. */
	ASSERT_EQ(tierx_wait_child(child, 30000), 0);
	ASSERT_GT(tierx_event("promoted_pages"), PAGES);
	ASSERT_GT(tierx_event("demoted_pages"), PAGES);
	ASSERT_EQ(tierx_mem_verify(app->mem, SEED), 0);
	ASSERT_EQ(tierx_file_verify(app->file, SEED), 0);
	munmap(app, TIERX_PAGE);
}

/* --- what has just come can go back --- */

static void back_at_once(void)
{
	struct tierx_mover *mover = tierx_mover_open();
	struct tierx_mem *mem = tierx_mem_alloc(BACK_PAGES, tierx_slow_node());
	int i;

	tierx_mem_fill(mem, SEED);
	tierx_mover_start(mover);
	for (i = 0; i < BACK_ROUNDS; i++) {
		tierx_mover_pages(mover, mem, 0, BACK_PAGES, 1, tierx_fast_node());
		tierx_mover_pages(mover, mem, 0, BACK_PAGES, 1, tierx_slow_node());
	}
	ASSERT_EQ(tierx_event("move_failed"), 0);
	ASSERT_EQ(tierx_event("promoted_pages"), BACK_ROUNDS * BACK_PAGES);
	ASSERT_EQ(tierx_event("demoted_pages"), BACK_ROUNDS * BACK_PAGES);
	ASSERT_EQ(tierx_mem_verify(mem, SEED), 0);
}

/* --- B3: whoever is swapped in asks no policy --- */

static void b3_swap_in(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	const char *cgroup;
	struct tierx_file *file;

	tierx_set_demotion(false);
	tierx_swap_start(SWAP_BYTES);
	cgroup = tierx_cgroup_enter("tierx-b3");
	file = tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	tierx_cgroup_reclaim(cgroup, 256 << 20);
	tierx_start(policy);
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	ASSERT_EQ(tierx_file_verify(file, SEED), 0);
	ASSERT_EQ(tierx_event("fault_in") + tierx_event("access") + tierx_event("scan_vma"), 0);
	ASSERT_EQ(probe->nr_hint_fault, 0);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(b3_swap_in, "a swap-in asks a policy nothing"),
	TIERX_TEST(c5_unmapped_ext4, "unmapped page cache moves by PFN: ext4"),
	TIERX_TEST(c5_unmapped_tmpfs, "unmapped page cache moves by PFN: tmpfs"),
	TIERX_TEST(c6_demotes, "reclaim demotes when the policy says so, and contents hold"),
	TIERX_TEST(back_at_once, "pages that have just moved can move back at once"),
	TIERX_TEST(c7_unnoticed, "an application whose pages move all the time notices nothing"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
