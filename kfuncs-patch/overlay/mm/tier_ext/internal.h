/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tier_ext internals. One file per concern:
 *
 *	core.c		attached policies: attach, swap, detach, eject
 *	scope.c		what a policy governs: the machine, or a cgroup's subtree
 *	node.c		nodes with memory, while a policy is attached
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
 *	limit.c		limits and protection of cgroups in a tier
 *	watchdog.c	policies that do harm
 *	exit.c		why a policy ended, and its dump
 *	sysfs.c		/sys/kernel/mm/tier_ext and the event counters
 */
#ifndef _MM_TIER_EXT_INTERNAL_H
#define _MM_TIER_EXT_INTERNAL_H

#include <linux/bpf.h>
#include <linux/irq_work.h>
#include <linux/kobject.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/node.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/srcu.h>
#include <linux/tier_ext.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Events of a scope, one line each in its file events. */
#define TIERX_EVENTS(X)							\
	X(HINT_FAULT,		hint_fault)				\
	X(FAULT_IN,		fault_in)				\
	X(FAULT_IN_FAILED,	fault_in_failed)			\
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
	X(DEMOTION_REFUSED,	demotion_refused)			\
	X(MEMCG_EVENT,		memcg_event)				\
	X(QUEUED,		queued)					\
	X(QUEUE_DROPPED,	queue_dropped)				\
	X(QUEUE_FLUSHED,	queue_flushed)				\
	X(RATE_LIMITED,		rate_limited)				\
	X(MOVE_RETRIED,		move_retried)				\
	X(MOVE_FAILED,		move_failed)				\
	X(MOVED,		moved)					\
	X(PROMOTED_PAGES,	promoted_pages)				\
	X(DEMOTED_PAGES,	demoted_pages)				\
	X(PINGPONG_PAGES,	pingpong_pages)				\
	X(PROTECTED_PAGES,	protected_pages)			\
	X(RECLAIMED_PAGES,	reclaimed_pages)			\
	X(REFUSED_ADMIT,	refused_admit)				\
	X(REFUSED_CPUSET,	refused_cpuset)				\
	X(REFUSED_DEVICE,	refused_device)				\
	X(REFUSED_DIRTY,	refused_dirty)				\
	X(REFUSED_FULL,		refused_full)				\
	X(REFUSED_GONE,		refused_gone)				\
	X(REFUSED_HUGETLB,	refused_hugetlb)			\
	X(REFUSED_KSM,		refused_ksm)				\
	X(REFUSED_LIMIT,	refused_limit)				\
	X(REFUSED_MEMPOLICY,	refused_mempolicy)			\
	X(REFUSED_MLOCK,	refused_mlock)				\
	X(REFUSED_PIN,		refused_pin)				\
	X(REFUSED_STALE,	refused_stale)				\
	X(REFUSED_TAIL,		refused_tail)				\
	X(REFUSED_TARGET,	refused_target)				\
	X(REFUSED_TENANT,	refused_tenant)

#define TIERX_EVENT_ENUM(id, name)	TIERX_EV_##id,
enum tierx_event {
	TIERX_EVENTS(TIERX_EVENT_ENUM)
	TIERX_NR_EVENTS,
};

#define TIERX_NR_VERDICTS	16

/**
 * struct tierx_verdict - what a policy answered, for a dump
 * @when: jiffies
 * @pfn: the folio, or 0
 * @op: name of the op
 * @nid: node of the folio
 * @verdict: the answer
 * @effective: what was made of it
 */
struct tierx_verdict {
	unsigned long	when;
	unsigned long	pfn;
	const char	*op;
	int		nid;
	s32		verdict;
	s32		effective;
};

/* What a scope counts and remembers on each CPU. */
struct tierx_record {
	unsigned long		nr[TIERX_NR_EVENTS];
	unsigned int		nr_verdicts;
	struct tierx_verdict	verdicts[TIERX_NR_VERDICTS];
};

