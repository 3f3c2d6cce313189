// SPDX-License-Identifier: GPL-2.0-only
/*
 * Four policies take turns under load and hand on what they know; and swaps
 * race with everything else that can end a policy, or change what it governs.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "progs/f_swap.h"
#include "tierx_hostile.h"
#include "tierx_hotplug.h"
#include "tierx_prog.h"

#define NR_SWAPS	2000
#define STORM_PAGES	4096
#define STORM_THREADS	2
#define MARKED_PAGES	256
#define FIRST_MARK	1000
#define MOVE_AT_ONCE	8
#define MIN_FAULTS	2000
#define DEFAULT_SECONDS 3
#define LOADER_MS	400
#define END_MS		10000
#define CGROUP		"/sys/fs/cgroup/tierx-swap"
#define ABORT		"/sys/kernel/mm/tier_ext/abort"

static struct {
	struct tierx_policy *policies[F_SWAP_POLICIES];
	volatile struct f_swap_counters *counters;
	uint64_t *marks;
} four;

static unsigned int seconds(void)
{
	return tierx_env("TIERX_SWAP_SECONDS", DEFAULT_SECONDS);
}

/* --- four policies that share their maps --- */

static struct bpf_map *map_of(struct tierx_policy *policy, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(tierx_object(policy), name);

	ASSERT(map);
	return map;
}

static void share_map(struct tierx_policy *policy, struct tierx_policy *first, const char *name)
{
	int fd = bpf_map__fd(map_of(first, name));

	ASSERT_EQ(bpf_map__reuse_fd(map_of(policy, name), fd), 0);
}

static void *map_contents(struct tierx_policy *policy, const char *name, size_t size)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  bpf_map__fd(map_of(policy, name)), 0);

	ASSERT_NE((intptr_t)addr, (intptr_t)MAP_FAILED);
	return addr;
}

/* All loaded, none attached. */
static void open_four(uint64_t cgroup_id)
{
	struct tierx_policy **policies = four.policies;
	char name[16];
	int i;

	for (i = 0; i < F_SWAP_POLICIES; i++) {
		policies[i] = tierx_open("f_swap");
		snprintf(name, sizeof(name), "turn_%d", i);
		tierx_rename(policies[i], name);
		tierx_field_set(policies[i], "cgroup_id", cgroup_id);
		*(uint32_t *)tierx_global(policies[i], "self") = i;
		tierx_size_by_pfn(policies[i], "marks");
		if (i) {
			share_map(policies[i], policies[0], "counters");
			share_map(policies[i], policies[0], "marks");
		}
		tierx_must_load(policies[i]);
	}
	/* Grace periods are most of what a swap takes. */
	tierx_set("/sys/kernel/rcu_expedited", "1");
	four.counters = map_contents(policies[0], "counters", sizeof(*four.counters));
	four.marks = map_contents(policies[0], "marks", tierx_max_pfn() * sizeof(*four.marks));
}

static void mark_pages(struct tierx_mem *mem)
{
	size_t page;

	for (page = 0; page < mem->pages; page++)
		four.marks[tierx_mem_pfn(mem, page)] = FIRST_MARK + page;
}

static size_t lost_marks(struct tierx_mem *mem)
{
	size_t page, lost = 0;

	for (page = 0; page < mem->pages; page++)
		lost += four.marks[tierx_mem_pfn(mem, page)] != FIRST_MARK + page;
	return lost;
}

/* Some pages go to the other node while the policy is replaced. */
static void move_some(struct tierx_mem *mem, int step)
{
	size_t first = step * MOVE_AT_ONCE % mem->pages;
	struct tierx_mem some = { mem->addr + first * TIERX_PAGE, MOVE_AT_ONCE };
	int slow = tierx_slow_node();

	tierx_mem_move(&some, tierx_mem_node(&some, 0) == slow ? tierx_fast_node() : slow);
}

