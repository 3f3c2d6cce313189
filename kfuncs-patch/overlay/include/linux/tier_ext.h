/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tier_ext: memory tiering policies in BPF.
 *
 * This header holds what a policy sees (verdicts, contexts, struct
 * tier_ext_ops) and the hook calls that generic mm code makes. Everything
 * else is in mm/tier_ext/. See Documentation/mm/tier_ext.rst.
 */
#ifndef _LINUX_TIER_EXT_H
#define _LINUX_TIER_EXT_H

#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/types.h>

struct mem_cgroup;
struct mempolicy;
struct vm_fault;

/* Who saw an access, in the order of the events access_*. */
enum tier_ext_access_source {
	TIER_EXT_ACCESS_HINT,
	TIER_EXT_ACCESS_MARK,
	TIER_EXT_ACCESS_YOUNG,
	TIER_EXT_ACCESS_REFAULT,
};

#define TIER_EXT_NAME_LEN	64

/**
 * enum tier_ext_verdict - answers of the ops that decide
 * @TIERX_DEFAULT: do what a kernel without a policy does (any op)
 * @TIERX_STAY: leave the folio on its node (hint_fault, fault_in)
 * @TIERX_DEFER: queue the folio for the migration thread of its node, which
 *	chooses the target (hint_fault, fault_in)
 * @TIERX_KEEP: put the folio back on the active list (reclaim)
 * @TIERX_RECLAIM: swap out, write back or drop the folio, do not demote it
 *	(reclaim)
 * @TIERX_DEMOTE: move the folio to a slower tier (reclaim)
 * @TIERX_ALLOW: let the queued move happen (admit)
 * @TIERX_DENY: drop the queued move (admit)
 * @TIERX_SKIP: do not arm pages of the VMA in this pass (scan_vma)
 * @TIERX_FORCE: arm them though the kernel thinks that it is of little use
 *	(scan_vma)
 *
 * A verdict of zero or more is a node id: the node to promote to (hint_fault),
 * to move to (fault_in), to demote to (demote_target), or to move to instead
 * (admit). From scan_vma it is a number of pages.
 */
enum tier_ext_verdict {
	TIERX_DEFAULT	= -1,
	TIERX_STAY	= -2,
	TIERX_DEFER	= -3,
	TIERX_KEEP	= -4,
	TIERX_RECLAIM	= -5,
	TIERX_DEMOTE	= -6,
	TIERX_ALLOW	= -7,
	TIERX_DENY	= -8,
	TIERX_SKIP	= -9,
	TIERX_FORCE	= -10,
};

/**
 * enum tier_ext_folio_state - bits of tierx_bpf_folio_state()
 * @TIERX_FOLIO_ANON: anonymous memory
 * @TIERX_FOLIO_FILE: page cache of a regular file system
 * @TIERX_FOLIO_SHMEM: page cache of shmem or tmpfs
 * @TIERX_FOLIO_KSM: merged by KSM
 * @TIERX_FOLIO_HUGETLB: hugetlb folio
 * @TIERX_FOLIO_LARGE: more than one page
 * @TIERX_FOLIO_MAPPED: mapped by at least one page table
 * @TIERX_FOLIO_SHARED: likely mapped by more than one process
 * @TIERX_FOLIO_DIRTY: dirty
 * @TIERX_FOLIO_WRITEBACK: under writeback
 * @TIERX_FOLIO_ACTIVE: on an active LRU list
 * @TIERX_FOLIO_REFERENCED: referenced since it was last looked at
 * @TIERX_FOLIO_WORKINGSET: refaulted, or was active when it was reclaimed
 * @TIERX_FOLIO_UNEVICTABLE: not evictable (mlocked for example)
 * @TIERX_FOLIO_MLOCKED: mlocked
 * @TIERX_FOLIO_PINNED: probably pinned for DMA
 * @TIERX_FOLIO_SWAPCACHE: in the swap cache
 *
 * A snapshot: every bit may change as soon as it was read.
 */
