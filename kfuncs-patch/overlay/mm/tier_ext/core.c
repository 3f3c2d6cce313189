// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: the attached policy.
 *
 * tierx_root is what the hooks read, under RCU, or SRCU where an op may sleep.
 * tierx_current is the same policy as long as it decides; it outlives
 * tierx_root when the policy is ejected, until the slow part of its end is
 * done. An ejection can come from any context, so all it does is to claim the
 * end, to clear tierx_root and to leave the rest to a worker.
 */
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/tier_ext.h>

DEFINE_STATIC_KEY_FALSE(tierx_key_hint);
DEFINE_STATIC_KEY_FALSE(tierx_key_hint_fault);
DEFINE_STATIC_KEY_FALSE(tierx_key_fault_in);
DEFINE_STATIC_KEY_FALSE(tierx_key_scan_vma);
DEFINE_STATIC_KEY_FALSE(tierx_key_access);
DEFINE_STATIC_KEY_FALSE(tierx_key_reclaim);
DEFINE_STATIC_KEY_FALSE(tierx_key_demote_target);
DEFINE_STATIC_KEY_FALSE(tierx_key_migrated);

struct tierx_policy __rcu *tierx_root;
DEFINE_SRCU(tierx_srcu);
unsigned long tierx_enable_seq, tierx_switch_seq;
atomic_long_t tierx_nr_rejected = ATOMIC_LONG_INIT(0);

/* Serializes attach, swap and every end of a policy. */
static DEFINE_MUTEX(tierx_mutex);
static struct tierx_policy *tierx_current;

/* From the exchange of policies until the old one can no longer run. */
static bool tierx_switching;

static void tierx_exit_workfn(struct work_struct *work);
static DECLARE_WORK(tierx_exit_work, tierx_exit_workfn);

static void tierx_key_set(struct static_key_false *key, bool on)
{
	if (on)
		static_branch_enable(key);
	else
		static_branch_disable(key);
}

/*
 * The migrated hook also counts promotions and demotions, so it is on with any
 * policy. @other is a second policy whose hooks have to stay on, or NULL.
 */
static void tierx_keys_set(const struct tier_ext_ops *ops,
			   const struct tier_ext_ops *other)
{
	tierx_key_set(&tierx_key_hint_fault, (ops && ops->hint_fault) ||
		      (other && other->hint_fault));
	tierx_key_set(&tierx_key_hint,
		      (ops && (ops->hint_fault || ops->access)) ||
		      (other && (other->hint_fault || other->access)));
	tierx_key_set(&tierx_key_fault_in, (ops && ops->fault_in) ||
		      (other && other->fault_in));
	tierx_key_set(&tierx_key_scan_vma, (ops && ops->scan_vma) ||
		      (other && other->scan_vma));
	tierx_key_set(&tierx_key_access, (ops && ops->access) ||
		      (other && other->access));
	tierx_key_set(&tierx_key_reclaim, (ops && ops->reclaim) ||
		      (other && other->reclaim));
	tierx_key_set(&tierx_key_demote_target, (ops && ops->demote_target) ||
		      (other && other->demote_target));
	tierx_key_set(&tierx_key_migrated, ops || other);
}

static int tierx_node_start(int nid)
{
	struct tierx_node *node;
	struct task_struct *thread;

	/* Not on the node itself: what waits to leave slow memory is hot. */
	node = kvzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;

	node->nid = nid;
	node->next_tick = jiffies;
	node->next_drain = jiffies;
	init_waitqueue_head(&node->wait);
	tierx_bucket_init(&node->bucket);
	tierx_ring_init(&node->ring);
	tierx_node_snapshot(node);

	if (tierx_access_node_init(node)) {
		kvfree(node);
		return -ENOMEM;
	}
	thread = kthread_create(tierx_thread_fn, node, "ktierx/%d", nid);
	if (IS_ERR(thread)) {
		tierx_access_node_free(node);
		kvfree(node);
		return PTR_ERR(thread);
	}
	node->thread = thread;
	/* Pairs with the reads of tierx_nodes[] by the hooks. */
	smp_store_release(&tierx_nodes[nid], node);
	wake_up_process(thread);

	return 0;
}