static void expect_marks(struct tierx_mem *mem)
{
	size_t lost = lost_marks(mem), wrong = tierx_mem_verify(mem, 1);

	tierx_tell("bytes_verified", mem->pages * TIERX_PAGE);
	tierx_tell("lost_or_wrong", lost + wrong);
	ASSERT_EQ(lost, 0);
	ASSERT_EQ(wrong, 0);
}

static void kept(void)
{
	uint64_t seq, promoted, faults = 0, before, sum = 0, start;
	struct tierx_storm *storm;
	struct tierx_mem *mem;
	int i;

	tierx_set_all_hot();
	open_four(0);
	ASSERT_EQ(tierx_attach(four.policies[0]), 0);
	mem = tierx_mem_alloc(MARKED_PAGES, tierx_slow_node());
	tierx_mem_fill(mem, 1);
	mark_pages(mem);
	storm = tierx_storm_start(STORM_PAGES, STORM_THREADS);
	promoted = tierx_vmstat("pgpromote_success");
	seq = tierx_sys_nr("switch_seq");
	ASSERT_WAIT(four.counters->faults > 0, 30000);

	start = tierx_now_ms();
	for (i = 0; i < NR_SWAPS; i++) {
		ASSERT_EQ(tierx_swap(four.policies[i % F_SWAP_POLICIES],
				     four.policies[(i + 1) % F_SWAP_POLICIES]),
			  0);
		before = faults;
		faults = four.counters->faults;
		ASSERT_GE(faults, before);
		if (i % 10 == 0)
			move_some(mem, i / 10);
	}
	tierx_note("%d swaps in %llu ms", NR_SWAPS, (unsigned long long)(tierx_now_ms() - start));
	ASSERT_WAIT(four.counters->faults >= MIN_FAULTS, 30000);
	tierx_storm_stop(storm);

	for (i = 0; i < F_SWAP_POLICIES; i++) {
		ASSERT_GT(four.counters->by_policy[i], 0);
		sum += four.counters->by_policy[i];
	}
	tierx_tell("swaps", NR_SWAPS);
	ASSERT_EQ(sum, four.counters->faults);
	ASSERT_EQ(tierx_event("hint_fault"), four.counters->faults);
	ASSERT_EQ(tierx_event("bypassed"), 0);
	ASSERT_EQ(four.counters->inits, NR_SWAPS + 1);
	ASSERT_EQ(tierx_sys_nr("switch_seq"), seq + NR_SWAPS);
	ASSERT_EQ(tierx_vmstat("pgpromote_success"), promoted);
	expect_marks(mem);
}

/* --- somebody swaps all the time --- */

static struct {
	pthread_t thread;
	bool stop;
	int link;
	uint64_t swapped, ended;
	int unexpected;
} swapper;

static void *swap_on(void *unused)
{
	unsigned int seed = 1, next;
	int err;

	while (!__atomic_load_n(&swapper.stop, __ATOMIC_RELAXED)) {
		next = rand_r(&seed) % F_SWAP_POLICIES;
		err = bpf_link_update(__atomic_load_n(&swapper.link, __ATOMIC_RELAXED),
				      bpf_map__fd(tierx_ops_map(four.policies[next])), NULL);
		if (!err) {
			swapper.swapped++;
			continue;
		}
		swapper.ended++;
		if (err != -ENOLINK && err != -EBADF)
			swapper.unexpected = err;
		tierx_sleep_ms(1);
	}
	return unused;
}

static void swapper_stop(void *unused __attribute__((unused)))
{
	if (!swapper.thread)
		return;
	__atomic_store_n(&swapper.stop, true, __ATOMIC_RELAXED);
	pthread_join(swapper.thread, NULL);
	swapper.thread = 0;
}

static void attach_first(void)
{
	ASSERT_EQ(tierx_attach(four.policies[0]), 0);
	__atomic_store_n(&swapper.link, tierx_link_fd(four.policies[0]), __ATOMIC_RELAXED);
}

/* A map is, once it was attached by means of libbpf. */
static void make_ready(void)
{
	int i;

	for (i = 0; i < F_SWAP_POLICIES; i++)
		ASSERT_EQ(tierx_swap(four.policies[i], four.policies[(i + 1) % F_SWAP_POLICIES]),
			  0);
}