enum tier_ext_folio_state {
	TIERX_FOLIO_ANON	= 1 << 0,
	TIERX_FOLIO_FILE	= 1 << 1,
	TIERX_FOLIO_SHMEM	= 1 << 2,
	TIERX_FOLIO_KSM		= 1 << 3,
	TIERX_FOLIO_HUGETLB	= 1 << 4,
	TIERX_FOLIO_LARGE	= 1 << 5,
	TIERX_FOLIO_MAPPED	= 1 << 6,
	TIERX_FOLIO_SHARED	= 1 << 7,
	TIERX_FOLIO_DIRTY	= 1 << 8,
	TIERX_FOLIO_WRITEBACK	= 1 << 9,
	TIERX_FOLIO_ACTIVE	= 1 << 10,
	TIERX_FOLIO_REFERENCED	= 1 << 11,
	TIERX_FOLIO_WORKINGSET	= 1 << 12,
	TIERX_FOLIO_UNEVICTABLE	= 1 << 13,
	TIERX_FOLIO_MLOCKED	= 1 << 14,
	TIERX_FOLIO_PINNED	= 1 << 15,
	TIERX_FOLIO_SWAPCACHE	= 1 << 16,
};

/**
 * enum tier_ext_node_item - what tierx_bpf_node_stat() reads
 * @TIERX_NODE_TIER: rank of the node's memory tier, 0 is the fastest
 * @TIERX_NODE_ADISTANCE: abstract distance
 * @TIERX_NODE_READ_LATENCY_NS: read latency from the nearest CPUs (HMAT)
 * @TIERX_NODE_WRITE_LATENCY_NS: write latency from the nearest CPUs (HMAT)
 * @TIERX_NODE_READ_BANDWIDTH_MBPS: read bandwidth, MB/s (HMAT)
 * @TIERX_NODE_WRITE_BANDWIDTH_MBPS: write bandwidth, MB/s (HMAT)
 * @TIERX_NODE_PRESENT_PAGES: pages of the node
 * @TIERX_NODE_FREE_PAGES: free pages
 * @TIERX_NODE_WMARK_LOW_PAGES: sum of the zones' low watermarks; kswapd wakes
 * @TIERX_NODE_WMARK_HIGH_PAGES: sum of the zones' high watermarks
 * @TIERX_NODE_WMARK_PROMO_PAGES: sum of the zones' promotion watermarks; kswapd
 *	demotes up to here while NUMA balancing is in tiering mode
 */
enum tier_ext_node_item {
	TIERX_NODE_TIER,
	TIERX_NODE_ADISTANCE,
	TIERX_NODE_READ_LATENCY_NS,
	TIERX_NODE_WRITE_LATENCY_NS,
	TIERX_NODE_READ_BANDWIDTH_MBPS,
	TIERX_NODE_WRITE_BANDWIDTH_MBPS,
	TIERX_NODE_PRESENT_PAGES,
	TIERX_NODE_FREE_PAGES,
	TIERX_NODE_WMARK_LOW_PAGES,
	TIERX_NODE_WMARK_HIGH_PAGES,
	TIERX_NODE_WMARK_PROMO_PAGES,
};

/**
 * enum tier_ext_move - what a queued move is for
 * @TIERX_MOVE_PROMOTE: to a faster tier
 * @TIERX_MOVE_DEMOTE: to a slower tier
 * @TIERX_MOVE_ANY: to the node that was named
 * @TIERX_MOVE_RECLAIM: out of memory: swapped out, written back or dropped
 */
enum tier_ext_move {
	TIERX_MOVE_PROMOTE,
	TIERX_MOVE_DEMOTE,
	TIERX_MOVE_ANY,
	TIERX_MOVE_RECLAIM,
};

/**
 * enum tier_ext_ops_flags - flags of &struct tier_ext_ops
 * @TIERX_OPS_ACCESS_ALL: sample accesses to folios of every tier; without it
 *	only those to tiers other than the fastest
 */
enum tier_ext_ops_flags {
	TIERX_OPS_ACCESS_ALL	= 1 << 0,
};

/**
 * enum tier_ext_shmem_state - where a page of a shmem file is
 * @TIERX_SHMEM_HOLE: nowhere, it was never written to
 * @TIERX_SHMEM_RESIDENT: in the page cache
 * @TIERX_SHMEM_SWAPPED: in swap only
 * @TIERX_SHMEM_SWAPCACHE: in swap, and in memory in the swap cache
 * @TIERX_SHMEM_POISONED: lost to a memory error
 */
enum tier_ext_shmem_state {
	TIERX_SHMEM_HOLE,
	TIERX_SHMEM_RESIDENT,
	TIERX_SHMEM_SWAPPED,
	TIERX_SHMEM_SWAPCACHE,
	TIERX_SHMEM_POISONED,
};