/* No hook may be running any more, or not yet. */
static void tierx_nodes_stop(void)
{
	struct tierx_node *node;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		node = tierx_nodes[nid];
		if (!node)
			continue;
		kthread_stop(node->thread);
		tierx_event_add(TIERX_EV_QUEUE_FLUSHED,
				tierx_ring_len(&node->ring) + node->stalled);
		tierx_nodes[nid] = NULL;
		tierx_access_node_free(node);
		kvfree(node);
	}
}

static int tierx_nodes_start(void)
{
	int nid, err;

	for_each_node_state(nid, N_MEMORY) {
		if (tierx_nodes[nid])
			continue;
		err = tierx_node_start(nid);
		if (err)
			return err;
	}
	return 0;
}

static void tierx_policy_free(struct tierx_policy *policy)
{
	kvfree(policy->info.dump);
	kfree(policy);
}

/* Detaching lets a poll() on the link return, so that its holder notices. */
static void tierx_hup_workfn(struct work_struct *work)
{
	struct tierx_policy *policy =
		container_of(work, struct tierx_policy, hup_work);

	policy->link->ops->detach(policy->link);
	bpf_link_put(policy->link);
	tierx_policy_free(policy);
}

static struct tierx_policy *tierx_policy_alloc(const struct tier_ext_ops *ops,
					       struct bpf_link *link)
{
	struct tierx_policy *policy;

	policy = kzalloc(sizeof(*policy), GFP_KERNEL);
	if (!policy)
		return NULL;

	policy->dump_len = ops->exit_dump_len;
	policy->info.msg = policy->msg;
	policy->info.dump = kvzalloc(policy->dump_len, GFP_KERNEL);
	if (!policy->info.dump) {
		kfree(policy);
		return NULL;
	}
	policy->ops = ops;
	policy->link = link;
	tierx_bucket_init(&policy->bucket);
	INIT_WORK(&policy->hup_work, tierx_hup_workfn);

	return policy;
}

static int tierx_policy_init(struct tierx_policy *policy, bool replacing)
{
	struct tier_ext_init_args args = {
		.max_pfn	= max_pfn,
		.enable_seq	= tierx_enable_seq,
		.nr_node_ids	= nr_node_ids,
		.replacing	= replacing,
	};
	int err;

	if (!policy->ops->init)
		return 0;

	err = policy->ops->init(&args);
	/* BPF may return anything; user space shall see an errno. */
	return err > 0 || err < -MAX_ERRNO ? -EINVAL : err;
}

/* Claim the end of a policy; false if it is ending already. */
static bool tierx_policy_claim(struct tierx_policy *policy,
			       enum tier_ext_exit_kind kind, s64 code,
			       const char *msg)
{
	if (atomic_cmpxchg(&policy->claimed, 0, 1))
		return false;

	policy->info.kind = kind;
	policy->info.code = code;
	policy->info.reason = tierx_exit_reason(kind);
	strscpy(policy->msg, msg, sizeof(policy->msg));
	/* Pairs with tierx_policy_ended(). */
	smp_store_release(&policy->ended, true);

	return true;
}

static bool tierx_policy_ended(struct tierx_policy *policy)
{
	/* Pairs with tierx_policy_claim(). */
	return smp_load_acquire(&policy->ended);
}

/* What is left of @policy's end once no op but dump and exit can be called. */
static void tierx_policy_finish(struct tierx_policy *policy)
{
	if (policy->info.kind >= TIERX_EXIT_ERROR)
		tierx_exit_dump(policy);
	tierx_exit_report(policy);
	if (policy->ops->exit)
		policy->ops->exit(&policy->info);
	trace_tier_ext_exit(policy->ops->name, &policy->info);
}