/* The link may have gone over to any of them by now; the harness does not know. */
static void close_link(void)
{
	__atomic_store_n(&swapper.link, -1, __ATOMIC_RELAXED);
	tierx_detach(four.policies[0]);
	/* A swap that is under way has a reference, and ends the policy when it is done. */
	ASSERT_WAIT(!tierx_enabled(), END_MS);
}

static void swapper_start(void)
{
	memset(&swapper, 0, sizeof(swapper));
	swapper.link = tierx_link_fd(four.policies[0]);
	ASSERT_EQ(pthread_create(&swapper.thread, NULL, swap_on, NULL), 0);
	tierx_defer(swapper_stop, NULL);
}

/* @must_end: swaps must have come too late now and then. */
static void expect_clean(bool must_end)
{
	swapper_stop(NULL);
	close_link();
	tierx_tell("swaps", swapper.swapped);
	tierx_tell("load_seconds", seconds());
	tierx_note("%llu swaps, %llu of what had ended", (unsigned long long)swapper.swapped,
		   (unsigned long long)swapper.ended);
	ASSERT_EQ(swapper.unexpected, 0);
	ASSERT_GT(swapper.swapped, 10);
	if (must_end)
		ASSERT_GT(swapper.ended, 0);
	tierx_expect_no_policy();
	ASSERT_EQ(tierx_attach(four.policies[1]), 0);
	tierx_detach(four.policies[1]);
	tierx_expect_no_policy();
}

static void race(void (*against)(void))
{
	uint64_t end = tierx_now_ms() + 1000ULL * seconds();

	while (tierx_now_ms() < end) {
		against();
		tierx_sleep_ms(rand() % 50);
	}
}

static void prepare_race(void)
{
	tierx_set_all_hot();
	open_four(0);
	attach_first();
	make_ready();
	tierx_storm_start(STORM_PAGES, STORM_THREADS);
	swapper_start();
}

static void unload(void)
{
	if (rand() & 1)
		ASSERT_EQ(bpf_link_detach(swapper.link), 0);
	close_link();
	attach_first();
}

static void race_unload(void)
{
	prepare_race();
	race(unload);
	expect_clean(true);
}

static void abort_policy(void)
{
	ASSERT_EQ(tierx_write(ABORT, "1"), 0);
	ASSERT(!tierx_enabled());
	tierx_sleep_ms(rand() % 20);
	close_link();
	attach_first();
}

static void race_abort(void)
{
	prepare_race();
	race(abort_policy);
	expect_clean(true);
}

static void replug(void)
{
	int node = tierx_removable_node();

	tierx_blocks_set(node, "offline");
	tierx_sleep_ms(rand() % 100);
	ASSERT_EQ(tierx_blocks_set(node, "online_movable"), 0);
}

static void race_hotplug(void)
{
	if (tierx_removable_node() < 0)
		SKIP("no node whose memory can be taken offline");
	prepare_race();
	race(replug);
	ASSERT_EQ(tierx_event("bypassed"), 0);
	expect_clean(false);
}

/* --- cgroups that go --- */