/**
 * enum tier_ext_walk_flags - flags of the iterators over folios
 * @TIERX_WALK_ANON: anonymous and shmem folios
 * @TIERX_WALK_FILE: folios of regular files
 * @TIERX_WALK_HARVEST: test and clear the accessed bits, see
 *	&tier_ext_page.young
 * @TIERX_WALK_OVERLAP: begin with the folio that the first PFN is part of, if
 *	it is not one that begins there; otherwise that is not seen. By PFN only
 * @TIERX_WALK_YOUNG: harvest, but only show what was accessed. By PFN that takes
 *	much less for folios that were not
 */
enum tier_ext_walk_flags {
	TIERX_WALK_ANON		= 1 << 0,
	TIERX_WALK_FILE		= 1 << 1,
	TIERX_WALK_HARVEST	= 1 << 2,
	TIERX_WALK_OVERLAP	= 1 << 3,
	TIERX_WALK_YOUNG	= 1 << 4,
};

/**
 * enum tier_ext_exit_kind - why a policy ended
 * @TIERX_EXIT_NONE: it has not
 * @TIERX_EXIT_UNREG: unregistered from user space: unloaded, or its link closed
 * @TIERX_EXIT_UNREG_SWAP: replaced by another policy
 * @TIERX_EXIT_UNREG_BPF: the policy called tierx_bpf_exit()
 * @TIERX_EXIT_UNREG_ABORT: an administrator wrote to the abort file
 * @TIERX_EXIT_UNREG_SYSRQ: an administrator used SysRq
 * @TIERX_EXIT_UNREG_CGROUP: its cgroup was removed
 * @TIERX_EXIT_ERROR: first of the errors; a dump is taken from here on
 * @TIERX_EXIT_ERROR_BPF: the policy called tierx_bpf_error()
 * @TIERX_EXIT_ERROR_VERDICT: too many of its verdicts were invalid
 * @TIERX_EXIT_ERROR_STALL: a tick, or a round of a queue with the ops that it
 *	calls, took longer than @timeout_ms of &struct tier_ext_ops
 * @TIERX_EXIT_ERROR_WATERMARK: a node that could demote fell below its low
 *	watermark and did not get up to the high one in that time, while the
 *	policy refused to demote
 * @TIERX_EXIT_ERROR_MIGRATE: too many of the moves that it wanted failed
 * @TIERX_EXIT_ERROR_THRASH: too many promoted pages were demoted again at once
 * @TIERX_EXIT_ERROR_RECLAIM: too many folios were kept until reclaim was
 *	desperate
 * @TIERX_EXIT_ERROR_OOM: the machine was out of memory
 */
enum tier_ext_exit_kind {
	TIERX_EXIT_NONE		= 0,
	TIERX_EXIT_UNREG	= 64,
	TIERX_EXIT_UNREG_SWAP,
	TIERX_EXIT_UNREG_BPF,
	TIERX_EXIT_UNREG_ABORT,
	TIERX_EXIT_UNREG_SYSRQ,
	TIERX_EXIT_UNREG_CGROUP,
	TIERX_EXIT_ERROR	= 1024,
	TIERX_EXIT_ERROR_BPF,
	TIERX_EXIT_ERROR_VERDICT,
	TIERX_EXIT_ERROR_STALL,
	TIERX_EXIT_ERROR_WATERMARK,
	TIERX_EXIT_ERROR_MIGRATE,
	TIERX_EXIT_ERROR_THRASH,
	TIERX_EXIT_ERROR_RECLAIM,
	TIERX_EXIT_ERROR_OOM,
};

/**
 * enum tier_ext_exit_code - bits of the code of tierx_bpf_exit()
 * @TIERX_ECODE_RESTART: whoever holds the policy shall load it again
 *
 * The lower 48 bits are the policy's own.
 */
enum tier_ext_exit_code {
	TIERX_ECODE_RESTART	= 1ULL << 48,
};

/* The tier in memcg_event() of a cgroup that was removed. */
#define TIERX_TIER_GONE		U32_MAX

/**
 * struct tier_ext_init_args - what @init is told
 * @max_pfn: one more than the highest PFN of the machine, to size state by
 * @enable_seq: number of times that a policy was attached where none was
 * @cgroup_id: the cgroup that the policy governs, 0 for the machine
 * @nr_node_ids: one more than the highest possible node id
 * @replacing: not 0 if another policy is attached and will be replaced
 */
struct tier_ext_init_args {
	u64	max_pfn;
	u64	enable_seq;
	u64	cgroup_id;
	u32	nr_node_ids;
	u32	replacing;
};

