// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: policies that do harm. What a policy may get wrong is the quality
 * of its decisions; one that keeps the machine from getting on is ejected, and
 * the kernel default takes over. What is looked for is harm that was done, and
 * not what might become of a decision.
 *
 * Events are compared within windows of the policy's timeout.
 */
#include <linux/mmzone.h>
#include <linux/oom.h>
#include <linux/slab.h>
#include <linux/sysrq.h>

#include "internal.h"

#define TIERX_WATCH_MIN		(HZ / 20)

/* Of how many verdicts in a window a quarter may not be invalid. */
#define TIERX_BAD_MIN		32
/* So many refused demotions are a policy that refuses to demote. */
#define TIERX_REFUSED_MIN	32
/* Of how many moves in a window three quarters may not fail. */
#define TIERX_FAILED_MIN	128
/* Of how many kept folios in a window an eighth may not make reclaim desperate. */
#define TIERX_IGNORED_MIN	256
/* How many promoted pages may come back at once, or half of all. */
#define TIERX_PINGPONG_MIN	1024
#define TIERX_PINGPONG_MS	2000
#define TIERX_RECENT_BITS	14

/*
 * Recent promotions by generation, which stays with a folio: its lower half and
 * the time. A newer one replaces an older one, so some go unnoticed.
 */
static u64 *tierx_recent;

static void tierx_watchdog_workfn(struct work_struct *work);
static DECLARE_DELAYED_WORK(tierx_watchdog_work, tierx_watchdog_workfn);

/**
 * tierx_pingpong_note() - see promoted folios come back
 * @policy: the policy that governs the folio
 * @folio: the folio, as it is after a migration
 * @promoted: it was promoted; else it was demoted
 *
 * Context: under RCU.
 */
void tierx_pingpong_note(struct tierx_policy *policy, struct folio *folio,
			 bool promoted)
{
	u64 gen = tierx_folio_gen(folio), *recent = READ_ONCE(tierx_recent);
	u32 now = jiffies;
	u64 was;

	if (!recent)
		return;
	recent += gen >> (64 - TIERX_RECENT_BITS);
	if (promoted) {
		WRITE_ONCE(*recent, gen << 32 | now);
		return;
	}
	was = READ_ONCE(*recent);
	if (was >> 32 == (u32)gen &&
	    now - (u32)was < msecs_to_jiffies(TIERX_PINGPONG_MS))
		tierx_event_add(policy, TIERX_EV_PINGPONG_PAGES,
				folio_nr_pages(folio));
}

static const enum tierx_event tierx_verdict_events[] = {
	TIERX_EV_HINT_FAULT, TIERX_EV_FAULT_IN, TIERX_EV_SCAN_VMA,
	TIERX_EV_RECLAIM, TIERX_EV_DEMOTE_TARGET, TIERX_EV_ADMIT,
};

/* How often something happened since the window began. */
static unsigned long tierx_since(struct tierx_scope *scope,
				 enum tierx_event event)
{
	return tierx_event_read(scope, event) -
	       READ_ONCE(scope->window.nr[event]);
}

/**
 * tierx_bad_verdict() - note that a policy gave an invalid verdict
 * @policy: the policy
 * @op: the op that gave it
 * @verdict: the verdict
 */
void tierx_bad_verdict(struct tierx_policy *policy, const char *op, s32 verdict)
{
	struct tierx_scope *scope = policy->scope;
	unsigned long nr_verdicts = 0;
	int nr_bad, i;

	tierx_event_add(policy, TIERX_EV_BAD_VERDICT, 1);
	nr_bad = atomic_inc_return(&scope->nr_bad);
	if (nr_bad % TIERX_BAD_MIN)
		return;

	for (i = 0; i < ARRAY_SIZE(tierx_verdict_events); i++)
		nr_verdicts += tierx_since(scope, tierx_verdict_events[i]);
	if (nr_bad > nr_verdicts / 4)
		tierx_eject(policy, TIERX_EXIT_ERROR_VERDICT, verdict,
			    "%d of %lu verdicts were invalid, the last one %d from %s",
			    nr_bad, nr_verdicts, verdict, op);
}

/**
 * tierx_watch_queue() - has a queue hung?
 * @policy: the policy
 * @queue: the queue, which may still be busy for one that @policy has replaced
 *
 * Its own thread asks, too: on a machine whose only CPU it kept busy the
 * watchdog would find it idle.
 *
 * Context: under RCU or the scope's SRCU.
 */
