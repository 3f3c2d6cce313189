// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy per cgroup: who is asked about what, that one does not get in the way
 * of another, and how one ends.
 */
#include <sys/stat.h>

#include "tierx_mover.h"
#include "tierx_probe.h"

#define PAGES	  512
#define EJECT_MS  30000
#define HANG_MS	  10000
#define REMOVE_MS 2000

/* A probe for a cgroup, or for the machine if that is NULL; not loaded yet. */
static struct tierx_policy *open_for(const char *cgroup, const char *name,
				     volatile struct tierx_probe **probe)
{
	struct tierx_policy *policy = probe_open(name, probe);

	(*probe)->hint_fault = TIERX_STAY;
	if (cgroup)
		tierx_field_set(policy, "cgroup_id", tierx_cgroup_id(cgroup));
	return policy;
}

static struct tierx_policy *start_for(const char *cgroup, const char *name,
				      volatile struct tierx_probe **probe)
{
	struct tierx_policy *policy = open_for(cgroup, name, probe);

	tierx_start(policy);
	return policy;
}

/* Take hint faults on memory of a cgroup until @probe has seen some more. */
static void fault_in_cgroup(const char *cgroup, volatile struct tierx_probe *probe)
{
	uint64_t before = probe->nr_hint_fault;
	struct tierx_storm *storm;

	tierx_cgroup_move(cgroup, getpid());
	storm = tierx_storm_start(PAGES, 1);
	ASSERT_WAIT(probe->nr_hint_fault > before + PAGES / 4, EJECT_MS);
	tierx_storm_stop(storm);
	tierx_mem_free(storm->mem);
	tierx_cgroup_move("/sys/fs/cgroup", getpid());
}

static const char *cgroup_last_exit(const char *cgroup, const char *part)
{
	const char *text = tierx_cgroup_sys(cgroup, "last_exit");

	return strstr(text, part) ? part : text;
}

