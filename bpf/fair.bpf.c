// SPDX-License-Identifier: GPL-2.0-only
/*
 * fair: what each cgroup may have, and shall keep, of a tier.
 *
 * Idea: a neighbour must not be able to take the fast memory of others by
 * touching more memory than they do. Loaded for a cgroup, the policy limits
 * and protects what that has in one tier. Loaded for the machine, it protects
 * an equal share of the tier for every cgroup that uses slow memory: who has
 * less keeps it, and who has more makes room when somebody needs it. What a
 * cgroup does not use is there for all.
 * Source: memory.low and memory.max of the memory controller, for a tier;
 * "max-min fairness".
 * Signals: sizes of LRU lists, hint faults (which cgroups want fast memory).
 * Good for: several tenants on one machine.
 * Bad for: finding out which pages are hot: promotion is left to the kernel
 * default, and of what is above a limit the least recently used goes.
 * Limits: new memory is allocated in the fastest tier that has room, and
 * demoted soon after if that is above the limit. For the machine, the share of
 * a cgroup that has been quiet for forget_ms goes to the others; 32 cgroups.
 */
#include <tier_ext/tier_ext.bpf.h>

#define MB_PAGES    256
#define NR_TENANTS  32
#define NR_PROBES   4
#define HASH_FACTOR 0x9E3779B97F4A7C15ULL

TIERX_TUNE(u64, limit_mb, 0, 0, 1073741824, "MiB",
	   "what the cgroup may have in the tier, 0 for any amount");
TIERX_TUNE(u64, protect_mb, 0, 0, 1073741824, "MiB", "what of it is not demoted for others");
TIERX_TUNE(u32, share_percent, 80, 0, 95, "%",
	   "machine: how much of the tier is shared out as protection");
TIERX_TUNE(u32, forget_ms, 30000, 1000, 3600000, "ms",
	   "machine: a cgroup that does not ask for so long has no share");
TIERX_KNOB(u32, tier, 0, 0, 15, "", "rank of the tier, 0 is the fastest");

struct fair_stats {
	u64 went_over TIERX_HELP("times that a cgroup was found above its limit");
	u64 went_under TIERX_HELP("times that a cgroup was found below it again");
	u64 refused TIERX_HELP("limits that the kernel did not take");
	u64 asked TIERX_HELP("hint faults");
};
TIERX_STATS(struct fair_stats);

/* A cgroup that uses slow memory, when the machine is shared out. */
struct tenant {
	u64 memcg_id;
	u64 asked_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NR_TENANTS);
	__type(key, u32);
	__type(value, struct tenant);
} tenants SEC(".maps");

/* The cgroup that the policy is for, 0 for the machine. */
static u64 own_id;

static struct tenant *tenant_at(u32 i)
{
	u32 key = i % NR_TENANTS;

	return bpf_map_lookup_elem(&tenants, &key);
}

/* Racy: of two cgroups that want the same place at once, one has to ask again. */
static void note_tenant(u64 memcg_id)
{
	u32 first = (memcg_id * HASH_FACTOR) >> 32, i;
	struct tenant *tenant;

	for (i = 0; i < NR_PROBES; i++) {
		tenant = tenant_at(first + i);
		if (!tenant)
			return;
		if (!tenant->memcg_id)
			tenant->memcg_id = memcg_id;
		if (tenant->memcg_id != memcg_id)
			continue;
		tenant->asked_ns = bpf_ktime_get_ns();
		return;
	}
}

static bool is_quiet(const struct tenant *tenant)
{
	return bpf_ktime_get_ns() - tenant->asked_ns > forget_ms * 1000000ULL;
}

/* Not static, as what follows: the verifier looks at it once, not in each round of a loop. */
__noinline s32 fair_set(u64 memcg_id, u64 limit_pages, u64 protect_pages)
{
	s32 err = tierx_bpf_memcg_set_limit(memcg_id, tier, limit_pages);

	if (!err)
		err = tierx_bpf_memcg_set_protection(memcg_id, tier, protect_pages);
	if (err)
		tierx_stat_add(refused, 1);
	return err;
}

/* Does a tenant still ask? One that is quiet loses its share. */
__noinline u32 fair_asks(u32 i)
{
	struct tenant *tenant = tenant_at(i);

	if (!tenant || !tenant->memcg_id)
		return 0;
	if (!is_quiet(tenant))
		return 1;
	fair_set(tenant->memcg_id, 0, 0);
	tenant->memcg_id = 0;
	return 0;
}

static u64 tier_pages(u32 nr_nodes)
{
	u64 pages = 0;
	u32 nid;

	bpf_for(nid, 0, nr_nodes)
		if (tierx_bpf_node_stat(nid, TIERX_NODE_TIER) == tier)
			pages += tierx_bpf_node_stat(nid, TIERX_NODE_PRESENT_PAGES);
	return pages;
}

static u32 nr_nodes;

/* To those that ask, the same to each. */
static void share_out(void)
{
	struct tenant *tenant;
	u64 share;
	u32 nr = 0, i;

	bpf_for(i, 0, NR_TENANTS)
		nr += fair_asks(i);
	if (!nr)
		return;

	share = tier_pages(nr_nodes) * share_percent / 100 / nr;
	bpf_for(i, 0, NR_TENANTS) {
		tenant = tenant_at(i);
		if (tenant && tenant->memcg_id)
			fair_set(tenant->memcg_id, 0, share);
	}
}

s32 TIERX_OP_SLEEPABLE(fair_init, struct tier_ext_init_args *args)
{
	own_id = args->cgroup_id;
	nr_nodes = args->nr_node_ids;
	if (own_id)
		return tierx_bpf_memcg_set_limit(own_id, tier, limit_mb * MB_PAGES);
	return 0;
}

/* The op is here for its limits to be asked: what the kernel promotes counts, too. */
s32 TIERX_OP(fair_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	u64 memcg_id = tierx_bpf_folio_memcg_id(folio);

	tierx_stat_add(asked, 1);
	if (!own_id && memcg_id)
		note_tenant(memcg_id);
	return TIERX_DEFAULT;
}

/* As above, for its protection. */
s32 TIERX_OP(fair_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

void TIERX_OP(fair_memcg_event, u64 memcg_id, u32 event_tier, u64 usage_pages, u64 limit_pages)
{
	if (usage_pages > limit_pages)
		tierx_stat_add(went_over, 1);
	else
		tierx_stat_add(went_under, 1);
}

void TIERX_OP_SLEEPABLE(fair_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (stat->tier != tier)
		return;
	if (own_id)
		fair_set(own_id, limit_mb * MB_PAGES, protect_mb * MB_PAGES);
	else
		share_out();
}

TIERX_POLICY(fair, "per-cgroup limits and protection in a tier") = {
	.name = "fair",
	.init = (void *)fair_init,
	.hint_fault = (void *)fair_hint_fault,
	.reclaim = (void *)fair_reclaim,
	.memcg_event = (void *)fair_memcg_event,
	.tick = (void *)fair_tick,
	.tick_ms = 100,
};