/* Bring the machine back to the kernel default. */
static void tierx_disable(void)
{
	struct tierx_policy *policy = tierx_current;
	bool hup;

	lockdep_assert_held(&tierx_mutex);

	tierx_keys_set(NULL, NULL);
	RCU_INIT_POINTER(tierx_root, NULL);
	synchronize_rcu();
	synchronize_srcu(&tierx_srcu);
	tierx_nodes_stop();
	tierx_policy_finish(policy);
	tierx_current = NULL;

	/* Who unregisters has no need to be told; the link may be dying. */
	hup = policy->info.kind != TIERX_EXIT_UNREG &&
	      bpf_link_inc_not_zero(policy->link) == policy->link;
	if (hup)
		queue_work(system_unbound_wq, &policy->hup_work);
	else
		tierx_policy_free(policy);
}

/* Do what the worker would do, if it has not come to it yet. */
static void tierx_reap(void)
{
	if (tierx_current && tierx_policy_ended(tierx_current))
		tierx_disable();
}

static void tierx_exit_workfn(struct work_struct *work)
{
	mutex_lock(&tierx_mutex);
	tierx_reap();
	mutex_unlock(&tierx_mutex);
}

/**
 * tierx_eject() - end a policy, now
 * @policy: the policy
 * @kind: why
 * @code: more about it
 * @fmt: and in words
 *
 * When this returns, no new call of an op but dump and exit is made.
 *
 * Context: any but NMI, under RCU or SRCU.
 */
void tierx_eject(struct tierx_policy *policy, enum tier_ext_exit_kind kind,
		 s64 code, const char *fmt, ...)
{
	char msg[TIERX_MSG_LEN];
	va_list args;

	va_start(args, fmt);
	vscnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);

	if (!tierx_policy_claim(policy, kind, code, msg))
		return;

	/* A swap may have come first. */
	cmpxchg(&tierx_root, RCU_INITIALIZER(policy), NULL);
	queue_work(system_unbound_wq, &tierx_exit_work);
}

/**
 * tierx_eject_current() - end the policy that is attached, if one is
 * @kind: why
 * @code: more about it
 * @msg: and in words
 *
 * While policies are being exchanged it is not known which of the two asks, so
 * an error of the old one does not end the new one.
 *
 * Context: any but NMI.
 */
void tierx_eject_current(enum tier_ext_exit_kind kind, s64 code,
			 const char *msg)
{
	struct tierx_policy *policy;

	rcu_read_lock();
	policy = rcu_dereference(tierx_root);
	if (READ_ONCE(tierx_switching) && kind != TIERX_EXIT_UNREG_ABORT)
		tierx_event_add(TIERX_EV_LATE_ERROR, 1);
	else if (policy)
		tierx_eject(policy, kind, code, "%s", msg);
	rcu_read_unlock();
}

static int tierx_enable(const struct tier_ext_ops *ops, struct bpf_link *link)
{
	struct tierx_policy *policy;
	int err;

	tierx_reap();
	if (tierx_current)
		return -EBUSY;

	policy = tierx_policy_alloc(ops, link);
	if (!policy)
		return -ENOMEM;

	err = tierx_nodes_start();
	if (!err)
		err = tierx_policy_init(policy, false);
	if (err) {
		tierx_nodes_stop();
		tierx_policy_free(policy);
		return err;
	}

	tierx_enable_seq++;
	tierx_current = policy;
	tierx_access_set(ops);
	/* Keys take time, and the first tick may move folios: migrated is told. */
	tierx_keys_set(ops, NULL);
	tierx_events_reset();
	rcu_assign_pointer(tierx_root, policy);

	return 0;
}

/**
 * tierx_attach() - attach a policy where none is
 * @ops: the policy
 * @link: what user space will hold
 *
 * Return: 0, -EBUSY if a policy is attached, -ENOMEM, or the error of init.
 */
int tierx_attach(const struct tier_ext_ops *ops, struct bpf_link *link)
{
	int err;

	mutex_lock(&tierx_mutex);
	err = tierx_enable(ops, link);
	mutex_unlock(&tierx_mutex);
	if (err)
		atomic_long_inc(&tierx_nr_rejected);

	return err;
}