void tierx_watch_queue(struct tierx_policy *policy, struct tierx_queue *queue)
{
	u32 timeout_ms = policy->ops->timeout_ms;
	unsigned long since;

	/* Pairs with tierx_thread_round(): the time is of that round, or later. */
	if (smp_load_acquire(&queue->busy_for) != policy)
		return;

	since = READ_ONCE(queue->busy_since);
	if (since && time_after(jiffies, since + msecs_to_jiffies(timeout_ms)))
		tierx_eject(policy, TIERX_EXIT_ERROR_STALL, queue->nid,
			    "%s of node %d takes longer than %u ms",
			    READ_ONCE(queue->ticking) ? "tick" : "queue",
			    queue->nid, timeout_ms);
}

static void tierx_watch_queues(struct tierx_policy *policy)
{
	struct tierx_queue *queue;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		queue = READ_ONCE(policy->scope->queues[nid]);
		if (queue)
			tierx_watch_queue(policy, queue);
	}
}

/* Is a node below a watermark that has a slower one to demote to? */
static bool tierx_node_below(int nid, enum zone_watermarks wmark)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;
	int i;

	if (tierx_demotion_target(nid, &node_states[N_MEMORY]) == NUMA_NO_NODE)
		return false;
	for (i = 0; i < MAX_NR_ZONES; i++)
		if (managed_zone(zones + i) &&
		    zone_watermark_ok_safe(zones + i, 0,
					   wmark_pages(zones + i, wmark),
					   MAX_NR_ZONES - 1))
			return false;
	return true;
}

static int tierx_starving_node(enum zone_watermarks wmark)
{
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (tierx_node_below(nid, wmark))
			return nid;
	return NUMA_NO_NODE;
}

/* What is refused from here on counts, if a node runs out of room. */
static void tierx_room_begin(struct tierx_scope *scope)
{
	struct tierx_window *window = &scope->window;

	window->starving = 0;
	window->starving_refused =
		tierx_event_read(scope, TIERX_EV_DEMOTION_REFUSED);
	window->starving_demoted =
		tierx_event_read(scope, TIERX_EV_DEMOTED_PAGES);
}

/*
 * Reclaim is woken at the low watermark, and has done its work at the high one.
 * It may give up long before the policy is found guilty, so what was refused
 * since there was room for the last time counts.
 */
static void tierx_watch_room(struct tierx_policy *policy)
{
	struct tierx_scope *scope = policy->scope;
	struct tierx_window *window = &scope->window;
	int nid = tierx_starving_node(WMARK_HIGH);
	unsigned long refused, demoted;

	if (nid == NUMA_NO_NODE) {
		tierx_room_begin(scope);
		return;
	}
	if (!window->starving) {
		if (tierx_starving_node(WMARK_LOW) != NUMA_NO_NODE)
			window->starving = jiffies | 1;
		return;
	}
	refused = tierx_event_read(scope, TIERX_EV_DEMOTION_REFUSED) -
		  window->starving_refused;
	demoted = tierx_event_read(scope, TIERX_EV_DEMOTED_PAGES) -
		  window->starving_demoted;
	if (refused >= TIERX_REFUSED_MIN && refused > demoted &&
	    time_after(jiffies, window->starving +
		       msecs_to_jiffies(policy->ops->timeout_ms)))
		tierx_eject(policy, TIERX_EXIT_ERROR_WATERMARK, nid,
			    "node %d ran out of room more than %u ms ago, and %lu demotions were refused since",
			    nid, policy->ops->timeout_ms, refused);
}

static void tierx_watch_moves(struct tierx_policy *policy)
{
	struct tierx_scope *scope = policy->scope;
	unsigned long failed = tierx_since(scope, TIERX_EV_MOVE_FAILED);
	unsigned long moved = tierx_since(scope, TIERX_EV_MOVED);
	unsigned long back = tierx_since(scope, TIERX_EV_PINGPONG_PAGES);
	unsigned long promoted = tierx_since(scope, TIERX_EV_PROMOTED_PAGES);

	if (failed >= TIERX_FAILED_MIN && failed > 3 * moved)
		tierx_eject(policy, TIERX_EXIT_ERROR_MIGRATE, failed,
			    "%lu of %lu moves failed", failed, failed + moved);
	if (back >= TIERX_PINGPONG_MIN && back > promoted / 2)
		tierx_eject(policy, TIERX_EXIT_ERROR_THRASH, back,
			    "%lu of %lu promoted pages were demoted again within %u ms",
			    back, promoted, TIERX_PINGPONG_MS);
}

