/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tier_ext internals. One file per concern:
 *
 *	core.c		the attached policy: attach, swap, detach, eject
 *	struct_ops.c	BPF's view of struct tier_ext_ops
 *	kfuncs.c	what a policy may call, and from where
 *	hooks.c		hint faults, reclaim, migrations: what mm code calls there
 *	fault_in.c	migrate on fault
 *	arm.c		which pages take hint faults
 *	access.c	samples of accesses
 *	harvest.c	accessed bits
 *	walk.c		iterators over folios
 *	shmem.c		where the pages of a shmem file are
 *	target.c	memory tiers: ranks, targets, facts about nodes
 *	queue.c		rings of wanted moves, rate limits
 *	migrate.c	the migration threads
 *	exit.c		why a policy ended, and its dump
 *	sysfs.c		/sys/kernel/mm/tier_ext and the event counters
 */
#ifndef _MM_TIER_EXT_INTERNAL_H
#define _MM_TIER_EXT_INTERNAL_H

#include <linux/bpf.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/node.h>
#include <linux/percpu.h>
#include <linux/tier_ext.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Events of the attached policy, one line each in root/events. */
#define TIERX_EVENTS(X)							\
	X(HINT_FAULT,		hint_fault)				\
	X(FAULT_IN,		fault_in)				\
	X(SCAN_VMA,		scan_vma)				\
	X(RECLAIM,		reclaim)				\
	X(DEMOTE_TARGET,	demote_target)				\
	X(ADMIT,		admit)					\
	X(MIGRATED,		migrated)				\
	X(TICK,			tick)					\
	X(ACCESS,		access)					\
	X(ACCESS_HINT,		access_hint)				\
	X(ACCESS_MARK,		access_mark)				\
	X(ACCESS_YOUNG,		access_young)				\
	X(ACCESS_REFAULT,	access_refault)				\
	X(ACCESS_REPORT,	access_report)				\
	X(ACCESS_DROPPED,	access_dropped)				\
	X(BYPASSED,		bypassed)				\
	X(BAD_VERDICT,		bad_verdict)				\
	X(KEEP_IGNORED,		keep_ignored)				\
	X(DEMOTE_IGNORED,	demote_ignored)				\
	X(LATE_ERROR,		late_error)				\
	X(QUEUED,		queued)					\
	X(QUEUE_DROPPED,	queue_dropped)				\
	X(QUEUE_FLUSHED,	queue_flushed)				\
	X(RATE_LIMITED,		rate_limited)				\
	X(MOVE_RETRIED,		move_retried)				\
	X(MOVE_FAILED,		move_failed)				\
	X(PROMOTED_PAGES,	promoted_pages)				\
	X(DEMOTED_PAGES,	demoted_pages)				\
	X(RECLAIMED_PAGES,	reclaimed_pages)			\
	X(REFUSED_ADMIT,	refused_admit)				\
	X(REFUSED_CPUSET,	refused_cpuset)				\
	X(REFUSED_DEVICE,	refused_device)				\
	X(REFUSED_FULL,		refused_full)				\
	X(REFUSED_GONE,		refused_gone)				\
	X(REFUSED_HUGETLB,	refused_hugetlb)			\
	X(REFUSED_KSM,		refused_ksm)				\
	X(REFUSED_MEMPOLICY,	refused_mempolicy)			\
	X(REFUSED_MLOCK,	refused_mlock)				\
	X(REFUSED_PIN,		refused_pin)				\
	X(REFUSED_STALE,	refused_stale)				\
	X(REFUSED_TAIL,		refused_tail)				\
	X(REFUSED_TARGET,	refused_target)

#define TIERX_EVENT_ENUM(id, name)	TIERX_EV_##id,
enum tierx_event {
	TIERX_EVENTS(TIERX_EVENT_ENUM)
	TIERX_NR_EVENTS,
};

struct tierx_event_counts {
	unsigned long nr[TIERX_NR_EVENTS];
};

DECLARE_PER_CPU(struct tierx_event_counts, tierx_events);

static inline void tierx_event_add(enum tierx_event event, unsigned long nr)
{
	this_cpu_add(tierx_events.nr[event], nr);
}

/* Token bucket in bytes; it may go into debt by one folio. */
struct tierx_bucket {
	raw_spinlock_t	lock;
	s64		tokens;
	u64		refilled_ns;
};

#define TIERX_MSG_LEN		256
#define TIERX_DUMP_LEN		(32 << 10)
#define TIERX_DUMP_LEN_MAX	(1 << 20)

