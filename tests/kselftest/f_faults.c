// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations fail, one after the other, while a policy is loaded, attached,
 * replaced and unloaded: each time that works or is refused with an errno, what
 * was attached before stays, and nothing is left behind. Needs a kernel with
 * fault injection.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tierx_hostile.h"
#include "tierx_mover.h"
#include "tierx_prog.h"

#define DEBUG_DIR   "/sys/kernel/debug/"
#define KMEMLEAK    DEBUG_DIR "kmemleak"
#define CGROUP	    "/sys/fs/cgroup/tierx-faults"
#define LEAK_AGE_MS 6000
#define MOVED_PAGES 256
#define MOVE_ROUNDS 6
#define LOOP_MS	    10000
/* A load has thousands of allocations: of those far in, some will do. */
#define EVERY_ONE 64
#define MAX_NTH	  100000

/* --- allocations that fail --- */

static int nth_fd = -1;
static uint64_t nr_injected;

static const char *unmet(void)
{
	const char *why = tierx_unmet_tiers();

	if (!why && (access("/proc/self/fail-nth", W_OK) || access(DEBUG_DIR "failslab", F_OK) ||
		     access(DEBUG_DIR "fail_page_alloc", F_OK)))
		why = "needs a kernel with FAILSLAB, FAIL_PAGE_ALLOC and their debugfs files";
	return why;
}

/* Allocations that may sleep fail, too, and of single pages; and nothing is logged about it. */
static void prepare(void)
{
	tierx_set(DEBUG_DIR "failslab/verbose", "0");
	tierx_set(DEBUG_DIR "failslab/ignore-gfp-wait", "N");
	tierx_set(DEBUG_DIR "fail_page_alloc/verbose", "0");
	tierx_set(DEBUG_DIR "fail_page_alloc/ignore-gfp-wait", "N");
	tierx_set(DEBUG_DIR "fail_page_alloc/ignore-gfp-highmem", "N");
	tierx_set(DEBUG_DIR "fail_page_alloc/min-order", "0");
	nth_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_GE(nth_fd, 0);
}

static void set_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	ASSERT_EQ(pwrite(nth_fd, text, len, 0), len);
}

/* Whether an allocation has failed since set_nth(); none does from here on. */
static bool end_nth(void)
{
	char text[16] = "";
	bool failed;

	ASSERT_GT(pread(nth_fd, text, sizeof(text) - 1, 0), 0);
	failed = atoi(text) == 0;
	set_nth(0);
	nr_injected += failed;
	return failed;
}

/*
 * Let each allocation of @step fail in turn, until there is none left to fail. @step returns 0
 * or a negative errno; @check is told, and looks at what has become of it.
 */
static void step_through(const char *what, int (*step)(void), void (*check)(int err))
{
	unsigned int nth = 1, refused = 0, steps = 0;
	bool failed;
	int err;

	nr_injected = 0;
	do {
		ASSERT_LT(nth, MAX_NTH);
		set_nth(nth);
		err = step();
		failed = end_nth();
		if (!failed && err)
			FAIL("%s: %s, and no allocation has failed", what, strerror(-err));
		if (err > 0 || err < -4095)
			FAIL("%s: %d is no errno", what, err);
		check(err);
		refused += err < 0;
		steps++;
		nth += nth < EVERY_ONE ? 1 : nth / 16;
	} while (failed);
	tierx_note("%s: %u steps, refused %u times", what, steps, refused);
	tierx_tell("faults_injected", nr_injected);
	ASSERT_GT(nr_injected, 0);
}

/* What the kernel logs about memory that it did not get is expected here. */
static void expect_log(void)
{
	tierx_log_clear(NULL);
}

/* --- load, attach, unload --- */

static struct tierx_policy *policy, *other;
static int map_fd, other_fd, link_fd;

static int do_load(void)
{
	return tierx_load(policy);
}

static void check_load(int err)
{
	if (err)
		ASSERT(*tierx_log(policy) || err == -ENOMEM);
	tierx_policy_close(policy);
	ASSERT(!tierx_enabled());
	policy = tierx_open("f_faults");
}

static void load(void)
{
	prepare();
	policy = tierx_open("f_faults");
	step_through("load", do_load, check_load);
	tierx_expect_no_policy();
	expect_log();
}

/* What libbpf does to attach a policy, without what it allocates. */
static int attach_map(int fd)
{
	return bpf_link_create(fd, 0, BPF_STRUCT_OPS, NULL);
}

static struct tierx_policy *loaded(uint64_t cgroup_id, int *fd)
{
	struct tierx_policy *new = tierx_open("f_faults");

