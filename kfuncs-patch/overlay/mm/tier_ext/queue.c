// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: queues of wanted moves, and rate limits.
 *
 * A ring is filled under page table locks and in reclaim, so a producer takes
 * no lock and never waits: if the ring is full, the move is dropped and
 * counted. The algorithm is the bounded queue of D. Vyukov, with one consumer.
 */
#include <linux/error-injection.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>

#include "internal.h"

#include <trace/events/tier_ext.h>

#define TIERX_REFILL_MAX_NS	(3600ULL * NSEC_PER_SEC)

/* What flows in comes on top of a full bucket. */
static_assert(TIERX_RATE_MAX * (TIERX_REFILL_MAX_NS / NSEC_PER_SEC + 1) <=
	      S64_MAX);

void tierx_ring_init(struct tierx_ring *ring)
{
	u32 i;

	BUILD_BUG_ON_NOT_POWER_OF_2(TIERX_RING_SIZE);
	for (i = 0; i < TIERX_RING_SIZE; i++)
		ring->slots[i].seq = i;
}

/**
 * tierx_ring_push() - add a move
 * @ring: the ring
 * @move: the move; it is copied
 *
 * Context: any, also with other producers.
 * Return: false if the ring is full.
 */
bool tierx_ring_push(struct tierx_ring *ring, const struct tierx_move *move)
{
	int pos = atomic_read(&ring->head);
	struct tierx_slot *slot;
	int lead;

	for (;;) {
		slot = &ring->slots[(u32)pos % TIERX_RING_SIZE];
		/* Pairs with the release in tierx_ring_pop(). */
		lead = (int)(smp_load_acquire(&slot->seq) - (u32)pos);
		if (lead < 0)
			return false;
		if (lead > 0)
			pos = atomic_read(&ring->head);
		else if (atomic_try_cmpxchg_relaxed(&ring->head, &pos, pos + 1))
			break;
	}
	slot->move = *move;
	/* The consumer sees the move when it sees the number. */
	smp_store_release(&slot->seq, (u32)pos + 1);

	return true;
}

/**
 * tierx_ring_pop() - take the oldest move
 * @ring: the ring
 * @move: where to put it
 *
 * Context: the one consumer.
 * Return: false if there is none, or the oldest is still being written.
 */
bool tierx_ring_pop(struct tierx_ring *ring, struct tierx_move *move)
{
	struct tierx_slot *slot = &ring->slots[ring->tail % TIERX_RING_SIZE];

	/* Pairs with the release in tierx_ring_push(). */
	if (smp_load_acquire(&slot->seq) != ring->tail + 1)
		return false;

	*move = slot->move;
	/* The slot is free for the producer that comes round next. */
	smp_store_release(&slot->seq, ring->tail + TIERX_RING_SIZE);
	WRITE_ONCE(ring->tail, ring->tail + 1);

	return true;
}

/**
 * tierx_ring_len() - how many moves wait
 * @ring: the ring
 *
 * Return: their number, a snapshot.
 */
u32 tierx_ring_len(struct tierx_ring *ring)
{
	return (u32)atomic_read(&ring->head) - READ_ONCE(ring->tail);
}

/**
 * tierx_queue_move() - hand a move to the migration thread of its node
 * @policy: the policy that wants it; NULL if it is somebody else, for whom the
 *	machine's policy stands in
 * @src_nid: the node that the folio is on
 * @move: the move; it is copied
 *
 * Context: any but NMI.
 * Return: 0, -ENODEV if there is no migration thread, -ENOSPC if the ring is
 * full.
 */
int tierx_queue_move(struct tierx_policy *policy, int src_nid,
		     const struct tierx_move *move)
{
	struct tierx_scope *scope = policy ? policy->scope : &tierx_root;
	struct tierx_queue *queue;
	int err = 0;

	rcu_read_lock();
	/* Pairs with tierx_queue_start(). */
	queue = smp_load_acquire(&scope->queues[src_nid]);
	if (!queue)
		err = -ENODEV;
	else if (!tierx_ring_push(&queue->ring, move))
		err = -ENOSPC;

	if (!err && wq_has_sleeper(&queue->wait))
		wake_up(&queue->wait);
	rcu_read_unlock();
	tierx_event_add(policy, err ? TIERX_EV_QUEUE_DROPPED : TIERX_EV_QUEUED,
			1);
	trace_tier_ext_queue(move->pfn, move->gen, src_nid, move->dst_nid, err);

	return err;
}

static int tierx_queue_start(struct tierx_scope *scope, int nid)
{
	struct tierx_queue *queue;
	struct task_struct *thread;

	queue = kvzalloc(sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return -ENOMEM;

	queue->nid = nid;
	queue->scope = scope;
	/* A node that comes later finds a policy in place. */
	queue->kicked = true;
	queue->next_tick = jiffies;
	queue->next_drain = jiffies;
	queue->next_limit = jiffies;
	init_waitqueue_head(&queue->wait);
	tierx_bucket_init(&queue->bucket);
	tierx_ring_init(&queue->ring);

	if (scope->cgroup_id)
		thread = kthread_create(tierx_thread_fn, queue, "ktierx/%d:%llu",
					nid, scope->cgroup_id);
	else
		thread = kthread_create(tierx_thread_fn, queue, "ktierx/%d", nid);
	if (IS_ERR(thread)) {
		kvfree(queue);
		return PTR_ERR(thread);
	}
	queue->thread = thread;
	/* Pairs with the reads of @queues by those who queue moves. */
	smp_store_release(&scope->queues[nid], queue);
	wake_up_process(thread);

	return 0;
}

/**
 * tierx_queues_start() - a queue and a thread for each node with memory
 * @scope: the scope; may have some
 *
 * Context: under the scope's mutex.
 * Return: 0 or -ENOMEM.
 */
int tierx_queues_start(struct tierx_scope *scope)
{
	int nid, err;

	for_each_node_state(nid, N_MEMORY) {
		if (scope->queues[nid])
			continue;
		err = tierx_queue_start(scope, nid);
		if (err)
			return err;
	}
	return 0;
}
ALLOW_ERROR_INJECTION(tierx_queues_start, ERRNO);

/**
 * tierx_queues_kick() - a policy was put in place: its first tick is due
 * @scope: the scope
 *
 * The threads may have seen none before, or one with longer ticks, and sleep.
 *
 * Context: under the scope's mutex.
 */
void tierx_queues_kick(struct tierx_scope *scope)
{
	struct tierx_queue *queue;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		queue = scope->queues[nid];
		if (!queue)
			continue;
		WRITE_ONCE(queue->kicked, true);
		wake_up(&queue->wait);
	}
}