/**
 * struct tier_ext_exit_info - why a policy ended
 * @kind: &enum tier_ext_exit_kind
 * @code: the policy's own code, from tierx_bpf_exit()
 * @reason: @kind in words
 * @msg: more about it; from the policy if that ended itself
 * @dump: what the kernel and the policy's dump op wrote, or empty
 */
struct tier_ext_exit_info {
	s32		kind;
	s64		code;
	const char	*reason;
	char		*msg;
	char		*dump;
};

/**
 * struct tier_ext_dump_ctx - what @dump is told
 * @kind: &enum tier_ext_exit_kind
 * @reason: @kind in words
 */
struct tier_ext_dump_ctx {
	s32		kind;
	const char	*reason;
};

/**
 * struct tier_ext_fault - a fault on a folio that may be on the wrong node
 * @address: faulting address
 * @src_nid: node of the folio
 * @cpu_nid: node of the faulting CPU; where the kernel would promote to
 * @age_ms: milliseconds since the page was armed or last faulted ("hint fault
 *	latency"), modulo PAGE_ACCESS_TIME_MASK + 1; short means hot. 0 in
 *	fault_in.
 * @write: not 0 if the access was a write
 */
struct tier_ext_fault {
	u64	address;
	s32	src_nid;
	s32	cpu_nid;
	u32	age_ms;
	u32	write;
};

/**
 * struct tier_ext_scan - NUMA balancing is about to arm pages of a VMA
 * @start: where in the VMA it would begin, if that is inside; else the VMA's
 *	first address
 * @end: the VMA's end
 * @pages: how many pages it would arm at most before it rests
 * @cpu_nid: node of the CPU
 */
struct tier_ext_scan {
	u64	start;
	u64	end;
	u64	pages;
	s32	cpu_nid;
};

/**
 * struct tier_ext_access - accesses to a folio were seen
 * @nr: how many accesses this sample stands for
 * @cpu_nid: node of the CPU that made them, -1 if nobody knows
 */
struct tier_ext_access {
	u32	nr;
	s32	cpu_nid;
};

/**
 * struct tier_ext_page - a folio, as an iterator found it
 * @pfn: its first PFN
 * @gen: its generation, as of tierx_bpf_folio_gen()
 * @memcg_id: cgroup id of its owner, 0 if it has none
 * @state: bits of &enum tier_ext_folio_state
 * @nid: its node
 * @nr_pages: its size
 * @young: mappings that had their accessed bit set, with TIERX_WALK_HARVEST;
 *	the search ends with the first one, and looks at few mappings of a
 *	folio that has many. One more if it was read or written by system
 *	calls since the last time, or through a mapping that is gone, or if
 *	there was no last time
 */
struct tier_ext_page {
	u64	pfn;
	u64	gen;
	u64	memcg_id;
	u64	state;
	s32	nid;
	u32	nr_pages;
	u32	young;
};

/**
 * struct tier_ext_pfn - a folio, as a policy remembers it
 * @pfn: its first PFN
 * @gen: its generation, 0 not to check it
 */
struct tier_ext_pfn {
	u64	pfn;
	u64	gen;
};

/**
 * struct tier_ext_reclaim - reclaim looks at a folio
 * @memcg_id: cgroup id of the folio's owner, 0 if it has none
 * @src_nid: node of the folio
 * @target_nid: node that the kernel would demote to, -1 if there is none
 * @priority: reclaim priority: 12 is the gentlest, 0 is despair
 * @can_demote: not 0 if @TIERX_DEMOTE is possible; 0 on the second pass over
 *	folios that could not be demoted
 * @kswapd: not 0 in kswapd, 0 in direct and proactive reclaim
 */
struct tier_ext_reclaim {
	u64	memcg_id;
	s32	src_nid;
	s32	target_nid;
	s32	priority;
	u32	can_demote;
	u32	kswapd;
};

/**
 * struct tier_ext_request - one move
 * @pfn: first PFN of the folio before the move
 * @gen: generation of the folio at that PFN, as of tierx_bpf_folio_gen()
 * @memcg_id: cgroup id of the folio's owner, 0 if it has none
 * @src_nid: node that the folio is on
 * @dst_nid: node that it goes to
 * @nr_pages: size of the folio
 * @move: &enum tier_ext_move
 * @attempts: how often the move was tried before
 * @queued: not 0 for a move that a policy asked for and a migration thread
 *	made, 0 for a move that somebody else made
 */
struct tier_ext_request {
	u64	pfn;
	u64	gen;
	u64	memcg_id;
	s32	src_nid;
	s32	dst_nid;
	u32	nr_pages;
	u32	move;
	u32	attempts;
	u32	queued;
};