	tierx_field_set(new, "cgroup_id", cgroup_id);
	tierx_must_load(new);
	*fd = bpf_map__fd(tierx_ops_map(new));
	return new;
}

/* The first attachment by libbpf also makes the map ready, which is tried out on its own. */
static void make_ready(struct tierx_policy *new)
{
	ASSERT_EQ(tierx_attach(new), 0);
	tierx_detach(new);
}

static struct tierx_policy *ready(uint64_t cgroup_id, int *fd)
{
	struct tierx_policy *new = loaded(cgroup_id, fd);

	make_ready(new);
	return new;
}

static int do_first_attach(void)
{
	return tierx_attach(policy);
}

static void check_first_attach(int err)
{
	if (!err)
		ASSERT_STREQ(tierx_sys("root/ops"), "f_faults");
	tierx_detach(policy);
	tierx_policy_close(policy);
	tierx_expect_no_policy();
	policy = loaded(0, &map_fd);
}

static void first_attach(void)
{
	prepare();
	policy = loaded(0, &map_fd);
	step_through("first attachment", do_first_attach, check_first_attach);
	expect_log();
}

static int do_attach(void)
{
	link_fd = attach_map(map_fd);
	return link_fd < 0 ? link_fd : 0;
}

static void check_attach(int err)
{
	uint64_t *nr_init = tierx_global(policy, "nr_init"), *nr_exit;

	if (!err)
		close(link_fd);
	tierx_expect_no_policy();
	nr_exit = tierx_global(policy, "nr_exit");
	/* Who was started was ended, and nobody else. */
	ASSERT_EQ(*nr_init, *nr_exit);
}

static void attach(void)
{
	prepare();
	policy = ready(0, &map_fd);
	step_through("attachment", do_attach, check_attach);
	expect_log();
}

static int do_unload(void)
{
	return close(link_fd) ? -errno : 0;
}

static void check_unload(int err)
{
	ASSERT_EQ(err, 0);
	tierx_expect_no_policy();
	ASSERT_EQ(do_attach(), 0);
}

static int do_detach(void)
{
	return bpf_link_detach(link_fd);
}

static void check_detach(int err)
{
	ASSERT_EQ(err, 0);
	tierx_expect_no_policy();
	close(link_fd);
	ASSERT_EQ(do_attach(), 0);
}

static void unload(void)
{
	prepare();
	policy = ready(0, &map_fd);
	ASSERT_EQ(do_attach(), 0);
	step_through("unload", do_unload, check_unload);
	step_through("detach", do_detach, check_detach);
	close(link_fd);
	tierx_expect_no_policy();
	expect_log();
}

/* --- swap --- */

static uint64_t seq;

static int do_swap(void)
{
	return bpf_link_update(link_fd, other_fd, NULL);
}

static void check_swap(int err)
{
	if (err) {
		ASSERT_STREQ(tierx_sys("root/ops"), "f_faults");
		ASSERT_EQ(tierx_sys_nr("switch_seq"), seq);
		return;
	}
	ASSERT_STREQ(tierx_sys("root/ops"), "other");
	ASSERT_EQ(tierx_sys_nr("switch_seq"), seq + 1);
	ASSERT_EQ(bpf_link_update(link_fd, map_fd, NULL), 0);
	seq += 2;
}

static void swap(void)
{
	struct tierx_storm *storm;

	prepare();
	policy = ready(0, &map_fd);
	other = tierx_open("f_faults");
	tierx_rename(other, "other");
	tierx_must_load(other);
	other_fd = bpf_map__fd(tierx_ops_map(other));
	make_ready(other);
	ASSERT_EQ(do_attach(), 0);
	tierx_set_all_hot();
	storm = tierx_storm_start(1024, 1);
	seq = tierx_sys_nr("switch_seq");
	step_through("swap", do_swap, check_swap);
	ASSERT_EQ(tierx_event("bypassed"), 0);
	tierx_storm_stop(storm);
	close(link_fd);
	tierx_expect_no_policy();
	expect_log();
}

/* --- cgroups --- */

static void remove_cgroup(void *path)
{
	rmdir(path);
}

