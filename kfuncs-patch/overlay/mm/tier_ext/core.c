// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: attached policies.
 *
 * An ejection can come from any context, so all it does is to claim the end of
 * the policy, to clear the pointer that the hooks read, and to leave the rest to
 * a worker.
 *
 * A scope's mutex is taken before tierx_mutex, which guards what the scopes
 * share: the list of them, static keys, nodes. Nobody waits for a policy with
 * tierx_mutex held, so one that hangs delays no other.
 */
#include <linux/init.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/slab.h>

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

unsigned long tierx_enable_seq, tierx_switch_seq;
atomic_long_t tierx_nr_rejected = ATOMIC_LONG_INIT(0);
/* Guards what scopes share. */
DEFINE_MUTEX(tierx_mutex);

/* Ops that some policy has. */
struct tierx_wanted {
	bool	any;
	bool	hint_fault;
	bool	fault_in;
	bool	scan_vma;
	bool	access;
	bool	reclaim;
	bool	demote_target;
	bool	all_tiers;
	u32	access_period;
};

static void tierx_wanted_add(struct tierx_wanted *wanted,
			     const struct tier_ext_ops *ops)
{
	wanted->any = true;
	wanted->hint_fault |= !!ops->hint_fault;
	wanted->fault_in |= !!ops->fault_in;
	wanted->scan_vma |= !!ops->scan_vma;
	wanted->access |= !!ops->access;
	wanted->reclaim |= !!ops->reclaim;
	wanted->demote_target |= !!ops->demote_target;
	if (!ops->access)
		return;
	wanted->all_tiers |= ops->flags & TIERX_OPS_ACCESS_ALL;
	if (!wanted->access_period ||
	    ops->access_period < wanted->access_period)
		wanted->access_period = ops->access_period;
}

static void tierx_wanted_scope(struct tierx_scope *scope, void *arg)
{
	if (scope->attached)
		tierx_wanted_add(arg, scope->attached->ops);
	if (scope->next)
		tierx_wanted_add(arg, scope->next);
}

static void tierx_key_set(struct static_key_false *key, bool on)
{
	if (on)
		static_branch_enable(key);
	else
		static_branch_disable(key);
}

/*
 * The migrated hook also counts promotions and demotions, so it is on with any
 * policy.
 */
static void tierx_keys_update(void)
{
	struct tierx_wanted wanted = {};

	lockdep_assert_held(&tierx_mutex);

	tierx_for_each_scope(tierx_wanted_scope, &wanted);
	tierx_access_set(wanted.all_tiers, wanted.access_period);
	tierx_key_set(&tierx_key_hint_fault, wanted.hint_fault);
	tierx_key_set(&tierx_key_hint, wanted.hint_fault || wanted.access);
	tierx_key_set(&tierx_key_fault_in, wanted.fault_in);
	tierx_key_set(&tierx_key_scan_vma, wanted.scan_vma);
	tierx_key_set(&tierx_key_access, wanted.access);
	tierx_key_set(&tierx_key_reclaim, wanted.reclaim);
	tierx_key_set(&tierx_key_demote_target, wanted.demote_target);
	tierx_key_set(&tierx_key_migrated, wanted.any);
}