static int tierx_exchange(struct tierx_policy *old, struct tierx_policy *policy)
{
	int err;

	err = tierx_policy_init(policy, true);
	if (err)
		return err;

	/* From here on every hook of either policy leads to one of them. */
	tierx_keys_set(old->ops, policy->ops);
	WRITE_ONCE(tierx_switching, true);
	if (unrcu_pointer(cmpxchg(&tierx_root, RCU_INITIALIZER(old),
				  RCU_INITIALIZER(policy))) != old) {
		/* The old policy was ejected while the new one initialized. */
		tierx_policy_claim(policy, TIERX_EXIT_UNREG, 0,
				   "the policy to be replaced ended first");
		if (policy->ops->exit)
			policy->ops->exit(&policy->info);
		err = -ENOLINK;
	} else {
		tierx_current = policy;
		tierx_switch_seq++;
		tierx_access_set(policy->ops);
		synchronize_rcu();
		synchronize_srcu(&tierx_srcu);
		tierx_keys_set(policy->ops, NULL);
	}
	WRITE_ONCE(tierx_switching, false);

	return err;
}

/**
 * tierx_replace() - let another policy decide from now on
 * @ops: the new policy
 * @old_ops: the policy that it replaces
 * @link: the link of the old policy, which goes over to the new one
 *
 * On an error the old policy goes on. No hook is answered by the kernel
 * default in between.
 *
 * Return: 0, -ENOLINK if the old policy has ended, -ENOMEM, or the error of
 * the new policy's init.
 */
int tierx_replace(const struct tier_ext_ops *ops,
		  const struct tier_ext_ops *old_ops, struct bpf_link *link)
{
	struct tierx_policy *policy, *old;
	int err = -ENOLINK;

	mutex_lock(&tierx_mutex);
	tierx_reap();
	old = tierx_current;
	if (!old || old->ops != old_ops)
		goto unlock;

	err = -ENOMEM;
	policy = tierx_policy_alloc(ops, link);
	if (!policy)
		goto unlock;

	err = tierx_exchange(old, policy);
	if (err) {
		tierx_policy_free(policy);
		tierx_reap();
		goto unlock;
	}
	tierx_policy_claim(old, TIERX_EXIT_UNREG_SWAP, 0, ops->name);
	tierx_policy_finish(old);
	tierx_policy_free(old);
unlock:
	mutex_unlock(&tierx_mutex);
	if (err)
		atomic_long_inc(&tierx_nr_rejected);

	return err;
}

/**
 * tierx_detach() - end a policy because user space is done with it
 * @ops: the policy; may have been ejected before
 */
void tierx_detach(const struct tier_ext_ops *ops)
{
	mutex_lock(&tierx_mutex);
	if (tierx_current && tierx_current->ops == ops) {
		tierx_policy_claim(tierx_current, TIERX_EXIT_UNREG, 0, "");
		tierx_disable();
	}
	mutex_unlock(&tierx_mutex);
}

static void tierx_nodes_workfn(struct work_struct *work)
{
	int nid;

	mutex_lock(&tierx_mutex);
	if (tierx_current && tierx_nodes_start())
		pr_warn("tier_ext: no migration thread for a new node\n");
	for_each_node_state(nid, N_MEMORY)
		if (tierx_nodes[nid])
			tierx_node_snapshot(tierx_nodes[nid]);
	if (tierx_current)
		tierx_access_set(tierx_current->ops);
	mutex_unlock(&tierx_mutex);
}

static DECLARE_WORK(tierx_nodes_work, tierx_nodes_workfn);

/* Not here: the notifier runs with memory hotplug locked. */
static int tierx_memory_notify(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	if (action == MEM_ONLINE)
		queue_work(system_unbound_wq, &tierx_nodes_work);
	return NOTIFY_OK;
}

static int __init tierx_init(void)
{
	int err;

	err = tierx_sysfs_register();
	if (!err)
		err = tierx_kfuncs_register();
	if (!err)
		err = tierx_struct_ops_register();
	if (err) {
		pr_err("tier_ext: not available: %d\n", err);
		return err;
	}
	hotplug_memory_notifier(tierx_memory_notify, DEFAULT_CALLBACK_PRI);

	return 0;
}
late_initcall(tierx_init);