/**
 * struct tier_ext_result - how a move went
 * @new_pfn: first PFN of the folio after the move, @pfn if it did not move
 * @error: 0, or a negative errno: -EAGAIN the folio was busy, -ENOMEM the
 *	target was full
 * @reason: &enum migrate_reason
 */
struct tier_ext_result {
	u64	new_pfn;
	s32	error;
	u32	reason;
};

/**
 * struct tier_ext_node_stat - a node, as @tick sees it
 * @present_pages: pages of the node
 * @free_pages: free pages
 * @wmark_high_pages: sum of the zones' high watermarks
 * @wmark_promo_pages: sum of the zones' promotion watermarks
 * @active_pages: pages on the active LRU lists
 * @inactive_pages: pages on the inactive LRU lists
 * @promoted_pages: pages promoted from this node since the policy was attached
 * @demoted_pages: pages demoted from this node since the policy was attached
 * @queue_len: moves waiting for this node's migration thread
 * @tier: rank of the node's memory tier, 0 is the fastest
 */
struct tier_ext_node_stat {
	u64	present_pages;
	u64	free_pages;
	u64	wmark_high_pages;
	u64	wmark_promo_pages;
	u64	active_pages;
	u64	inactive_pages;
	u64	promoted_pages;
	u64	demoted_pages;
	u32	queue_len;
	u32	tier;
};

/**
 * struct tier_ext_ops - a memory tiering policy
 *
 * Every op is optional, and a missing op is answered with what a kernel
 * without a policy does. Ops marked "not sleepable" run under RCU with
 * migration disabled; those marked "sleepable" may be sleepable programs.
 *
 * A program that gives a callback to a BPF timer or a BPF work queue is refused:
 * that would be called on nobody's behalf, and not be watched.
 */
struct tier_ext_ops {
	/**
	 * @init: the policy is about to decide
	 *
	 * Sleepable. A negative errno refuses the attachment, and with it a
	 * swap: the old policy goes on. While it runs during a swap, the old
	 * policy still decides.
	 */
	s32 (*init)(struct tier_ext_init_args *args);

	/**
	 * @exit: the policy no longer decides
	 *
	 * Sleepable. Called once, after the last other op has returned, and
	 * only if @init was successful.
	 */
	void (*exit)(struct tier_ext_exit_info *info);

	/**
	 * @dump: write what helps to understand an error
	 *
	 * Not sleepable. Called before @exit if the policy ended in an error.
	 * Only this op may call tierx_bpf_dump().
	 */
	void (*dump)(struct tier_ext_dump_ctx *dump);

	/**
	 * @hint_fault: a NUMA hint fault hit a folio of a slow tier
	 *
	 * Not sleepable; the page table lock is held, the folio is mapped,
	 * not locked and not isolated. Needs the tiering mode of NUMA
	 * balancing. Not called where an explicit memory policy governs the
	 * page, unless that has MPOL_F_NUMA_BALANCING.
	 *
	 * Answers TIERX_DEFAULT, TIERX_STAY, TIERX_DEFER, or a node of a
	 * faster tier, to which the folio is moved before the fault returns.
	 */
	s32 (*hint_fault)(struct folio *folio, struct vm_area_struct *vma,
			  struct tier_ext_fault *fault);

	/**
	 * @fault_in: a fault found a folio that nobody has mapped
	 *
	 * Not sleepable; the folio is locked, up to date, not under writeback,
	 * not mapped and on another node than the faulting CPU. It is in the
	 * page cache (regular file systems and shmem) or the swap cache, and
	 * was there before this fault. Not called where an explicit memory
	 * policy governs the page. While a policy has this op, a fault maps no
	 * such folio in passing ("fault-around").
	 *
	 * Answers TIERX_DEFAULT or TIERX_STAY, TIERX_DEFER, or a node, to which
	 * the folio is moved before it is mapped.
	 */
	s32 (*fault_in)(struct folio *folio, struct vm_area_struct *vma,
			struct tier_ext_fault *fault);

	/**
	 * @scan_vma: NUMA balancing is about to arm pages of a VMA
	 *
	 * Not sleepable; mmap_lock is held for reading, the task is the one
	 * that is scanned. Called for every VMA that can be armed at all.
	 *
	 * Answers TIERX_DEFAULT, TIERX_SKIP, TIERX_FORCE, or the number of
	 * pages to arm before the scan rests, which forces, too, and is
	 * limited to four times @scan's. What is forced is
	 * armed although it is a read-only file mapping, or was not accessed
	 * by this task lately.
	 */
	s32 (*scan_vma)(struct vm_area_struct *vma, struct tier_ext_scan *scan);

