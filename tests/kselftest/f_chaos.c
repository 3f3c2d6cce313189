// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that answer anything and want everything moved anywhere, swapped all
 * the time, for the machine and for cgroups that come and go, under load, while
 * memory goes offline and comes back. What processes keep in memory stays what
 * it was, and afterwards the machine is as before.
 *
 * TIERX_CHAOS_SECONDS in the environment says how long, 20 seconds by default.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "progs/chaos.h"
#include "tierx_hostile.h"
#include "tierx_hotplug.h"
#include "tierx_keep.h"
#include "tierx_probe.h"
#include "tierx_prog.h"

#define MB		((size_t)1 << 20)
#define DEFAULT_SECONDS 20
#define SWAP_MS		50
#define TENANT_PAGES	1024
#define TENANT_MS	300
#define MAX_POLICIES	6
#define CGROUPS		"/sys/fs/cgroup/"

/* What the children count. */
static struct chaos_shared {
	uint64_t tenants;
	uint64_t offlined;
} *shared;
static const struct tierx_kept *kept;

static struct chaos_totals *totals;
static int totals_fd;
static struct tierx_ends ends;
static uint64_t free_before_kib;

static void count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static unsigned int seconds(void)
{
	return tierx_env("TIERX_CHAOS_SECONDS", DEFAULT_SECONDS);
}

/* Memory of the last node comes and goes. */
static int replug(void *arg)
{
	int node = (intptr_t)arg;

	for (;;) {
		if (!tierx_blocks_set(node, "offline"))
			count(&shared->offlined);
		tierx_sleep_ms(500);
		tierx_blocks_set(node, "online_movable");
		tierx_sleep_ms(1500);
	}
	return 0;
}

/* --- policies --- */

static struct tierx_policy *chaos_open(const char *name, uint64_t cgroup_id)
{
	struct tierx_policy *policy = tierx_open("chaos");
	struct bpf_map *map = bpf_object__find_map_by_name(tierx_object(policy), "totals");

	tierx_rename(policy, name);
	tierx_field_set(policy, "cgroup_id", cgroup_id);
	ASSERT(map);
	ASSERT_EQ(bpf_map__reuse_fd(map, totals_fd), 0);
	return policy;
}

static void work_in(const char *cgroup)
{
	tierx_cgroup_move(cgroup, getpid());
	tierx_keep_shmem(TENANT_PAGES);
}

/* A cgroup with somebody in it gets a policy; one of them goes first. */
static int tenant(void *unused __attribute__((unused)))
{
	char cgroup[64];
	struct tierx_policy *policy;
	pid_t worker;

	snprintf(cgroup, sizeof(cgroup), CGROUPS "tierx-tenant-%d", getpid());
	ASSERT_EQ(mkdir(cgroup, 0755), 0);
	worker = fork();
	if (!worker)
		work_in(cgroup);
	policy = chaos_open("tenant", tierx_cgroup_id(cgroup));
	tierx_must_load(policy);
	if (!tierx_attach(policy))
		count(&shared->tenants);
	tierx_sleep_ms(rand() % TENANT_MS);
	kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
	if (rand() & 1)
		tierx_detach(policy);
	rmdir(cgroup);
	tierx_sleep_ms(rand() % TENANT_MS);
	return 0;
}

static int tenants(void *unused __attribute__((unused)))
{
	pid_t pid;
	int status;

	for (;;) {
		srand(tierx_now_ms());
		pid = fork();
		if (!pid)
			_exit(tenant(NULL));
		if (waitpid(pid, &status, 0) != pid || status)
			FAIL("a tenant ended with status 0x%x", status);
	}
	return 0;
}

struct swapper {
	struct tierx_policy *policies[MAX_POLICIES];
	size_t nr;
	struct tierx_policy *current;
	uint64_t swapped, refused;
};

static void swapper_attach(struct swapper *swapper)
{
	int err;

	do {
		swapper->current = swapper->policies[rand() % swapper->nr];
		err = tierx_attach(swapper->current);
		/* init may well have refused, with any error at all. */
		if (err)
			swapper->refused++;
	} while (err);
}

static void swapper_init(struct swapper *swapper)
{
	static const char *const shipped[] = { "nop", "tpp" };
	volatile struct tierx_probe *probe;
	char path[256];
	size_t i;

	swapper->policies[swapper->nr++] = chaos_open("chaos_a", 0);
	swapper->policies[swapper->nr++] = chaos_open("chaos_b", 0);
	swapper->policies[swapper->nr++] = probe_open(NULL, &probe);
	for (i = 0; i < TIERX_ARRAY_SIZE(shipped); i++) {
		snprintf(path, sizeof(path), "%s/../../bpf/%s.bpf.o", tierx_dir(), shipped[i]);
		if (!access(path, R_OK))
			swapper->policies[swapper->nr++] = tierx_open_shipped(shipped[i]);
	}
	for (i = 0; i < swapper->nr; i++)
		tierx_must_load(swapper->policies[i]);
	swapper_attach(swapper);
}