static void tierx_watch_reclaim(struct tierx_policy *policy)
{
	struct tierx_scope *scope = policy->scope;
	unsigned long ignored = tierx_since(scope, TIERX_EV_KEEP_IGNORED);
	unsigned long asked = tierx_since(scope, TIERX_EV_RECLAIM);

	if (ignored >= TIERX_IGNORED_MIN && ignored > asked / 8)
		tierx_eject(policy, TIERX_EXIT_ERROR_RECLAIM, ignored,
			    "%lu of %lu folios were kept until reclaim was desperate",
			    ignored, asked);
}

static void tierx_window_begin(struct tierx_scope *scope)
{
	int i;

	for (i = 0; i < TIERX_NR_EVENTS; i++)
		WRITE_ONCE(scope->window.nr[i], tierx_event_read(scope, i));
	atomic_set(&scope->nr_bad, 0);
	scope->window.begin = jiffies;
}

static void tierx_watch_scope(struct tierx_scope *scope, void *arg)
{
	struct tierx_policy *policy;
	unsigned long timeout, *period = arg;

	rcu_read_lock();
	policy = rcu_dereference(scope->policy);
	if (policy) {
		timeout = msecs_to_jiffies(policy->ops->timeout_ms);
		*period = min(*period, max_t(unsigned long, timeout / 2,
					     TIERX_WATCH_MIN));
		tierx_watch_queues(policy);
		tierx_watch_room(policy);
		tierx_watch_moves(policy);
		tierx_watch_reclaim(policy);
		if (time_after(jiffies, scope->window.begin + timeout))
			tierx_window_begin(scope);
	}
	rcu_read_unlock();
}

static void tierx_watchdog_workfn(struct work_struct *work)
{
	unsigned long period = TIERX_WATCH_MIN;

	/* Who holds it may be waiting for this work to end. */
	if (mutex_trylock(&tierx_mutex)) {
		period = HZ;
		tierx_for_each_scope(tierx_watch_scope, &period);
		mutex_unlock(&tierx_mutex);
	}
	queue_delayed_work(system_unbound_wq, &tierx_watchdog_work, period);
}

/**
 * tierx_watchdog_begin() - a policy begins to decide
 * @scope: what it governs
 *
 * What its predecessor did is not held against it.
 */
void tierx_watchdog_begin(struct tierx_scope *scope)
{
	mutex_lock(&tierx_mutex);
	tierx_window_begin(scope);
	tierx_room_begin(scope);
	mutex_unlock(&tierx_mutex);
}

/** tierx_watchdog_start() - the first policy comes; under tierx_mutex */
void tierx_watchdog_start(void)
{
	/* Without it nothing comes back. */
	WRITE_ONCE(tierx_recent, kvcalloc(1UL << TIERX_RECENT_BITS,
					  sizeof(*tierx_recent), GFP_KERNEL));
	queue_delayed_work(system_unbound_wq, &tierx_watchdog_work, 0);
}

/** tierx_watchdog_stop() - the last policy has gone; under tierx_mutex */
void tierx_watchdog_stop(void)
{
	u64 *recent = tierx_recent;

	cancel_delayed_work_sync(&tierx_watchdog_work);
	WRITE_ONCE(tierx_recent, NULL);
	synchronize_rcu();
	kvfree(recent);
}

/* Before anything is killed: it may be for want of a demotion. */
static int tierx_oom_notify(struct notifier_block *nb, unsigned long unused,
			    void *freed)
{
	if (tierx_eject_all(TIERX_EXIT_ERROR_OOM,
			    "the machine is out of memory"))
		*(unsigned long *)freed += 1;
	return NOTIFY_OK;
}

static struct notifier_block tierx_oom_nb = {
	.notifier_call = tierx_oom_notify,
};

static void tierx_sysrq(u8 key)
{
	if (!tierx_eject_all(TIERX_EXIT_UNREG_SYSRQ, ""))
		pr_info("tier_ext: no policy is attached\n");
}

static const struct sysrq_key_op tierx_sysrq_op = {
	.handler	= tierx_sysrq,
	.help_msg	= "unload-tiering-policies(T)",
	.action_msg	= "Unload memory tiering policies",
	.enable_mask	= SYSRQ_ENABLE_RTNICE,
};

int __init tierx_watchdog_register(void)
{
	/* Without either, the other ways to end a policy are left. */
	register_sysrq_key('T', &tierx_sysrq_op);
	return register_oom_notifier(&tierx_oom_nb);
}