/* 1 PiB/s is no limit, and what flows in within an hour fits a bucket. */
#define TIERX_RATE_MAX		(1ULL << 50)

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
 * @scope: what it governs
 * @end_lock: whoever ends the policy first sets @ended and @info
 * @ended: the policy can be finished
 * @info: why it ended
 * @msg: storage of &tier_ext_exit_info.msg
 * @dump_len: size of &tier_ext_exit_info.dump
 * @bucket: rate limit of the whole policy
 * @limits: of cgroups in tiers, see limit.c
 * @limit_mutex: serializes changes of @limits, and who looks after them
 * @hup_work: detaches @link after an ejection, and frees
 */
struct tierx_policy {
	const struct tier_ext_ops	*ops;
	struct bpf_link			*link;
	struct tierx_scope		*scope;
	raw_spinlock_t			end_lock;
	bool				ended;
	struct tier_ext_exit_info	info;
	char				msg[TIERX_MSG_LEN];
	u32				dump_len;
	struct tierx_bucket		bucket;
	struct list_head		limits;
	struct mutex			limit_mutex; /* changes of limits */
	struct work_struct		hup_work;
};

/* Why the last policy of a scope ended. */
struct tierx_last {
	u64	cgroup_id;
	s32	kind;
	s64	code;
	char	name[TIER_EXT_NAME_LEN];
	char	msg[TIERX_MSG_LEN];
	char	*dump;
};

/**
 * struct tierx_window - what the watchdog compares events with
 * @begin: jiffies when it began
 * @nr: the events then
 * @starving: jiffies since when a node is short of memory, 0 if none is
 * @starving_refused: demotions refused when there was room for the last time
 * @starving_demoted: and pages demoted
 */
struct tierx_window {
	unsigned long	begin;
	unsigned long	nr[TIERX_NR_EVENTS];
	unsigned long	starving;
	unsigned long	starving_refused;
	unsigned long	starving_demoted;
};

/**
 * struct tierx_scope - what one policy governs: a cgroup's subtree, or all
 * @kobj: its folder in sysfs, and its lifetime
 * @cgroup_id: id of the cgroup, 0 for the machine
 * @memcg: the cgroup, with a reference; NULL for the machine
 * @policy: what the hooks read, under RCU, or @srcu where an op may sleep
 * @mutex: serializes attach, swap and every end of a policy
 * @attached: the same policy as @policy as long as that decides; it outlives
 *	@policy when it is ejected, until the slow part of its end is done
 * @next: ops that are to be called as well, while two policies are exchanged
 * @queues: wanted moves and their threads, by source node
 * @srcu: see @policy
 * @record: events and verdicts
 * @nr_bad: invalid verdicts in the present window
 * @window: of the watchdog
 * @last: why the last policy ended
 * @gone: the cgroup is being removed
 * @retired: forgotten; who waits for @mutex has to look for another one
 * @exit_work: does the slow part of an ejection
 */