/**
 * tierx_queues_stop() - end the threads
 * @scope: the scope; it has no policy any more, or not yet
 */
void tierx_queues_stop(struct tierx_scope *scope)
{
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		if (scope->queues[nid])
			kthread_stop(scope->queues[nid]->thread);
}

/**
 * tierx_queues_free() - forget the moves that nobody will make
 * @scope: the scope; its threads were stopped
 */
void tierx_queues_free(struct tierx_scope *scope)
{
	struct tierx_queue *queue, *list = NULL;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		queue = scope->queues[nid];
		if (!queue)
			continue;
		queue->next = list;
		list = queue;
		WRITE_ONCE(scope->queues[nid], NULL);
	}
	/* Programs that are no policy may still use one. */
	synchronize_rcu();
	while (list) {
		queue = list;
		list = queue->next;
		this_cpu_add(scope->record->nr[TIERX_EV_QUEUE_FLUSHED],
			     tierx_ring_len(&queue->ring) + queue->stalled);
		kvfree(queue);
	}
}

void tierx_bucket_init(struct tierx_bucket *bucket)
{
	raw_spin_lock_init(&bucket->lock);
	bucket->tokens = 0;
	bucket->refilled_ns = ktime_get_ns();
}

static void tierx_bucket_refill(struct tierx_bucket *bucket, u64 rate)
{
	u64 elapsed, tokens;

	/* What is beyond the bound is left for the next time. */
	elapsed = min_t(u64, ktime_get_ns() - bucket->refilled_ns,
			TIERX_REFILL_MAX_NS);
	tokens = mul_u64_u64_div_u64(elapsed, rate, NSEC_PER_SEC);
	/* Only what was paid for: the fraction of a token is kept as time. */
	bucket->refilled_ns += mul_u64_u64_div_u64(tokens, NSEC_PER_SEC, rate);
	bucket->tokens += tokens;
	/* One second is the window of NUMA balancing's own limit, too. */
	if (bucket->tokens > (s64)rate) {
		bucket->tokens = rate;
		bucket->refilled_ns = ktime_get_ns();
	}
}

/* Nanoseconds until there is a token, 0 if there is one. */
static u64 tierx_bucket_wait(struct tierx_bucket *bucket, u64 rate)
{
	lockdep_assert_held(&bucket->lock);

	tierx_bucket_refill(bucket, rate);
	if (bucket->tokens > 0)
		return 0;
	return mul_u64_u64_div_u64(1 - bucket->tokens, NSEC_PER_SEC, rate) + 1;
}

static u64 tierx_queue_take(struct tierx_queue *queue, u64 rate, u64 bytes)
{
	u64 wait;

	/* Nested in that of the policy's bucket, with interrupts off. */
	raw_spin_lock(&queue->bucket.lock);
	wait = tierx_bucket_wait(&queue->bucket, rate);
	if (!wait)
		queue->bucket.tokens -= bytes;
	raw_spin_unlock(&queue->bucket.lock);

	return wait;
}

/**
 * tierx_rate_take() - charge a move to the limits of its policy and its node
 * @policy: the policy
 * @src_nid: the source node
 * @bytes: size of the folio; 0 to ask only
 *
 * As long as there is a token in a bucket, any number can be taken, and the debt
 * is paid from what flows in next; so a folio larger than the bucket can move.
 * Both limits are charged, or none is.
 *
 * Context: any but NMI, under RCU.
 * Return: 0 if the move may be made, else nanoseconds until it may.
 */
u64 tierx_rate_take(struct tierx_policy *policy, int src_nid, u64 bytes)
{
	u64 node_rate = policy->ops->node_rate_limit_bytes;
	u64 rate = policy->ops->rate_limit_bytes, wait;
	struct tierx_bucket *bucket = &policy->bucket;
	struct tierx_queue *queue;
	unsigned long flags;

	if (!rate && !node_rate)
		return 0;

	/* Pairs with tierx_queue_start(). */
	queue = smp_load_acquire(&policy->scope->queues[src_nid]);
	raw_spin_lock_irqsave_nested(&bucket->lock, flags, SINGLE_DEPTH_NESTING);
	wait = rate ? tierx_bucket_wait(bucket, rate) : 0;
	if (!wait && queue && node_rate)
		wait = tierx_queue_take(queue, node_rate, bytes);
	if (!wait)
		bucket->tokens -= bytes;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	if (wait)
		tierx_event_add(policy, TIERX_EV_RATE_LIMITED, 1);

	return wait;
}