/**
 * struct tierx_policy - an attached policy
 * @ops: BPF's copy of the ops; lives until unreg() or update() returns
 * @link: what user space holds; valid until unreg() returns
 * @claimed: set by whoever ends the policy first; guards @info
 * @ended: @info is complete, and the policy can be finished
 * @info: why it ended
 * @msg: storage of &tier_ext_exit_info.msg
 * @dump_len: size of &tier_ext_exit_info.dump
 * @nr_bad_verdicts: invalid verdicts so far
 * @bucket: rate limit of the whole policy
 * @hup_work: detaches @link after an ejection, and frees
 */
struct tierx_policy {
	const struct tier_ext_ops	*ops;
	struct bpf_link			*link;
	atomic_t			claimed;
	bool				ended;
	struct tier_ext_exit_info	info;
	char				msg[TIERX_MSG_LEN];
	u32				dump_len;
	atomic_t			nr_bad_verdicts;
	struct tierx_bucket		bucket;
	struct work_struct		hup_work;
};

/**
 * struct tierx_move - a wanted move, as it waits in a ring
 * @pfn: first PFN of the folio
 * @gen: its generation, 0 if nobody looked
 * @nr: in a ring of reports: how many accesses
 * @dst_nid: target, NUMA_NO_NODE to choose one when the move is made
 * @cpu_nid: node of the CPU that accessed the folio, NUMA_NO_NODE if unknown
 * @move: &enum tier_ext_move
 * @attempts: how often it was tried
 * @placed: no explicit memory policy governs the page; the asker knew the VMA
 */
struct tierx_move {
	u64	pfn;
	union {
		u64	gen;
		u64	nr;
	};
	s16	dst_nid;
	s16	cpu_nid;
	u8	move;
	u8	attempts;
	bool	placed;
};

#define TIERX_RING_SIZE		4096
#define TIERX_BATCH		128
#define TIERX_MAX_ATTEMPTS	3

struct tierx_slot {
	u32			seq;
	struct tierx_move	move;
};

/*
 * Bounded ring, any number of producers in any context, one consumer. A slot
 * is free for position pos when its seq is pos, and filled when it is pos + 1.
 */
struct tierx_ring {
	atomic_t		head ____cacheline_aligned_in_smp;
	u32			tail ____cacheline_aligned_in_smp;
	struct tierx_slot	slots[TIERX_RING_SIZE];
};

/* A move that is being made. */
struct tierx_item {
	struct tierx_move	move;
	struct tier_ext_request	request;
	struct folio		*folio;
	struct mem_cgroup	*memcg;
};

/**
 * struct tierx_node - a node with memory, while a policy is attached
 * @nid: the node
 * @thread: its migration thread
 * @wait: where @thread sleeps
 * @ring: wanted moves from this node
 * @reports: accesses to folios of this node, of which the policy is to be told
 * @wake: wakes @thread for those who cannot
 * @start_pfn: first PFN that @last_nids is for
 * @nr_last_nids: length of @last_nids
 * @last_nids: node that accessed a folio last, plus one; NULL in the fastest
 *	tier
 * @bucket: rate limit of moves from this node
 * @promoted_pages: pages promoted from this node
 * @demoted_pages: pages demoted from this node
 * @adistance: abstract distance
 * @perf: performance seen from the nearest CPUs, zero if unknown
 * @stalled: @stall waits for the rate limit
 * @stall: the move that waits
 * @next_tick: jiffies of the next tick
 * @next_drain: jiffies when the LRU batches may be drained again
 * @nr_retries: moves that this round has put back into @ring
 * @nr_items: moves in @items
 * @items: the batch, private to @thread
 */
struct tierx_node {
	int			nid;
	struct task_struct	*thread;
	wait_queue_head_t	wait;
	struct irq_work		wake;
	struct tierx_bucket	bucket;
	u64			start_pfn;
	u64			nr_last_nids;
	u16			*last_nids;
	atomic64_t		promoted_pages;
	atomic64_t		demoted_pages;
	int			adistance;
	struct access_coordinate perf;
	bool			stalled;
	struct tierx_move	stall;
	unsigned long		next_tick;
	unsigned long		next_drain;
	u32			nr_retries;
	int			nr_items;
	struct tierx_item	items[TIERX_BATCH];
	struct tierx_ring	ring;
	struct tierx_ring	reports;
};

/* core.c */
extern struct tierx_policy __rcu *tierx_root;
extern struct srcu_struct tierx_srcu;
DECLARE_STATIC_KEY_FALSE(tierx_key_hint_fault);
extern unsigned long tierx_enable_seq, tierx_switch_seq;
extern atomic_long_t tierx_nr_rejected;
int tierx_attach(const struct tier_ext_ops *ops, struct bpf_link *link);
int tierx_replace(const struct tier_ext_ops *ops,
		  const struct tier_ext_ops *old, struct bpf_link *link);