static int touch_in_cgroup(void *unused __attribute__((unused)))
{
	struct tierx_mem mem = { .pages = STORM_PAGES };

	tierx_cgroup_move(CGROUP, getpid());
	mem.addr = mmap(NULL, mem.pages * TIERX_PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (;;)
		tierx_mem_touch(&mem, true);
	return 0;
}

static void remove_cgroup(void *unused __attribute__((unused)))
{
	rmdir(CGROUP);
}

static void one_cgroup(void)
{
	pid_t pid;

	ASSERT_EQ(mkdir(CGROUP, 0755), 0);
	tierx_defer(remove_cgroup, NULL);
	pid = tierx_fork(touch_in_cgroup, NULL);
	open_four(tierx_cgroup_id(CGROUP));
	attach_first();
	make_ready();
	swapper_start();
	tierx_sleep_ms(rand() % 300);
	kill(pid, SIGKILL);
	ASSERT_WAIT(!rmdir(CGROUP), 10000);
	ASSERT_WAIT(!tierx_enabled(), 10000);
	swapper_stop(NULL);
	close_link();
	ASSERT_EQ(swapper.unexpected, 0);
	ASSERT_EQ(tierx_attach(four.policies[1]), -ENOENT);
	tierx_expect_no_policy();
}

static void race_cgroup(void)
{
	uint64_t swapped = 0;
	int i;

	/* Each needs its policies loaded anew, since it has another number. */
	for (i = 0; i < 4; i++) {
		one_cgroup();
		swapped += swapper.swapped;
	}
	tierx_tell("swaps", swapped);
	ASSERT_GT(swapped, 10);
}

/* --- loaders that are killed --- */

static int load_and_swap(void *unused __attribute__((unused)))
{
	int i;

	open_four(0);
	ASSERT_EQ(tierx_attach(four.policies[0]), 0);
	for (i = 0;; i++)
		ASSERT_EQ(tierx_swap(four.policies[i % F_SWAP_POLICIES],
				     four.policies[(i + 1) % F_SWAP_POLICIES]),
			  0);
	return 0;
}

static void loader_killed(void)
{
	uint64_t end = tierx_now_ms() + 2000ULL * seconds();
	unsigned int killed = 0, attached = 0;
	pid_t pid;

	tierx_set_all_hot();
	tierx_storm_start(STORM_PAGES, STORM_THREADS);
	for (; tierx_now_ms() < end; killed++) {
		pid = tierx_fork(load_and_swap, NULL);
		if (killed & 1)
			ASSERT_WAIT(tierx_enabled(), 30000);
		tierx_sleep_ms(rand() % LOADER_MS);
		attached += tierx_enabled();
		ASSERT_EQ(kill(pid, SIGKILL), 0);
		ASSERT_EQ(tierx_wait_child(pid, 10000), 128 + SIGKILL);
		tierx_expect_no_policy();
	}
	tierx_tell("loaders_killed", killed);
	ASSERT_GT(attached, 0);
}

/* It shares the link, and whoever else has it keeps the policy. */
static int swap_of_parent(void *unused __attribute__((unused)))
{
	swap_on(NULL);
	return 0;
}

static void helper_killed(void)
{
	uint64_t end = tierx_now_ms() + 1000ULL * seconds();
	unsigned int killed = 0;
	uint64_t seq;
	pid_t pid;

	tierx_set_all_hot();
	open_four(0);
	memset(&swapper, 0, sizeof(swapper));
	attach_first();
	make_ready();
	tierx_storm_start(STORM_PAGES, STORM_THREADS);
	seq = tierx_sys_nr("switch_seq");
	/* In a slow guest the first ones may be killed before they have swapped anything. */
	for (; tierx_now_ms() < end || tierx_sys_nr("switch_seq") == seq; killed++) {
		pid = tierx_fork(swap_of_parent, NULL);
		tierx_sleep_ms(rand() % (100 * tierx_slower()));
		ASSERT_EQ(kill(pid, SIGKILL), 0);
		ASSERT_EQ(tierx_wait_child(pid, 10000), 128 + SIGKILL);
		ASSERT(tierx_enabled());
		ASSERT_EQ(tierx_event("bypassed"), 0);
	}
	tierx_tell("loaders_killed", killed);
	close_link();
	tierx_expect_no_policy();
}

static const struct tierx_test tests[] = {
	TIERX_TEST(kept, "2000 swaps among four policies that hand on what they know"),
	TIERX_TEST(race_unload, "swap against unload"),
	TIERX_TEST(race_abort, "swap against abort"),
	TIERX_TEST(race_hotplug, "swap against memory that goes and comes"),
	TIERX_TEST(race_cgroup, "swap against the end of its cgroup"),
	TIERX_TEST(loader_killed, "a loader that is killed takes its policy along, and no more"),
	TIERX_TEST(helper_killed, "one that shares the link does not"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