static void make_cgroup(void)
{
	ASSERT_EQ(tierx_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory"), 0);
	rmdir(CGROUP);
	ASSERT_EQ(mkdir(CGROUP, 0755), 0);
	tierx_defer(remove_cgroup, CGROUP);
	ASSERT_EQ(tierx_write(CGROUP "/cgroup.subtree_control", "+memory"), 0);
}

static void cgroup_attach(void)
{
	prepare();
	make_cgroup();
	policy = ready(tierx_cgroup_id(CGROUP), &map_fd);
	step_through("attachment to a cgroup", do_attach, check_attach);
	expect_log();
}

static int do_mkdir(void)
{
	return mkdir(CGROUP "/child", 0755) ? -errno : 0;
}

static void check_mkdir(int err)
{
	if (!err)
		ASSERT_EQ(rmdir(CGROUP "/child"), 0);
	ASSERT(access(CGROUP "/child", F_OK));
	ASSERT_STREQ(tierx_cgroup_sys(CGROUP, "ops"), "f_faults");
}

static int do_rmdir(void)
{
	return rmdir(CGROUP) ? -errno : 0;
}

/* Its policy ends with it. */
static void check_rmdir(int err)
{
	if (err)
		ASSERT_EQ(rmdir(CGROUP), 0);
	tierx_expect_no_policy();
	close(link_fd);
	tierx_policy_close(policy);
	ASSERT_EQ(mkdir(CGROUP, 0755), 0);
	policy = ready(tierx_cgroup_id(CGROUP), &map_fd);
	ASSERT_EQ(do_attach(), 0);
}

static void cgroup_create(void)
{
	prepare();
	make_cgroup();
	policy = ready(tierx_cgroup_id(CGROUP), &map_fd);
	ASSERT_EQ(do_attach(), 0);
	step_through("creation of a cgroup", do_mkdir, check_mkdir);
	step_through("removal of a cgroup", do_rmdir, check_rmdir);
	close(link_fd);
	tierx_expect_no_policy();
	expect_log();
}

/* --- functions that fail --- */

#define FAIL_FUNCTION DEBUG_DIR "fail_function/"

/* What attaching calls, and whether it is called for the machine, too. */
static const struct function {
	const char *name;
	bool machine;
} functions[] = {
	{ "tierx_nodes_get", true },
	{ "tierx_queues_start", true },
	{ "tierx_scope_init", false },
};

static void fail_function(const char *name)
{
	char path[128];

	ASSERT_EQ(tierx_write(FAIL_FUNCTION "inject", name), 0);
	snprintf(path, sizeof(path), FAIL_FUNCTION "%s/retval", name);
	/* -ENOSPC, which nothing there returns by itself. */
	ASSERT_EQ(tierx_write(path, "0xffffffffffffffe4"), 0);
	tierx_set(FAIL_FUNCTION "times", "-1");
	tierx_set(FAIL_FUNCTION "verbose", "0");
	tierx_set(FAIL_FUNCTION "probability", "100");
}

static void fail_no_function(void)
{
	ASSERT_EQ(tierx_write(FAIL_FUNCTION "inject", "\n"), 0);
}

static void attach_without(const struct function *function)
{
	fail_function(function->name);
	ASSERT_EQ(do_attach(), -ENOSPC);
	tierx_expect_no_policy();
	fail_no_function();
	ASSERT_EQ(do_attach(), 0);
	close(link_fd);
	tierx_expect_no_policy();
	tierx_tell("faults_injected", 1);
}

static void fail_functions(void)
{
	size_t i;

	if (access(FAIL_FUNCTION "inject", W_OK))
		SKIP("needs a kernel with FAIL_FUNCTION");
	prepare();
	make_cgroup();
	policy = ready(0, &map_fd);
	for (i = 0; i < TIERX_ARRAY_SIZE(functions); i++)
		if (functions[i].machine)
			attach_without(&functions[i]);
	tierx_policy_close(policy);
	policy = ready(tierx_cgroup_id(CGROUP), &map_fd);
	for (i = 0; i < TIERX_ARRAY_SIZE(functions); i++)
		attach_without(&functions[i]);
	expect_log();
}

/* --- at random --- */

/* So many of a hundred, of those that are multiples of @interval. */
static void fail_at_random(const char *percent, const char *interval)
{
	static const char *const attrs[] = { "failslab", "fail_page_alloc" };
	char path[128];
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), DEBUG_DIR "%s/task-filter", attrs[i]);
		tierx_set(path, "Y");
		snprintf(path, sizeof(path), DEBUG_DIR "%s/times", attrs[i]);
		tierx_set(path, "-1");
		snprintf(path, sizeof(path), DEBUG_DIR "%s/interval", attrs[i]);
		tierx_set(path, interval);
		snprintf(path, sizeof(path), DEBUG_DIR "%s/probability", attrs[i]);
		tierx_set(path, percent);
	}
}