	/**
	 * @access: a folio was accessed
	 *
	 * Not sleepable; any lock of mm but those of the LRU may be held. One
	 * access in @access_period is told, picked at random, whatever saw
	 * it: a NUMA hint fault, a read() of the page cache, mapped or not,
	 * accessed bits that reclaim or the multi-generational LRU found, a
	 * refault, or tierx_bpf_access_report() and tierx_bpf_access_queue(),
	 * which are always told.
	 */
	void (*access)(struct folio *folio, struct tier_ext_access *access);

	/**
	 * @reclaim: reclaim is about to demote, swap out or drop a folio
	 *
	 * Not sleepable; the folio is locked and isolated, its references
	 * were checked. The task may be in any kind of reclaim.
	 *
	 * Answers TIERX_DEFAULT, TIERX_KEEP, TIERX_RECLAIM or TIERX_DEMOTE.
	 * TIERX_KEEP is ignored when reclaim gets desperate, TIERX_DEMOTE when
	 * &struct tier_ext_reclaim says that it is not possible.
	 */
	s32 (*reclaim)(struct folio *folio, struct tier_ext_reclaim *reclaim);

	/**
	 * @demote_target: choose where reclaim demotes a folio to
	 *
	 * Not sleepable; the folio is isolated and not locked.
	 *
	 * Answers TIERX_DEFAULT or a node of a slower tier. If that is full,
	 * the kernel falls back to other nodes of slower tiers.
	 */
	s32 (*demote_target)(struct folio *folio,
			     struct tier_ext_reclaim *reclaim);

	/**
	 * @admit: a queued move is about to be made
	 *
	 * Not sleepable; called by the migration thread, after the kernel's
	 * own checks and before the folio is isolated.
	 *
	 * Answers TIERX_DEFAULT or TIERX_ALLOW, TIERX_DENY, or another node
	 * to move to, which is checked as the first one was.
	 */
	s32 (*admit)(struct tier_ext_request *request);

	/**
	 * @migrated: a folio was migrated, or a queued move failed
	 *
	 * Not sleepable. Called for every migration of an LRU folio, whoever
	 * asked for it, also within a node, so that state keyed by PFN can
	 * follow the page; both folios are locked, the new one is not yet
	 * mapped. Called with an error for a queued move that is given up.
	 */
	void (*migrated)(struct tier_ext_request *request,
			 struct tier_ext_result *result);

	/**
	 * @tick: periodic work for a node with memory
	 *
	 * Sleepable. Called by each node's migration thread every @tick_ms.
	 */
	void (*tick)(s32 nid, struct tier_ext_node_stat *stat);

	/** @flags: &enum tier_ext_ops_flags; unknown ones are refused */
	u64 flags;

	/**
	 * @memcg_event: a cgroup with a limit has crossed it, or was removed
	 *
	 * Not sleepable; called by a migration thread that looks after limits.
	 * Told are the cgroup's id, the tier, how many pages the cgroup has
	 * there and how many it may have. Above the limit it was not before,
	 * or the other way round. The tier is TIERX_TIER_GONE, and the number of
	 * pages 0, for a cgroup that was removed.
	 */
	void (*memcg_event)(u64 memcg_id, u32 tier, u64 usage_pages,
			    u64 limit_pages);

	/**
	 * @cgroup_id: the policy governs this memory cgroup and its
	 * descendants, unless they have policies of their own; 0 for the
	 * machine
	 */
	u64 cgroup_id;

	/**
	 * @rate_limit_bytes: bytes per second that the policy may move in all,
	 * 0 for no limit; more than 1 PiB is taken for 1 PiB. Counts queued
	 * moves and promotions by @hint_fault.
	 */
	u64 rate_limit_bytes;

	/** @node_rate_limit_bytes: the same for each source node */
	u64 node_rate_limit_bytes;

	/** @tick_ms: period of @tick, 10 to 60000; 0 for 1000 */
	u32 tick_ms;

	/**
	 * @timeout_ms: the policy is ejected if it does harm for so long: 100
	 * to 30000, 0 for 30000
	 */
	u32 timeout_ms;

	/**
	 * @access_period: tell @access of one access in this many: a power of
	 * two up to 65536, 0 for 64
	 */
	u32 access_period;

	/** @exit_dump_len: bytes kept of a dump, 64 to 1 MiB; 0 for 32 KiB */
	u32 exit_dump_len;