void tierx_detach(const struct tier_ext_ops *ops);
__printf(4, 5)
void tierx_eject(struct tierx_policy *policy, enum tier_ext_exit_kind kind,
		 s64 code, const char *fmt, ...);
void tierx_eject_current(enum tier_ext_exit_kind kind, s64 code,
			 const char *msg);
void tierx_refresh_nodes(void);

/* struct_ops.c */
enum tierx_op {
	TIERX_OP_INIT,
	TIERX_OP_EXIT,
	TIERX_OP_DUMP,
	TIERX_OP_HINT_FAULT,
	TIERX_OP_FAULT_IN,
	TIERX_OP_SCAN_VMA,
	TIERX_OP_ACCESS,
	TIERX_OP_RECLAIM,
	TIERX_OP_DEMOTE_TARGET,
	TIERX_OP_ADMIT,
	TIERX_OP_MIGRATED,
	TIERX_OP_TICK,
	TIERX_NR_OPS,

	/* Programs of other types that may call some of the kfuncs. */
	TIERX_PROG_SYSCALL = TIERX_NR_OPS,
	TIERX_PROG_TRACING,
};

int tierx_prog_op(const struct bpf_prog *prog);
int tierx_struct_ops_register(void);

/* kfuncs.c */
int tierx_kfuncs_register(void);
u64 tierx_folio_state(struct folio *folio);

/* hooks.c */
bool tierx_node_valid(int nid);
void tierx_bad_verdict(struct tierx_policy *policy, const char *op, s32 verdict);
struct tierx_policy *tierx_policy_enter(enum tierx_event event);
bool tierx_fault_node_allowed(struct mempolicy *pol, int nid);
void tierx_fault_defer(struct folio *folio, const struct tier_ext_fault *fault,
		       int dst_nid);

/* access.c */
u32 tierx_random(void);
void tierx_access_set(const struct tier_ext_ops *ops);
void tierx_access_drain(struct tierx_node *node);
int tierx_access_node_init(struct tierx_node *node);
void tierx_access_node_free(struct tierx_node *node);
void tierx_last_nid_set(struct folio *folio, int cpu_nid);
void tierx_last_nid_move(struct folio *src, struct folio *dst);
u32 tierx_access_age_ms(struct folio *folio);

/* harvest.c */
u32 tierx_folio_harvest(struct folio *folio);

/* target.c */
int tierx_tier_rank(int nid);
int tierx_tier_compare(int nid_a, int nid_b);
int tierx_promotion_target(int src_nid, int cpu_nid, const nodemask_t *allowed);
int tierx_demotion_target(int src_nid, const nodemask_t *allowed);
s64 tierx_node_item(int nid, enum tier_ext_node_item item);
void tierx_node_snapshot(struct tierx_node *node);
void tierx_node_stat(struct tierx_node *node, struct tier_ext_node_stat *stat);

/* queue.c */
void tierx_bucket_init(struct tierx_bucket *bucket);
u64 tierx_bucket_take(struct tierx_bucket *bucket, u64 rate, u64 bytes);
u64 tierx_rate_take(struct tierx_policy *policy, struct tierx_node *node,
		    u64 bytes);
void tierx_ring_init(struct tierx_ring *ring);
bool tierx_ring_push(struct tierx_ring *ring, const struct tierx_move *move);
bool tierx_ring_pop(struct tierx_ring *ring, struct tierx_move *move);
u32 tierx_ring_len(struct tierx_ring *ring);
int tierx_queue_move(int src_nid, const struct tierx_move *move);

/* migrate.c */
extern struct tierx_node *tierx_nodes[MAX_NUMNODES];
u64 tierx_folio_gen(struct folio *folio);
u64 tierx_folio_memcg_id(struct folio *folio);
int tierx_folio_lookup(u64 pfn, struct folio **foliop);
int tierx_thread_fn(void *data);

/* exit.c */
const char *tierx_exit_reason(enum tier_ext_exit_kind kind);
void tierx_exit_dump(struct tierx_policy *policy);
void tierx_exit_report(struct tierx_policy *policy);
s32 tierx_bstr_format(char *line, size_t size, char *fmt,
		      unsigned long long *data, u32 data_size);
void tierx_dump_write(const char *line);

/* sysfs.c */
int tierx_sysfs_register(void);
void tierx_events_reset(void);
unsigned long tierx_event_read(enum tierx_event event);
extern const char *const tierx_event_names[TIERX_NR_EVENTS];
ssize_t tierx_last_exit_show(char *buf);
ssize_t tierx_last_dump_read(char *buf, loff_t off, size_t count);

#endif /* _MM_TIER_EXT_INTERNAL_H */