static void swapper_step(struct swapper *swapper)
{
	struct tierx_policy *next = swapper->policies[rand() % swapper->nr];

	if (!tierx_swap(swapper->current, next)) {
		swapper->current = next;
		swapper->swapped++;
		return;
	}
	if (*tierx_sys("root/ops")) {
		swapper->refused++;
		return;
	}
	tierx_detach(swapper->current);
	tierx_ends_add(&ends);
	swapper_attach(swapper);
}

/* --- all of it --- */

static void totals_init(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	totals_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "totals", sizeof(uint32_t), sizeof(*totals),
				   1, &opts);
	ASSERT_GE(totals_fd, 0);
	totals = tierx_map_shared(sizeof(*totals), totals_fd);
	totals->bad_period = 16;
	totals->move_period = 8;
	totals->refuse_period = 8;
	totals->end_period = 400;
}

/* Those who would begin another one are killed before this. */
static void kill_tenants(void *unused __attribute__((unused)))
{
	char file[300];
	glob_t found;
	size_t i;

	glob(CGROUPS "tierx-tenant-*", 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++) {
		snprintf(file, sizeof(file), "%s/cgroup.kill", found.gl_pathv[i]);
		tierx_write(file, "1");
		TIERX_WAIT(!rmdir(found.gl_pathv[i]), 10000);
	}
	globfree(&found);
}

static void online_again(void *node)
{
	tierx_blocks_set((intptr_t)node, "online_movable");
}

static void start_load(void)
{
	int node = tierx_removable_node();

	tierx_defer(kill_tenants, NULL);
	kept = tierx_keep_start("tierx-chaos");
	tierx_fork(tenants, NULL);
	if (node < 0) {
		tierx_note("no node whose memory can be taken offline");
	} else {
		tierx_defer(online_again, (void *)(intptr_t)node);
		tierx_fork(replug, (void *)(intptr_t)node);
	}
	tierx_cgroup_move("/sys/fs/cgroup", getpid());
}

static void tell(struct swapper *swapper)
{
	size_t i;

	for (i = 0; i < CHAOS_MAX_KINDS; i++) {
		ends.unreg[i] += totals->unreg_kinds[i];
		ends.error[i] += totals->error_kinds[i];
	}
	tierx_tell("load_seconds", seconds());
	tierx_tell("bytes_verified", kept->bytes_verified);
	tierx_tell("lost_or_wrong", kept->wrong_pages);
	tierx_tell("op_calls", totals->calls);
	tierx_tell("bad_inputs", totals->bad_verdicts + totals->moves_refused);
	tierx_tell("moves_queued", totals->moves_queued);
	tierx_tell("swaps", swapper->swapped);
	tierx_tell("swaps_refused", swapper->refused);
	tierx_tell("tenants", shared->tenants);
	tierx_tell("memory_offlined", shared->offlined);
	tierx_ends_tell(&ends);
}

static void chaos(void)
{
	struct swapper swapper = {};
	uint64_t end;

	free_before_kib = tierx_free_kib();
	shared = tierx_map_shared(sizeof(*shared), -1);
	totals_init();
	tierx_set_tiering();
	tierx_set_all_hot();
	tierx_set_demotion(true);
	start_load();
	swapper_init(&swapper);

	for (end = tierx_now_ms() + 1000ULL * seconds(); tierx_now_ms() < end;) {
		swapper_step(&swapper);
		tierx_run(swapper.policies[rand() & 1], "chaos_feed");
		tierx_sleep_ms(SWAP_MS);
	}
	tell(&swapper);
	ASSERT_EQ(kept->wrong_pages, 0);
	ASSERT_GT(kept->bytes_verified, 128 * MB);
	ASSERT_GT(swapper.swapped, 10);
	ASSERT_GT(shared->tenants, 0);
	ASSERT_GT(totals->bad_verdicts, 0);
	ASSERT_GT(totals->moves_queued, 1000);
}

static void calm(void)
{
	if (!free_before_kib)
		SKIP("there was no chaos");
	tierx_expect_no_policy();
	tierx_expect_calm(free_before_kib);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(chaos, "what is in memory survives policies that do anything"),
	TIERX_TEST(calm, "and afterwards the machine is as before"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