static void nearest(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *below = tierx_cgroup_make("tierx-a/below");
	const char *own = tierx_cgroup_make("tierx-a/own"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_root, *in_a, *in_own;
	uint64_t a_faults;

	start_for(NULL, "machine", &in_root);
	start_for(a, "a", &in_a);
	start_for(own, "own", &in_own);
	ASSERT_EQ(in_root->cgroup_id, 0);
	ASSERT_EQ(in_a->cgroup_id, tierx_cgroup_id(a));
	ASSERT_STREQ(tierx_cgroup_sys(a, "ops"), "a");
	ASSERT_STREQ(tierx_cgroup_sys(own, "ops"), "own");
	ASSERT_STREQ(tierx_sys("root/ops"), "machine");

	fault_in_cgroup(below, in_a);
	ASSERT_EQ(in_own->nr_hint_fault, 0);
	a_faults = in_a->nr_hint_fault;
	fault_in_cgroup(own, in_own);
	fault_in_cgroup(b, in_root);
	ASSERT_EQ(in_a->nr_hint_fault, a_faults);
	ASSERT_EQ(tierx_cgroup_event(a, "hint_fault"), in_a->nr_hint_fault);
	ASSERT_EQ(tierx_cgroup_event(own, "hint_fault"), in_own->nr_hint_fault);
	ASSERT_EQ(tierx_event("hint_fault"), in_root->nr_hint_fault);
	ASSERT_EQ(tierx_event("bypassed"), 0);
}

static void alone(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_a;
	uint64_t faults;
	struct tierx_storm *storm;

	start_for(a, "a", &in_a);
	fault_in_cgroup(a, in_a);
	faults = in_a->nr_hint_fault;
	/* Where there is no policy, the kernel promotes. */
	tierx_set_all_hot();
	tierx_cgroup_move(b, getpid());
	storm = tierx_storm_start(PAGES, 1);
	ASSERT_WAIT(tierx_mem_count(storm->mem, tierx_fast_node()) > PAGES / 2, EJECT_MS);
	ASSERT_EQ(in_a->nr_hint_fault, faults);
}

static void refused(void)
{
	const char *a = tierx_cgroup_make("tierx-a");
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy, *other;
	uint64_t id = tierx_cgroup_id(a), rejected = tierx_sys_nr("nr_rejected");

	start_for(a, "a", &probe);
	policy = open_for(a, "second", &probe);
	ASSERT_EQ(tierx_load(policy), 0);
	ASSERT_EQ(tierx_attach(policy), -EBUSY);
	ASSERT_EQ(probe->nr_init, 0);

	/* A policy cannot be replaced by one for something else. */
	other = start_for(NULL, "machine", &probe);
	ASSERT_EQ(tierx_swap(other, policy), -EINVAL);
	ASSERT_STREQ(tierx_sys("root/ops"), "machine");
	tierx_detach(other);

	policy = open_for(NULL, "nowhere", &probe);
	tierx_field_set(policy, "cgroup_id", id + 100000);
	ASSERT_EQ(tierx_load(policy), 0);
	ASSERT_EQ(tierx_attach(policy), -ENOENT);
	ASSERT_EQ(tierx_sys_nr("nr_rejected"), rejected + 3);
	ASSERT_STREQ(tierx_cgroup_sys(a, "ops"), "a");
}

/* The first policy of a cgroup, and its init fails: nothing is left of it. */
static void no_start(void)
{
	const char *a = tierx_cgroup_make("tierx-a");
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = open_for(a, "a", &probe);
	char path[128];

	probe->init_error = -E2BIG;
	ASSERT_EQ(tierx_load(policy), 0);
	ASSERT_EQ(tierx_attach(policy), -E2BIG);
	snprintf(path, sizeof(path), "/sys/kernel/mm/tier_ext/cgroup/%llu",
		 (unsigned long long)tierx_cgroup_id(a));
	ASSERT_EQ(access(path, F_OK), -1);
	probe->init_error = 0;
	ASSERT_EQ(tierx_attach(policy), 0);
	ASSERT_EQ(access(path, F_OK), 0);
	tierx_detach(policy);
	ASSERT_EQ(access(path, F_OK), -1);
}

static void independent(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_root, *in_a, *in_b, *next;
	struct tierx_policy *root, *policy;

	root = start_for(NULL, "machine", &in_root);
	policy = start_for(a, "a", &in_a);
	start_for(b, "b", &in_b);
	ASSERT_EQ(tierx_swap(policy, open_for(a, "next", &next)), -EINVAL);
	policy = open_for(a, "next", &next);
	ASSERT_EQ(tierx_load(policy), 0);
	tierx_detach(root);
	ASSERT(tierx_enabled());
	ASSERT_EQ(in_root->nr_exit, 1);
	fault_in_cgroup(b, in_b);
	fault_in_cgroup(a, in_a);
	ASSERT_EQ(in_b->nr_exit, 0);
	ASSERT_EQ(in_a->nr_exit, 0);
}

static void swapped(void)
{
	const char *a = tierx_cgroup_make("tierx-a");
	volatile struct tierx_probe *in_root, *first, *second;
	struct tierx_policy *policy, *next;

	start_for(NULL, "machine", &in_root);
	policy = start_for(a, "first", &first);
	next = open_for(a, "second", &second);
	ASSERT_EQ(tierx_load(next), 0);
	ASSERT_EQ(tierx_swap(policy, next), 0);
	ASSERT_EQ(first->nr_exit, 1);
	ASSERT_EQ(first->exit_kind, TIERX_EXIT_UNREG_SWAP);
	ASSERT_STREQ(tierx_cgroup_sys(a, "ops"), "second");
	ASSERT_STREQ(tierx_sys("root/ops"), "machine");
	fault_in_cgroup(a, second);
	ASSERT_EQ(first->nr_hint_fault, 0);
	ASSERT_EQ(in_root->nr_exit, 0);
}

static void removed(void)
{
	const char *a = tierx_cgroup_make("tierx-a");
	volatile struct tierx_probe *in_root, *in_a;
	struct tierx_policy *policy;
	char path[128];

	start_for(NULL, "machine", &in_root);
	policy = start_for(a, "a", &in_a);
	snprintf(path, sizeof(path), "/sys/kernel/mm/tier_ext/cgroup/%llu",
		 (unsigned long long)tierx_cgroup_id(a));
	ASSERT_EQ(rmdir(a), 0);
	ASSERT_WAIT(in_a->nr_exit == 1, EJECT_MS);
	ASSERT_EQ(in_a->exit_kind, TIERX_EXIT_UNREG_CGROUP);
	ASSERT_STREQ((char *)in_a->exit_reason, "its cgroup was removed");
	ASSERT_WAIT(access(path, F_OK), EJECT_MS);
	ASSERT_EQ(in_root->nr_exit, 0);
	tierx_detach(policy);
	ASSERT_EQ(mkdir(a, 0755), 0);
	start_for(a, "again", &in_a);
	ASSERT_STREQ(tierx_cgroup_sys(a, "ops"), "again");
}

/* A new cgroup takes the place of one whose policy still ends. */
static void removed_slowly(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b;
	volatile struct tierx_probe *in_a, *in_b;
	struct tierx_policy *policy;
	char path[128];

	policy = start_for(a, "a", &in_a);
	snprintf(path, sizeof(path), "/sys/kernel/mm/tier_ext/cgroup/%llu",
		 (unsigned long long)tierx_cgroup_id(a));
	in_a->tick_ms = REMOVE_MS * tierx_slower();
	ASSERT_WAIT(!in_a->tick_ms, EJECT_MS);
	ASSERT_EQ(rmdir(a), 0);
	ASSERT_WAIT(!tierx_enabled(), EJECT_MS);
	/* The memory controller has to let go of it, too. */
	tierx_sleep_ms(200);
	b = tierx_cgroup_make("tierx-b");
	start_for(b, "b", &in_b);
	ASSERT_EQ(in_a->nr_exit, 0);

	ASSERT_WAIT(in_a->nr_exit == 1, EJECT_MS);
	ASSERT_WAIT(access(path, F_OK), 5000);
	tierx_detach(policy);
	ASSERT_STREQ(tierx_cgroup_sys(b, "ops"), "b");
	fault_in_cgroup(b, in_b);
}

/* What a tenant's policy does wrong ends that policy, and its parent's takes over. */
static void ejected(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_root, *in_a, *in_b, *again;

	start_for(NULL, "machine", &in_root);
	start_for(a, "a", &in_a);
	start_for(b, "b", &in_b);
	in_a->order = PROBE_ERROR;
	ASSERT_WAIT(in_a->nr_exit == 1, EJECT_MS);
	ASSERT_EQ(in_a->exit_kind, TIERX_EXIT_ERROR_BPF);
	ASSERT_STREQ(tierx_cgroup_sys(a, "ops"), "");
	ASSERT_STREQ(cgroup_last_exit(a, "msg probe gives up on node "),
		     "msg probe gives up on node ");
	ASSERT_HAS(tierx_cgroup_sys(a, "last_exit_dump"), "policy a\n");
	ASSERT_HAS(tierx_last_exit("msg"), "probe gives up on node ");
	fault_in_cgroup(a, in_root);
	ASSERT_EQ(in_root->nr_exit, 0);
	ASSERT_EQ(in_b->nr_exit, 0);
	start_for(a, "again", &again);
	fault_in_cgroup(a, again);
}

static void aborted(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_root, *in_a, *in_b;
	char path[128];

	start_for(NULL, "machine", &in_root);
	start_for(a, "a", &in_a);
	start_for(b, "b", &in_b);
	snprintf(path, sizeof(path), "/sys/kernel/mm/tier_ext/cgroup/%llu/abort",
		 (unsigned long long)tierx_cgroup_id(a));
	ASSERT_EQ(tierx_write(path, "1"), 0);
	ASSERT_WAIT(in_a->nr_exit == 1, EJECT_MS);
	ASSERT_EQ(in_a->exit_kind, TIERX_EXIT_UNREG_ABORT);
	ASSERT_EQ(in_root->nr_exit + in_b->nr_exit, 0);
	ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/root/abort", "1"), 0);
	ASSERT_WAIT(in_root->nr_exit == 1, EJECT_MS);
	ASSERT(tierx_enabled());
	ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/abort", "1"), 0);
	ASSERT_WAIT(in_b->nr_exit == 1, EJECT_MS);
	ASSERT(!tierx_enabled());
}

/* Pages of another cgroup are none of a tenant's business. */
static void foreign_pages(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_a;
	struct tierx_mem *own, *others;

	tierx_cgroup_move(b, getpid());
	others = tierx_mem_alloc(1, tierx_slow_node());
	tierx_cgroup_move(a, getpid());
	own = tierx_mem_alloc(1, tierx_slow_node());
	start_for(a, "a", &in_a);

	in_a->nid = tierx_fast_node();
	in_a->pfn = tierx_mem_pfn(others, 0);
	in_a->order = PROBE_MIGRATE;
	ASSERT_WAIT(tierx_cgroup_event(a, "refused_tenant") == 1, EJECT_MS);
	ASSERT_EQ(tierx_mem_node(others, 0), tierx_slow_node());

	in_a->pfn = tierx_mem_pfn(own, 0);
	in_a->order = PROBE_MIGRATE;
	ASSERT_WAIT(tierx_mem_node(own, 0) == tierx_fast_node(), EJECT_MS);
	ASSERT_EQ(tierx_cgroup_event(a, "promoted_pages"), 1);
	ASSERT_EQ(tierx_cgroup_event(a, "refused_tenant"), 1);
}

/* A tenant that hangs delays nobody else. */
static void hanging_tenant(void)
{
	const char *a = tierx_cgroup_make("tierx-a"), *b = tierx_cgroup_make("tierx-b");
	volatile struct tierx_probe *in_a, *in_b;
	struct tierx_mem *mem;
	uint64_t began;

	start_for(a, "a", &in_a);
	start_for(b, "b", &in_b);
	tierx_cgroup_move(b, getpid());
	mem = tierx_mem_alloc(1, tierx_slow_node());
	in_a->tick_ms = HANG_MS;
	began = tierx_now_ms();
	ASSERT_WAIT(!in_a->tick_ms, EJECT_MS);
	in_b->nid = tierx_fast_node();
	in_b->pfn = tierx_mem_pfn(mem, 0);
	in_b->order = PROBE_MIGRATE;
	ASSERT_WAIT(tierx_mem_node(mem, 0) == tierx_fast_node(), HANG_MS);
	if (tierx_now_ms() - began > HANG_MS)
		SKIP("the machine is too slow to tell");
	ASSERT_EQ(in_a->nr_exit, 0);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(nearest, "the nearest ancestor with a policy is asked"),
	TIERX_TEST(alone, "a tenant's policy without one for the machine"),
	TIERX_TEST(refused, "what is refused"),
	TIERX_TEST(no_start, "a first policy that does not start leaves nothing"),
	TIERX_TEST(independent, "one can be unloaded and the others go on"),
	TIERX_TEST(swapped, "a tenant's policy can be swapped"),
	TIERX_TEST(removed, "the policy ends with its cgroup"),
	TIERX_TEST(removed_slowly, "a cgroup's successor has a policy before its own has ended"),
	TIERX_TEST(ejected, "an error ends the policy that raised it"),
	TIERX_TEST(aborted, "one policy is aborted, or all are"),
	TIERX_TEST(foreign_pages, "a tenant cannot move the pages of another"),
	TIERX_TEST(hanging_tenant, "a tenant that hangs delays nobody else"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