	/**
	 * @nice: nice value that the policy's migration threads are given when
	 * it is put in place: -20 to 19. Less than 0 needs CAP_SYS_NICE.
	 */
	s32 nice;

	/** @name: name of the policy: letters, digits, '_' and '.' */
	char name[TIER_EXT_NAME_LEN];
};

#ifdef CONFIG_TIER_EXT

DECLARE_STATIC_KEY_FALSE(tierx_key_hint);
DECLARE_STATIC_KEY_FALSE(tierx_key_fault_in);
DECLARE_STATIC_KEY_FALSE(tierx_key_scan_vma);
DECLARE_STATIC_KEY_FALSE(tierx_key_access);
DECLARE_STATIC_KEY_FALSE(tierx_key_reclaim);
DECLARE_STATIC_KEY_FALSE(tierx_key_demote_target);
DECLARE_STATIC_KEY_FALSE(tierx_key_migrated);
DECLARE_STATIC_KEY_FALSE(tierx_key_tenants);

int __tier_ext_hint_fault(struct folio *folio, struct vm_fault *vmf,
			  unsigned long address, struct mempolicy *pol,
			  int cpu_nid);
vm_fault_t __tier_ext_fault_in(struct vm_fault *vmf, vm_fault_t ret);
struct folio *__tier_ext_swap_in(struct vm_fault *vmf, struct folio *folio,
				 swp_entry_t entry);
vm_fault_t __tier_ext_map_pages(struct vm_fault *vmf, pgoff_t start,
				pgoff_t end);
int __tier_ext_scan_vma(struct vm_area_struct *vma, unsigned long start,
			long *pages);
void __tier_ext_access(struct folio *folio, enum tier_ext_access_source source);
bool __tier_ext_reclaim(struct folio *folio, int priority, bool *demote);
int __tier_ext_demote_target(struct folio *folio, int nid);
void __tier_ext_migrated(struct folio *src, struct folio *dst, int reason);
void __tier_ext_memcg_offline(struct mem_cgroup *memcg);

/**
 * tier_ext_access() - tell the policy that a folio was accessed
 * @folio: the folio; somebody keeps it from being freed
 * @source: who saw it
 *
 * Context: any but NMI and under an LRU lock.
 */
static inline void tier_ext_access(struct folio *folio,
				   enum tier_ext_access_source source)
{
	if (static_branch_unlikely(&tierx_key_access))
		__tier_ext_access(folio, source);
}

/**
 * tier_ext_fault_in() - let the policy move what a fault has found
 * @vmf: the fault
 * @ret: what vm_ops->fault() returned
 *
 * Return: what it returned the last time that it was called.
 */
static inline vm_fault_t tier_ext_fault_in(struct vm_fault *vmf, vm_fault_t ret)
{
	if (!static_branch_unlikely(&tierx_key_fault_in))
		return ret;
	return __tier_ext_fault_in(vmf, ret);
}

/**
 * tier_ext_swap_in() - let the policy move what a fault has found in swap cache
 * @vmf: the fault
 * @folio: the folio with a reference, not locked, or NULL
 * @entry: its swap entry; the swap device is held
 *
 * Return: what is in the swap cache now, with a reference, or NULL.
 */
static inline struct folio *tier_ext_swap_in(struct vm_fault *vmf,
					     struct folio *folio,
					     swp_entry_t entry)
{
	if (!static_branch_unlikely(&tierx_key_fault_in) || !folio)
		return folio;
	return __tier_ext_swap_in(vmf, folio, entry);
}

/**
 * tier_ext_map_pages() - map the pages around a fault
 * @vmf: the fault
 * @start: first page of the file
 * @end: last page of the file
 *
 * Leaves out those that the policy wants to be asked about first.
 *
 * Context: under RCU.
 * Return: what vm_ops->map_pages() returns.
 */
static inline vm_fault_t tier_ext_map_pages(struct vm_fault *vmf, pgoff_t start,
					    pgoff_t end)
{
	if (!static_branch_unlikely(&tierx_key_fault_in))
		return vmf->vma->vm_ops->map_pages(vmf, start, end);
	return __tier_ext_map_pages(vmf, start, end);
}

/**
 * tier_ext_scan_vma() - ask the policy whether pages of a VMA shall be armed
 * @vma: the VMA
 * @start: where the scan is
 * @pages: how many pages may be armed; replaced by the policy's answer
 *
 * Context: mmap_lock held for reading.
 * Return: negative to skip the VMA, positive to arm it even if that seems to be
 * of little use, 0 if the kernel has to decide.
 */