static void tierx_policy_free(struct tierx_policy *policy)
{
	tierx_limits_free(policy);
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

static struct tierx_policy *tierx_policy_alloc(struct tierx_scope *scope,
					       const struct tier_ext_ops *ops,
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
	policy->scope = scope;
	raw_spin_lock_init(&policy->end_lock);
	tierx_bucket_init(&policy->bucket);
	INIT_LIST_HEAD(&policy->limits);
	mutex_init(&policy->limit_mutex);
	INIT_WORK(&policy->hup_work, tierx_hup_workfn);

	return policy;
}

static int tierx_policy_init(struct tierx_policy *policy, bool replacing)
{
	struct tier_ext_init_args args = {
		.max_pfn	= max_pfn,
		.enable_seq	= tierx_enable_seq,
		.cgroup_id	= policy->scope->cgroup_id,
		.nr_node_ids	= nr_node_ids,
		.replacing	= replacing,
	};
	int err;

	if (!policy->ops->init)
		return 0;

	err = tierx_call(policy, init, &args);
	/* BPF may return anything; user space shall see an errno. */
	return err > 0 || err < -MAX_ERRNO ? -EINVAL : err;
}

/* Claim the end of a policy; false if it has ended already. */
static bool tierx_policy_claim(struct tierx_policy *policy,
			       enum tier_ext_exit_kind kind, s64 code,
			       const char *msg)
{
	unsigned long flags;
	bool claimed;

	raw_spin_lock_irqsave(&policy->end_lock, flags);
	claimed = !policy->ended;
	if (claimed) {
		policy->info.kind = kind;
		policy->info.code = code;
		policy->info.reason = tierx_exit_reason(kind);
		strscpy(policy->msg, msg, sizeof(policy->msg));
		/* Pairs with tierx_policy_ended(). */
		smp_store_release(&policy->ended, true);
	}
	raw_spin_unlock_irqrestore(&policy->end_lock, flags);

	return claimed;
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
		tierx_call_void(policy, exit, &policy->info);
	trace_tier_ext_exit(policy->ops->name, policy->scope->cgroup_id,
			    &policy->info);
}

static bool tierx_needs_hup(struct tierx_policy *policy)
{
	/* Who unregisters has no need to be told; the link may be dying. */
	return policy->info.kind != TIERX_EXIT_UNREG &&
	       bpf_link_inc_not_zero(policy->link) == policy->link;
}

/* Let what @scope governs be as without its policy, whose end was claimed. */
static void tierx_disable(struct tierx_scope *scope)
{
	struct tierx_policy *policy = scope->attached;

	lockdep_assert_held(&scope->mutex);

	mutex_lock(&tierx_mutex);
	scope->attached = NULL;
	tierx_keys_update();
	mutex_unlock(&tierx_mutex);

	RCU_INIT_POINTER(scope->policy, NULL);
	synchronize_rcu();
	tierx_queues_stop(scope);
	tierx_policy_finish(policy);
	tierx_queues_free(scope);
	tierx_nodes_put();

	if (tierx_needs_hup(policy))
		queue_work(system_unbound_wq, &policy->hup_work);
	else
		tierx_policy_free(policy);
}

/* Do what the worker would do, if it has not come to it yet. */
static void tierx_reap(struct tierx_scope *scope)
{
	if (scope->attached && tierx_policy_ended(scope->attached))
		tierx_disable(scope);
}

/**
 * tierx_exit_workfn() - do what an ejection, or the end of a cgroup, has left
 * @work: &tierx_scope.exit_work, which holds a reference on its scope
 *
 * Also starts the threads of nodes that have come since.
 */
void tierx_exit_workfn(struct work_struct *work)
{
	struct tierx_scope *scope =
		container_of(work, struct tierx_scope, exit_work);

	mutex_lock(&scope->mutex);
	if (scope->attached && READ_ONCE(scope->gone))
		tierx_policy_claim(scope->attached, TIERX_EXIT_UNREG_CGROUP, 0,
				   "");
	tierx_reap(scope);
	if (READ_ONCE(scope->gone))
		tierx_scope_retire(scope);
	else if (scope->attached && tierx_queues_start(scope))
		pr_warn("tier_ext: no migration thread for a new node\n");
	mutex_unlock(&scope->mutex);
	tierx_scope_put(scope);
}

/**
 * tierx_exit_queue() - let a worker see to a scope
 * @scope: the scope
 *
 * Context: any but NMI, with something that keeps @scope.
 */
void tierx_exit_queue(struct tierx_scope *scope)
{
	if (!kobject_get_unless_zero(&scope->kobj))
		return;
	if (!queue_work(system_unbound_wq, &scope->exit_work))
		tierx_scope_put(scope);
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
 * Context: any but NMI, under RCU or in one of the policy's ops.
 */
void tierx_eject(struct tierx_policy *policy, enum tier_ext_exit_kind kind,
		 s64 code, const char *fmt, ...)
{
	char msg[TIERX_MSG_LEN];
	va_list args;
	bool claimed;

	va_start(args, fmt);
	vscnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);

	claimed = tierx_policy_claim(policy, kind, code, msg);
	/* Whoever has claimed it may come to this later; a swap may come first. */
	cmpxchg(&policy->scope->policy, RCU_INITIALIZER(policy), NULL);
	if (claimed)
		tierx_exit_queue(policy->scope);
}

/**
 * tierx_scope_eject() - end whatever policy governs a scope, now
 * @scope: the scope
 * @kind: why
 * @msg: and in words
 *
 * As tierx_eject(), and a swap that is going on does not save the policy.
 *
 * Context: any but NMI, under RCU.
 * Return: true if there was one.
 */
bool tierx_scope_eject(struct tierx_scope *scope, enum tier_ext_exit_kind kind,
		       const char *msg)
{
	struct tierx_policy *policy;
	bool ejected = false;

	while ((policy = rcu_dereference(scope->policy))) {
		tierx_eject(policy, kind, 0, "%s", msg);
		ejected = true;
	}
	return ejected;
}

static int tierx_enable(struct tierx_scope *scope, struct tierx_policy *policy)
{
	int err;

	err = tierx_nodes_get();
	if (err)
		return err;

	err = tierx_queues_start(scope);
	if (!err)
		err = tierx_policy_init(policy, false);
	if (err) {
		tierx_queues_stop(scope);
		tierx_queues_free(scope);
		tierx_nodes_put();
		return err;
	}

	mutex_lock(&tierx_mutex);
	tierx_enable_seq++;
	scope->attached = policy;
	/* Keys take time, and the first tick may move folios: migrated is told. */
	tierx_keys_update();
	mutex_unlock(&tierx_mutex);

	tierx_record_reset(scope);
	tierx_watchdog_begin(scope);
	rcu_assign_pointer(scope->policy, policy);
	tierx_queues_kick(scope);

	return 0;
}

static int tierx_scope_attach(struct tierx_scope *scope,
			      const struct tier_ext_ops *ops,
			      struct bpf_link *link)
{
	struct tierx_policy *policy;
	int err;

	tierx_reap(scope);
	if (scope->attached)
		return -EBUSY;
	if (READ_ONCE(scope->gone))
		return -ENOENT;

	policy = tierx_policy_alloc(scope, ops, link);
	err = policy ? tierx_enable(scope, policy) : -ENOMEM;
	if (err && policy)
		tierx_policy_free(policy);
	/* The first policy of the cgroup, and it did not start. */
	if (err && !scope->last.kind)
		tierx_scope_retire(scope);

	return err;
}

/**
 * tierx_attach() - attach a policy where none is
 * @ops: the policy
 * @link: what user space will hold
 *
 * Return: 0, -EBUSY if a policy is attached there, -ENOENT if there is no such
 * cgroup, -EINVAL for the root cgroup, -ENOMEM, or the error of init.
 */
int tierx_attach(const struct tier_ext_ops *ops, struct bpf_link *link)
{
	struct tierx_scope *scope;
	bool retired;
	int err;

	do {
		scope = tierx_scope_get(ops->cgroup_id, true);
		err = PTR_ERR_OR_ZERO(scope);
		if (err)
			break;
		mutex_lock(&scope->mutex);
		retired = scope->retired;
		if (!retired)
			err = tierx_scope_attach(scope, ops, link);
		mutex_unlock(&scope->mutex);
		tierx_scope_put(scope);
	} while (retired);
	if (err)
		atomic_long_inc(&tierx_nr_rejected);

	return err;
}

/* The old policy was ejected while the new one initialized. */
static void tierx_policy_unwanted(struct tierx_policy *policy)
{
	tierx_policy_claim(policy, TIERX_EXIT_UNREG, 0,
			   "the policy to be replaced ended first");
	if (policy->ops->exit)
		tierx_call_void(policy, exit, &policy->info);
}

/* The hooks of @next have to be on, too. */
static void tierx_switch_keys(struct tierx_scope *scope,
			      struct tierx_policy *policy,
			      const struct tier_ext_ops *next)
{
	mutex_lock(&tierx_mutex);
	tierx_switch_seq += policy != scope->attached;
	scope->attached = policy;
	scope->next = next;
	tierx_keys_update();
	mutex_unlock(&tierx_mutex);
}

static int tierx_exchange(struct tierx_policy *old, struct tierx_policy *policy)
{
	struct tierx_scope *scope = old->scope;
	int err;

	err = tierx_policy_init(policy, true);
	if (err)
		return err;

	/* From here on every hook of either policy leads to one of them. */
	tierx_switch_keys(scope, old, policy->ops);
	if (unrcu_pointer(cmpxchg(&scope->policy, RCU_INITIALIZER(old),
				  RCU_INITIALIZER(policy))) != old) {
		tierx_switch_keys(scope, old, NULL);
		tierx_policy_unwanted(policy);
		return -ENOLINK;
	}
	tierx_switch_keys(scope, policy, old->ops);
	tierx_watchdog_begin(scope);
	synchronize_rcu();
	synchronize_srcu(&scope->srcu);
	tierx_switch_keys(scope, policy, NULL);
	tierx_queues_kick(scope);

	return 0;
}

static int tierx_scope_replace(struct tierx_scope *scope,
			       const struct tier_ext_ops *ops,
			       struct bpf_link *link)
{
	struct tierx_policy *policy, *old;
	int err;

	tierx_reap(scope);
	old = scope->attached;
	if (!old || old->link != link)
		return -ENOLINK;

	policy = tierx_policy_alloc(scope, ops, link);
	if (!policy)
		return -ENOMEM;

	err = tierx_exchange(old, policy);
	if (err) {
		tierx_policy_free(policy);
		tierx_reap(scope);
		return err;
	}
	tierx_policy_claim(old, TIERX_EXIT_UNREG_SWAP, 0, ops->name);
	tierx_policy_finish(old);
	tierx_policy_free(old);

	return 0;
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
 * Return: 0, -ENOLINK if the old policy has ended, -EINVAL if the new one is for
 * another cgroup, -ENOMEM, or the error of the new policy's init.
 */
int tierx_replace(const struct tier_ext_ops *ops,
		  const struct tier_ext_ops *old_ops, struct bpf_link *link)
{
	struct tierx_scope *scope = NULL;
	int err = -EINVAL;

	if (ops->cgroup_id == old_ops->cgroup_id) {
		scope = tierx_scope_get(old_ops->cgroup_id, false);
		err = scope ? 0 : -ENOLINK;
	}
	if (scope) {
		mutex_lock(&scope->mutex);
		err = tierx_scope_replace(scope, ops, link);
		mutex_unlock(&scope->mutex);
		tierx_scope_put(scope);
	}
	if (err)
		atomic_long_inc(&tierx_nr_rejected);

	return err;
}

/**
 * tierx_detach() - end a policy because user space is done with it
 * @ops: the policy; may have been ejected before
 * @link: what user space held; another one may have attached @ops again
 */
void tierx_detach(const struct tier_ext_ops *ops, struct bpf_link *link)
{
	struct tierx_scope *scope = tierx_scope_get(ops->cgroup_id, false);
	bool forget;

	if (!scope)
		return;

	mutex_lock(&scope->mutex);
	if (scope->attached && scope->attached->link == link) {
		tierx_policy_claim(scope->attached, TIERX_EXIT_UNREG, 0, "");
		/* It may have been ejected just now, and shall not be forgotten. */
		forget = scope->attached->info.kind == TIERX_EXIT_UNREG;
		tierx_disable(scope);
		if (forget)
			tierx_scope_retire(scope);
	}
	mutex_unlock(&scope->mutex);
	tierx_scope_put(scope);
}

static void tierx_scope_refresh(struct tierx_scope *scope, void *arg)
{
	tierx_exit_queue(scope);
}

static void tierx_nodes_workfn(struct work_struct *work)
{
	mutex_lock(&tierx_mutex);
	tierx_nodes_refresh();
	/* Which nodes are sampled may have changed, too. */
	tierx_keys_update();
	tierx_for_each_scope(tierx_scope_refresh, NULL);
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

	err = tierx_scope_init(&tierx_root);
	if (!err)
		err = tierx_sysfs_register();
	if (!err)
		err = tierx_watchdog_register();
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