/* Attach, swap and unload over and over, as long as nothing else than an errno comes of it. */
static int attach_on(void *unused __attribute__((unused)))
{
	uint64_t end = tierx_now_ms() + LOOP_MS;
	int err;

	ASSERT_EQ(tierx_write("/proc/self/make-it-fail", "1"), 0);
	while (tierx_now_ms() < end) {
		err = do_attach();
		if (err)
			continue;
		bpf_link_update(link_fd, other_fd, NULL);
		bpf_link_update(link_fd, map_fd, NULL);
		close(link_fd);
	}
	return 0;
}

static void at_random(void)
{
	pid_t pid;

	prepare();
	policy = ready(0, &map_fd);
	other = ready(0, &other_fd);
	fail_at_random("5", "1");
	pid = tierx_fork(attach_on, NULL);
	ASSERT_EQ(tierx_wait_child(pid, 10 * LOOP_MS), 0);
	tierx_tell("load_seconds", LOOP_MS / 1000);
	ASSERT_EQ(tierx_write(DEBUG_DIR "failslab/probability", "0"), 0);
	ASSERT_EQ(tierx_write(DEBUG_DIR "fail_page_alloc/probability", "0"), 0);
	tierx_expect_no_policy();
	expect_log();
}

/* Let it hit a migration thread. */
static void mark_thread(const char *pid)
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s/make-it-fail", pid);
	ASSERT_EQ(tierx_write(path, "1"), 0);
}

static void moves(void)
{
	struct tierx_mover *mover = tierx_mover_open();
	struct tierx_mem *mem = tierx_mem_alloc(MOVED_PAGES, tierx_slow_node());
	int round, nodes[] = { tierx_fast_node(), tierx_slow_node() };
	size_t page, wrong = 0;

	prepare();
	tierx_mem_fill(mem, 1);
	tierx_mover_start(mover);
	ASSERT_GT(tierx_threads(mark_thread), 1);
	/* Few: the first one ends its batch, and a policy whose moves all fail is ejected. */
	fail_at_random("100", "400");
	for (round = 0; round < MOVE_ROUNDS; round++) {
		for (page = 0; page < MOVED_PAGES; page++)
			mover->wanted[page] = (struct mover_wanted){
				.pfn = tierx_mem_pfn(mem, page),
				.nid = nodes[round & 1],
			};
		tierx_mover_submit(mover, MOVED_PAGES);
		tierx_sleep_ms(500);
		wrong += tierx_mem_verify(mem, 1);
	}
	tierx_tell("bytes_verified", MOVE_ROUNDS * MOVED_PAGES * TIERX_PAGE);
	tierx_tell("lost_or_wrong", wrong);
	tierx_note("%llu moved, %llu failed", (unsigned long long)tierx_event("moved"),
		   (unsigned long long)tierx_event("move_failed"));
	ASSERT_EQ(wrong, 0);
	ASSERT_GT(tierx_event("moved"), 0);
	ASSERT_GT(tierx_event("move_failed") + tierx_event("move_retried"), 0);
	expect_log();
}

/* --- what is left --- */

static bool leak_is_ours(void)
{
	static char text[1 << 20];

	if (tierx_read(KMEMLEAK, text, sizeof(text)) <= 0)
		return false;
	if (strstr(text, "tierx_"))
		tierx_note("%.800s", text);
	return strstr(text, "tierx_");
}

static void no_leak(void)
{
	int i;

	if (access(KMEMLEAK, W_OK) || tierx_write(KMEMLEAK, "scan"))
		SKIP("the kernel was not booted with kmemleak=on");
	for (i = 0; i < 2; i++) {
		tierx_sleep_ms(LEAK_AGE_MS);
		ASSERT_EQ(tierx_write(KMEMLEAK, "scan"), 0);
	}
	ASSERT(!leak_is_ours());
}

static const struct tierx_test tests[] = {
	TIERX_TEST(load, "a load without memory"),
	TIERX_TEST(first_attach, "the first attachment of a policy"),
	TIERX_TEST(attach, "another attachment"),
	TIERX_TEST(unload, "an unload is always done"),
	TIERX_TEST(swap, "a swap that is refused leaves the old policy"),
	TIERX_TEST(cgroup_attach, "a policy for a cgroup"),
	TIERX_TEST(cgroup_create, "cgroups that come and go below one with a policy"),
	TIERX_TEST(fail_functions, "what attaching calls fails"),
	TIERX_TEST(at_random, "all of it, with failures at random"),
	TIERX_TEST(moves, "moves that get no memory lose nothing"),
	TIERX_TEST(no_leak, "and no memory was leaked"),
};

TIERX_TEST_MAIN(tests, unmet)