static inline int tier_ext_scan_vma(struct vm_area_struct *vma,
				    unsigned long start, long *pages)
{
	if (!static_branch_unlikely(&tierx_key_scan_vma))
		return 0;
	return __tier_ext_scan_vma(vma, start, pages);
}

/**
 * tier_ext_hint_fault() - ask the policy about a NUMA hint fault
 * @folio: the folio that was hit
 * @vmf: the fault
 * @address: address of the page
 * @pol: memory policy that governs the page
 * @cpu_nid: node of the faulting CPU; where the kernel would promote to
 *
 * Context: page table lock held.
 * Return: the node that the policy wants the folio on, which is the one it is
 * on for it to stay; NUMA_NO_NODE if the kernel has to decide.
 */
static inline int tier_ext_hint_fault(struct folio *folio,
				      struct vm_fault *vmf,
				      unsigned long address,
				      struct mempolicy *pol, int cpu_nid)
{
	if (!static_branch_unlikely(&tierx_key_hint))
		return NUMA_NO_NODE;
	return __tier_ext_hint_fault(folio, vmf, address, pol, cpu_nid);
}

/**
 * tier_ext_reclaim() - ask the policy about a folio that is to be reclaimed
 * @folio: the folio, locked and isolated
 * @priority: priority of this round of reclaim
 * @demote: whether the kernel would demote it; replaced by the policy's answer
 *
 * Return: true if the folio has to be kept.
 */
static inline bool tier_ext_reclaim(struct folio *folio, int priority,
				    bool *demote)
{
	if (!static_branch_unlikely(&tierx_key_reclaim))
		return false;
	return __tier_ext_reclaim(folio, priority, demote);
}

/**
 * tier_ext_demote_target() - ask the policy where a folio is demoted to
 * @folio: the folio, isolated
 * @nid: node that the kernel would demote to
 *
 * Return: the node to demote to.
 */
static inline int tier_ext_demote_target(struct folio *folio, int nid)
{
	if (!static_branch_unlikely(&tierx_key_demote_target))
		return nid;
	return __tier_ext_demote_target(folio, nid);
}

/**
 * tier_ext_migrated() - tell the policy that a folio has moved
 * @src: the folio as it was, locked
 * @dst: the folio as it is, locked and not yet mapped
 * @reason: &enum migrate_reason
 */
static inline void tier_ext_migrated(struct folio *src, struct folio *dst,
				     int reason)
{
	if (static_branch_unlikely(&tierx_key_migrated))
		__tier_ext_migrated(src, dst, reason);
}

/**
 * tier_ext_memcg_offline() - end the policy of a cgroup that is being removed
 * @memcg: the cgroup
 */
static inline void tier_ext_memcg_offline(struct mem_cgroup *memcg)
{
	if (static_branch_unlikely(&tierx_key_tenants))
		__tier_ext_memcg_offline(memcg);
}

#else /* !CONFIG_TIER_EXT */

static inline void tier_ext_access(struct folio *folio,
				   enum tier_ext_access_source source)
{
}

static inline vm_fault_t tier_ext_fault_in(struct vm_fault *vmf, vm_fault_t ret)
{
	return ret;
}

static inline struct folio *tier_ext_swap_in(struct vm_fault *vmf,
					     struct folio *folio,
					     swp_entry_t entry)
{
	return folio;
}

static inline vm_fault_t tier_ext_map_pages(struct vm_fault *vmf, pgoff_t start,
					    pgoff_t end)
{
	return vmf->vma->vm_ops->map_pages(vmf, start, end);
}

static inline int tier_ext_scan_vma(struct vm_area_struct *vma,
				    unsigned long start, long *pages)
{
	return 0;
}

static inline int tier_ext_hint_fault(struct folio *folio,
				      struct vm_fault *vmf,
				      unsigned long address,
				      struct mempolicy *pol, int cpu_nid)
{
	return NUMA_NO_NODE;
}

static inline bool tier_ext_reclaim(struct folio *folio, int priority,
				    bool *demote)
{
	return false;
}

static inline int tier_ext_demote_target(struct folio *folio, int nid)
{
	return nid;
}

static inline void tier_ext_migrated(struct folio *src, struct folio *dst,
				     int reason)
{
}

static inline void tier_ext_memcg_offline(struct mem_cgroup *memcg)
{
}

#endif /* CONFIG_TIER_EXT */
#endif /* _LINUX_TIER_EXT_H */