struct tierx_scope {
	struct kobject			kobj;
	u64				cgroup_id;
	struct mem_cgroup		*memcg;
	struct tierx_policy __rcu	*policy;
	struct mutex			mutex; /* attach, swap and every end */
	struct tierx_policy		*attached;
	const struct tier_ext_ops	*next;
	struct tierx_queue		*queues[MAX_NUMNODES];
	struct srcu_struct		srcu;
	struct tierx_record __percpu	*record;
	atomic_t			nr_bad;
	struct tierx_window		window;
	struct tierx_last		last;
	bool				gone;
	bool				retired;
	struct work_struct		exit_work;
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
 * @placed: explicit memory policies do not matter: the asker knew the VMA and
 *	that there is none, or it is for a limit, which none overrides
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
 * struct tierx_queue - what a scope wants to be moved from a node
 * @nid: the node
 * @scope: the scope
 * @next: to be freed with it
 * @thread: its migration thread
 * @wait: where @thread sleeps
 * @bucket: rate limit of moves from this node
 * @stalled: @stall waits for the rate limit
 * @stall: the move that waits
 * @kicked: another policy is there, and shall have its first tick now
 * @busy_since: jiffies when the thread began its round, 0 while it sleeps
 * @busy_for: the policy of that round, only to be compared
 * @ticking: it is in the policy's tick
 * @next_tick: jiffies of the next tick
 * @next_drain: jiffies when the LRU batches may be drained again
 * @next_limit: jiffies when limits are looked after again
 * @limit_end: position in @ring behind the moves that limits have caused
 * @nr_retries: moves that this round has put back into @ring
 * @nr_items: moves in @items
 * @items: the batch, private to @thread
 * @ring: wanted moves
 */
struct tierx_queue {
	int			nid;
	struct tierx_scope	*scope;
	struct tierx_queue	*next;
	struct task_struct	*thread;
	wait_queue_head_t	wait;
	struct tierx_bucket	bucket;
	bool			stalled;
	struct tierx_move	stall;
	bool			kicked;
	unsigned long		busy_since;
	struct tierx_policy	*busy_for;
	bool			ticking;
	unsigned long		next_tick;
	unsigned long		next_drain;
	unsigned long		next_limit;
	u32			limit_end;
	u32			nr_retries;
	int			nr_items;
	struct tierx_item	items[TIERX_BATCH];
	struct tierx_ring	ring;
};

/**
 * struct tierx_node - a node with memory, while a policy is attached
 * @nid: the node
 * @next: to be freed with it
 * @start_pfn: first PFN that @last_nids is for
 * @nr_last_nids: length of @last_nids
 * @last_nids: node that accessed a folio last, plus one; NULL in the fastest
 *	tier, or for want of memory
 * @promoted_pages: pages promoted from this node
 * @demoted_pages: pages demoted from this node
 * @adistance: abstract distance
 * @perf: performance seen from the nearest CPUs, zero if unknown
 * @wake: queues @drain for those who cannot
 * @drain: tells policies of @reports
 * @reports: accesses to folios of this node
 */
struct tierx_node {
	int			nid;
	struct tierx_node	*next;
	u64			start_pfn;
	u64			nr_last_nids;
	u16			*last_nids;
	atomic64_t		promoted_pages;
	atomic64_t		demoted_pages;
	int			adistance;
	struct access_coordinate perf;
	struct irq_work		wake;
	struct work_struct	drain;
	struct tierx_ring	reports;
};

/* Folios that are looked at before a walk comes to them; as many as a page table has. */
#define TIERX_AHEAD	PTRS_PER_PTE

/**
 * struct tierx_ahead - what is known of the folios that a walk comes to next
 * @pfn: where it is
 * @first: the one that the first bits stand for
 * @end: one more than the last that it asks for
 * @seen: one mapping was looked at, with those of the folio at @pfn
 * @done: nothing is left to be looked at
 * @idle: and that was not accessed
 */
struct tierx_ahead {
	unsigned long	pfn;
	unsigned long	first;
	unsigned long	end;
	DECLARE_BITMAP(seen, TIERX_AHEAD);
	DECLARE_BITMAP(done, TIERX_AHEAD);
	DECLARE_BITMAP(idle, TIERX_AHEAD);
};

/*
 * Call an op. Who runs is noted, because a kfunc does not get to know which
 * program called it.
 */
#define tierx_call(policy, op, ...)					\
({									\
	struct tierx_policy *__outer = current->tier_ext;		\
	s32 __ret;							\
									\
	current->tier_ext = (policy);					\
	__ret = (policy)->ops->op(__VA_ARGS__);				\
	current->tier_ext = __outer;					\
	__ret;								\
})

#define tierx_call_void(policy, op, ...)				\
do {									\
	struct tierx_policy *__outer = current->tier_ext;		\
									\
	current->tier_ext = (policy);					\
	(policy)->ops->op(__VA_ARGS__);					\
	current->tier_ext = __outer;					\
} while (0)

/* core.c */
DECLARE_STATIC_KEY_FALSE(tierx_key_hint_fault);
extern unsigned long tierx_enable_seq, tierx_switch_seq;
extern atomic_long_t tierx_nr_rejected;
extern struct mutex tierx_mutex;
int tierx_attach(const struct tier_ext_ops *ops, struct bpf_link *link);
int tierx_replace(const struct tier_ext_ops *ops,
		  const struct tier_ext_ops *old, struct bpf_link *link);
void tierx_detach(const struct tier_ext_ops *ops, struct bpf_link *link);
__printf(4, 5)
void tierx_eject(struct tierx_policy *policy, enum tier_ext_exit_kind kind,
		 s64 code, const char *fmt, ...);
bool tierx_scope_eject(struct tierx_scope *scope, enum tier_ext_exit_kind kind,
		       const char *msg);
void tierx_exit_workfn(struct work_struct *work);
void tierx_exit_queue(struct tierx_scope *scope);

/* scope.c */
extern struct tierx_scope tierx_root;
struct mem_cgroup *tierx_memcg_get(u64 id);
struct tierx_scope *tierx_scope_get(u64 cgroup_id, bool create);
void tierx_scope_put(struct tierx_scope *scope);
void tierx_scope_retire(struct tierx_scope *scope);
struct tierx_policy *__tierx_memcg_policy(struct mem_cgroup *memcg);
struct tierx_policy *tierx_mm_policy(struct mm_struct *mm);
typedef void tierx_scope_fn(struct tierx_scope *scope, void *arg);
void tierx_for_each_scope(tierx_scope_fn *visit, void *arg);
bool tierx_eject_all(enum tier_ext_exit_kind kind, const char *msg);
unsigned long tierx_event_read(struct tierx_scope *scope,
			       enum tierx_event event);
void tierx_record_reset(struct tierx_scope *scope);
int tierx_scope_init(struct tierx_scope *scope);
void tierx_scope_fini(struct tierx_scope *scope);

/**
 * tierx_event_add() - count events
 * @policy: whose they are; NULL if nobody knows, or there is none
 * @event: what happened
 * @nr: how often
 */
static inline void tierx_event_add(struct tierx_policy *policy,
				   enum tierx_event event, unsigned long nr)
{
	struct tierx_scope *scope = policy ? policy->scope : &tierx_root;

