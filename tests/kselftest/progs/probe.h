/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The probe policy, as test programs see it: what its ops shall answer, and
 * what they were asked. One global variable, struct tierx_probe probe.
 */
#ifndef PROBE_H
#define PROBE_H

#define PROBE_MAX_NODES 16
#define PROBE_TEXT	512

/* enum tier_ext_verdict, for those who have no vmlinux.h. */
#ifndef __VMLINUX_H__
enum {
	TIERX_DEFAULT = -1,
	TIERX_STAY = -2,
	TIERX_DEFER = -3,
	TIERX_KEEP = -4,
	TIERX_RECLAIM = -5,
	TIERX_DEMOTE = -6,
	TIERX_ALLOW = -7,
	TIERX_DENY = -8,
	TIERX_SKIP = -9,
	TIERX_FORCE = -10,
};

enum {
	TIERX_EXIT_UNREG = 64,
	TIERX_EXIT_UNREG_SWAP,
	TIERX_EXIT_UNREG_BPF,
	TIERX_EXIT_UNREG_ABORT,
	TIERX_EXIT_UNREG_SYSRQ,
	TIERX_EXIT_UNREG_CGROUP,
	TIERX_EXIT_ERROR = 1024,
	TIERX_EXIT_ERROR_BPF,
	TIERX_EXIT_ERROR_VERDICT,
	TIERX_EXIT_ERROR_STALL,
	TIERX_EXIT_ERROR_WATERMARK,
	TIERX_EXIT_ERROR_MIGRATE,
	TIERX_EXIT_ERROR_THRASH,
	TIERX_EXIT_ERROR_RECLAIM,
	TIERX_EXIT_ERROR_OOM,
};

typedef uint64_t u64;
typedef int64_t s64;
typedef uint32_t u32;
typedef int32_t s32;
#endif

/* What tick does, once, apart from counting. */
enum tierx_probe_order {
	PROBE_NOTHING,
	PROBE_ERROR,
	PROBE_EXIT,
	PROBE_MIGRATE,
};

/* A queued move or its result, as an op was told about it. */
struct tierx_probe_move {
	u64 pfn;
	u64 new_pfn;
	u64 memcg_id;
	s32 src_nid;
	s32 dst_nid;
	u32 nr_pages;
	u32 move;
	u32 attempts;
	u32 queued;
	s32 error;
	u32 reason;
};

struct tierx_probe {
	/* Set by the test. Zero is node 0: probe_open() sets them to TIERX_DEFAULT. */
	s32 init_error;
	s32 hint_fault;
	s32 reclaim;
	s32 demote_target;
	s32 admit;
	u32 order;
	u32 promote_flags;
	u32 dump_lines;
	/* Only folios of this cgroup, if it is not 0, are answered by reclaim. */
	u64 memcg_id;
	/* For PROBE_MIGRATE. */
	u64 pfn;
	u64 gen;
	s32 nid;
	u32 call_promote;
	/* How long tick and admit take, once. */
	u32 tick_ms;
	u32 admit_ms;
	/* Of how many hint faults one has an invalid answer, 0 for none. */
	u32 bad_period;

	/* How often each op was called. */
	u64 nr_init;
	u64 nr_exit;
	u64 nr_dump;
	u64 nr_hint_fault;
	u64 nr_reclaim;
	u64 nr_demote_target;
	u64 nr_admit;
	u64 nr_migrated;
	u64 nr_migrated_queued;
	u64 nr_migrated_failed;
	u64 nr_tick[PROBE_MAX_NODES];

	/* What they were told last. */
	u64 max_pfn;
	u64 enable_seq;
	u64 cgroup_id;
	u32 nr_node_ids;
	u32 replacing;
	s32 exit_kind;
	s32 promote_result;
	s64 exit_code;
	char exit_reason[PROBE_TEXT];
	char exit_msg[PROBE_TEXT];
	char exit_dump[PROBE_TEXT];
	s32 dump_kind;
	s32 migrate_result;
	u64 fault_address;
	s32 fault_src_nid;
	s32 fault_cpu_nid;
	u64 folio_pfn;
	u64 folio_state;
	u32 folio_order;
	s32 folio_nid;
	u64 reclaim_memcg_id;
	s32 reclaim_src_nid;
	s32 reclaim_target_nid;
	u32 reclaim_can_demote;
	u32 reclaim_kswapd;
	struct tierx_probe_move admitted;
	struct tierx_probe_move migrated;
	u64 tick_present_pages[PROBE_MAX_NODES];
	u32 tick_tier[PROBE_MAX_NODES];
	s32 tick_nice[PROBE_MAX_NODES];
	s32 tick_pid[PROBE_MAX_NODES];
};

#endif /* PROBE_H */