	this_cpu_add(scope->record->nr[event], nr);
}

/**
 * tierx_folio_policy() - the policy that governs a folio
 * @folio: the folio; somebody keeps it from being freed
 *
 * Context: under RCU, or a spinlock, which comes to the same.
 * Return: the policy, or NULL.
 */
static inline struct tierx_policy *tierx_folio_policy(struct folio *folio)
{
	if (static_branch_unlikely(&tierx_key_tenants))
		return __tierx_memcg_policy(folio_memcg(folio));
	return rcu_dereference_check(tierx_root.policy,
				     rcu_read_lock_any_held());
}

/**
 * tierx_policy_enter() - the policy that is to be asked about a folio
 * @folio: the folio
 * @event: what it is asked; counted
 *
 * Context: as tierx_folio_policy().
 * Return: the policy; NULL while one is being attached or comes to its end.
 */
static inline struct tierx_policy *tierx_policy_enter(struct folio *folio,
						      enum tierx_event event)
{
	struct tierx_policy *policy = tierx_folio_policy(folio);

	tierx_event_add(policy, policy ? event : TIERX_EV_BYPASSED, 1);
	return policy;
}

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
	TIERX_OP_MEMCG_EVENT,
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
void tierx_verdict_note(struct tierx_policy *policy, const char *op,
			unsigned long pfn, int nid, s32 verdict, s32 effective);
bool tierx_fault_node_allowed(struct tierx_policy *policy,
			      struct mempolicy *pol, int nid);
bool tierx_fault_may_move(struct tierx_policy *policy, struct folio *folio,
			  int src_nid, int dst_nid);
void tierx_fault_defer(struct tierx_policy *policy, struct folio *folio,
		       const struct tier_ext_fault *fault, int dst_nid);

/* access.c */
u32 tierx_random(void);
void tierx_access_set(bool all_tiers, u32 period);
void tierx_access_node_init(struct tierx_node *node);
void tierx_access_node_free(struct tierx_node *node);
void tierx_last_nid_set(struct folio *folio, int cpu_nid);
void tierx_last_nid_move(struct folio *src, struct folio *dst);
u32 tierx_access_age_ms(struct folio *folio);

/* harvest.c */
void tierx_ahead_move(struct tierx_ahead *ahead, unsigned long pfn,
		      unsigned long end);
u32 tierx_folio_harvest(struct folio *folio, struct tierx_ahead *ahead);

/* target.c */
int tierx_tier_rank(int nid);
int tierx_tier_compare(int nid_a, int nid_b);
int tierx_promotion_target(int src_nid, int cpu_nid, const nodemask_t *allowed);
int tierx_demotion_target(int src_nid, const nodemask_t *allowed);
s64 tierx_node_item(int nid, enum tier_ext_node_item item);
void tierx_node_snapshot(struct tierx_node *node);
void tierx_node_stat(struct tierx_queue *queue, struct tier_ext_node_stat *stat);

/* queue.c */
void tierx_bucket_init(struct tierx_bucket *bucket);
u64 tierx_rate_take(struct tierx_policy *policy, int src_nid, u64 bytes);
void tierx_ring_init(struct tierx_ring *ring);
bool tierx_ring_push(struct tierx_ring *ring, const struct tierx_move *move);
bool tierx_ring_pop(struct tierx_ring *ring, struct tierx_move *move);
u32 tierx_ring_len(struct tierx_ring *ring);
int tierx_queue_move(struct tierx_policy *policy, int src_nid,
		     const struct tierx_move *move);
int tierx_queues_start(struct tierx_scope *scope);
void tierx_queues_kick(struct tierx_scope *scope);
void tierx_queues_stop(struct tierx_scope *scope);
void tierx_queues_free(struct tierx_scope *scope);

/* node.c */
extern struct tierx_node *tierx_nodes[MAX_NUMNODES];
int tierx_nodes_get(void);
void tierx_nodes_put(void);
void tierx_nodes_refresh(void);

/* migrate.c */
u64 tierx_folio_gen(struct folio *folio);
u64 tierx_folio_memcg_id(struct folio *folio);
int tierx_folio_lookup(u64 pfn, struct folio **foliop);
int tierx_thread_fn(void *data);

/* walk.c */
struct tierx_lru_walk;
struct tierx_lru_walk *tierx_lru_begin(int nid, struct mem_cgroup *root,
				       u64 flags);
struct tier_ext_page *tierx_lru_next(struct tierx_lru_walk *walk);
void tierx_lru_end(struct tierx_lru_walk *walk);

/* limit.c */
void tierx_limits_free(struct tierx_policy *policy);
bool tierx_limit_allows(struct tierx_policy *policy, struct folio *folio,
			int dst_nid);
bool tierx_limit_protects(struct tierx_policy *policy, struct folio *folio);
void tierx_limits_tend(struct tierx_policy *policy, struct tierx_queue *queue);

/* watchdog.c */
void tierx_bad_verdict(struct tierx_policy *policy, const char *op, s32 verdict);
void tierx_watchdog_begin(struct tierx_scope *scope);
void tierx_watch_queue(struct tierx_policy *policy, struct tierx_queue *queue);
void tierx_watchdog_start(void);
void tierx_watchdog_stop(void);
void tierx_pingpong_note(struct tierx_policy *policy, struct folio *folio,
			 bool promoted);
int tierx_watchdog_register(void);

/* exit.c */
const char *tierx_exit_reason(enum tier_ext_exit_kind kind);
void tierx_exit_dump(struct tierx_policy *policy);
void tierx_exit_report(struct tierx_policy *policy);
extern struct tierx_last tierx_last_any;
ssize_t tierx_last_exit_show(struct tierx_last *last, char *buf);
ssize_t tierx_last_dump_read(struct tierx_last *last, char *buf, loff_t off,
			     size_t count);
s32 tierx_bstr_format(char *line, size_t size, char *fmt,
		      unsigned long long *data, u32 data_size);
void tierx_dump_write(const char *line);

/* sysfs.c */
int tierx_scope_publish(struct tierx_scope *scope);
int tierx_sysfs_register(void);
extern const char *const tierx_event_names[TIERX_NR_EVENTS];

#endif /* _MM_TIER_EXT_INTERNAL_H */
