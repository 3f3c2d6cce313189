// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: what a policy governs. There is one scope for the machine, which is
 * always there, and one for every cgroup that a policy was attached to. A folio
 * is governed by the policy of the nearest ancestor of its owner that has one;
 * a process by that of its own memory cgroup.
 *
 * The scope of a cgroup outlives a policy that was ejected, so that one can see
 * why, and goes when a policy is unloaded or the cgroup is removed.
 */
#include <linux/cgroup.h>
#include <linux/error-injection.h>
#include <linux/memcontrol.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "internal.h"

static DEFINE_PER_CPU(struct tierx_record, tierx_root_record);

struct tierx_scope tierx_root = {
	.mutex	= __MUTEX_INITIALIZER(tierx_root.mutex),
	.record	= &tierx_root_record,
};

/* There are scopes of cgroups. */
DEFINE_STATIC_KEY_FALSE(tierx_key_tenants);

/*
 * By the id of the css, which is not given to another cgroup as long as somebody
 * has a reference, as scopes do; mem_cgroup_id() is. Changed under tierx_mutex,
 * read under RCU.
 */
static DEFINE_XARRAY(tierx_scopes);

/**
 * tierx_memcg_get() - a memory cgroup by its id
 * @id: cgroup id, the inode number of its directory
 *
 * Context: sleepable.
 * Return: the cgroup with a reference; NULL if there is none, or the memory
 * controller is not enabled for it.
 */
struct mem_cgroup *tierx_memcg_get(u64 id)
{
	struct cgroup_subsys_state *css;
	struct cgroup *cgroup;

	cgroup = cgroup_get_from_id(id);
	if (IS_ERR(cgroup))
		return NULL;
	css = cgroup_get_e_css(cgroup, &memory_cgrp_subsys);
	/* Not an ancestor that has to stand in for it. */
	if (css && css->cgroup != cgroup) {
		css_put(css);
		css = NULL;
	}
	cgroup_put(cgroup);

	return css ? mem_cgroup_from_css(css) : NULL;
}

/**
 * __tierx_memcg_policy() - the policy that governs a memory cgroup
 * @memcg: the cgroup, or NULL for none
 *
 * Context: under RCU.
 * Return: the policy, or NULL.
 */
struct tierx_policy *__tierx_memcg_policy(struct mem_cgroup *memcg)
{
	struct tierx_policy *policy;
	struct tierx_scope *scope;

	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		scope = xa_load(&tierx_scopes, memcg->css.id);
		if (!scope)
			continue;
		policy = rcu_dereference_check(scope->policy,
					       rcu_read_lock_any_held());
		if (policy)
			return policy;
	}
	return rcu_dereference_check(tierx_root.policy,
				     rcu_read_lock_any_held());
}

/**
 * tierx_mm_policy() - the policy that governs what a process does
 * @mm: its memory
 *
 * Context: under RCU.
 * Return: the policy, or NULL.
 */
struct tierx_policy *tierx_mm_policy(struct mm_struct *mm)
{
	if (!static_branch_unlikely(&tierx_key_tenants))
		return rcu_dereference(tierx_root.policy);
	return __tierx_memcg_policy(mem_cgroup_from_task(rcu_dereference(mm->owner)));
}

/**
 * tierx_for_each_scope() - visit all scopes, that of the machine first
 * @visit: the visitor
 * @arg: passed to it
 *
 * Context: under tierx_mutex, or RCU, if @visit does not sleep.
 */
void tierx_for_each_scope(tierx_scope_fn *visit, void *arg)
{
	struct tierx_scope *scope;
	unsigned long id;

	visit(&tierx_root, arg);
	xa_for_each(&tierx_scopes, id, scope)
		visit(scope, arg);
}

struct tierx_eject_all {
	enum tier_ext_exit_kind	kind;
	const char		*msg;
	bool			ejected;
};

static void tierx_eject_one(struct tierx_scope *scope, void *arg)
{
	struct tierx_eject_all *all = arg;

	all->ejected |= tierx_scope_eject(scope, all->kind, all->msg);
}

/**
 * tierx_eject_all() - end every policy, now
 * @kind: why
 * @msg: and in words
 *
 * Context: any but NMI.
 * Return: true if there was one.
 */
bool tierx_eject_all(enum tier_ext_exit_kind kind, const char *msg)
{
	struct tierx_eject_all all = { .kind = kind, .msg = msg };

	rcu_read_lock();
	tierx_for_each_scope(tierx_eject_one, &all);
	rcu_read_unlock();

	return all.ejected;
}

unsigned long tierx_event_read(struct tierx_scope *scope,
			       enum tierx_event event)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(scope->record, cpu)->nr[event];
	return sum;
}

void tierx_record_reset(struct tierx_scope *scope)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(scope->record, cpu), 0,
		       sizeof(struct tierx_record));
}

/**
 * tierx_scope_init() - what also the scope of the machine needs
 * @scope: the scope
 *
 * Return: 0 or -ENOMEM.
 */
int tierx_scope_init(struct tierx_scope *scope)
{
	INIT_WORK(&scope->exit_work, tierx_exit_workfn);
	return init_srcu_struct(&scope->srcu);
}
ALLOW_ERROR_INJECTION(tierx_scope_init, ERRNO);

/**
 * tierx_scope_fini() - free the scope of a cgroup
 * @scope: the scope; its folder in sysfs is gone, and nobody knows it any more
 */
void tierx_scope_fini(struct tierx_scope *scope)
{
	cleanup_srcu_struct(&scope->srcu);
	mem_cgroup_put(scope->memcg);
	free_percpu(scope->record);
	kvfree(scope->last.dump);
	kfree(scope);
}

static struct tierx_scope *tierx_scope_alloc(u64 cgroup_id)
{
	struct tierx_scope *scope;
	int err = -ENOMEM;

	scope = kzalloc(sizeof(*scope), GFP_KERNEL);
	if (!scope)
		return ERR_PTR(-ENOMEM);

	scope->cgroup_id = cgroup_id;
	mutex_init(&scope->mutex);
	scope->record = alloc_percpu(struct tierx_record);
	if (!scope->record)
		goto free;
	err = -ENOENT;
	scope->memcg = tierx_memcg_get(cgroup_id);
	if (!scope->memcg)
		goto free;
	/* That is the machine, which has a scope. */
	err = -EINVAL;
	if (mem_cgroup_is_root(scope->memcg))
		goto free;
	err = tierx_scope_init(scope);
	if (err)
		goto free;

	return scope;
free:
	mem_cgroup_put(scope->memcg);
	free_percpu(scope->record);
	kfree(scope);
	return ERR_PTR(err);
}

/* The hooks find it from here on. */
static int tierx_scope_enter(struct tierx_scope *scope)
{
	int id = scope->memcg->css.id, err;

	err = xa_insert(&tierx_scopes, id, scope, GFP_KERNEL);
	if (err)
		return err;
	static_branch_inc(&tierx_key_tenants);
	/* Who removes the cgroup from now on finds the scope. */
	if (!percpu_ref_is_dying(&scope->memcg->css.refcnt))
		return 0;

	xa_erase(&tierx_scopes, id);
	static_branch_dec(&tierx_key_tenants);
	return -ENOENT;
}

static struct tierx_scope *tierx_scope_create(u64 cgroup_id)
{
	struct tierx_scope *scope;
	int err;

	scope = tierx_scope_alloc(cgroup_id);
	if (IS_ERR(scope))
		return scope;

	err = tierx_scope_publish(scope);
	if (!err)
		err = tierx_scope_enter(scope);
	if (!err)
		return scope;

	/* Some hook may have found it already. */
	synchronize_rcu();
	kobject_put(&scope->kobj);

	return ERR_PTR(err);
}

/**
 * tierx_scope_get() - the scope of a cgroup, or the machine
 * @cgroup_id: id of the cgroup, 0 for the machine
 * @create: make one if there is none
 *
 * Context: sleepable.
 * Return: the scope with a reference; NULL if there is none and none is to be
 * made; ERR_PTR() of -ENOENT if there is no such cgroup, or the memory controller
 * is not enabled for it, -EINVAL for the root cgroup, or -ENOMEM.
 */
struct tierx_scope *tierx_scope_get(u64 cgroup_id, bool create)
{
	struct tierx_scope *scope;
	unsigned long id;

	if (!cgroup_id) {
		kobject_get(&tierx_root.kobj);
		return &tierx_root;
	}

	mutex_lock(&tierx_mutex);
	xa_for_each(&tierx_scopes, id, scope)
		if (scope->cgroup_id == cgroup_id)
			break;
	if (!scope && create)
		scope = tierx_scope_create(cgroup_id);
	if (!IS_ERR_OR_NULL(scope))
		kobject_get(&scope->kobj);
	mutex_unlock(&tierx_mutex);

	return scope;
}

void tierx_scope_put(struct tierx_scope *scope)
{
	kobject_put(&scope->kobj);
}

/**
 * tierx_scope_retire() - forget the scope of a cgroup
 * @scope: the scope; no policy is attached. The machine's stays.
 *
 * Context: the caller has a reference and holds the scope's mutex.
 */
void tierx_scope_retire(struct tierx_scope *scope)
{
	bool entered;

	lockdep_assert_held(&scope->mutex);

	if (scope == &tierx_root)
		return;

	mutex_lock(&tierx_mutex);
	/* Not twice, and not one whose cgroup went while it was made. */
	entered = xa_cmpxchg(&tierx_scopes, scope->memcg->css.id, scope, NULL,
			     GFP_KERNEL) == scope;
	if (entered) {
		static_branch_dec(&tierx_key_tenants);
		kobject_del(&scope->kobj);
	}
	mutex_unlock(&tierx_mutex);
	if (!entered)
		return;

	scope->retired = true;
	synchronize_rcu();
	kobject_put(&scope->kobj);
}

void __tier_ext_memcg_offline(struct mem_cgroup *memcg)
{
	struct tierx_scope *scope;

	rcu_read_lock();
	scope = xa_load(&tierx_scopes, memcg->css.id);
	if (scope) {
		WRITE_ONCE(scope->gone, true);
		if (!tierx_scope_eject(scope, TIERX_EXIT_UNREG_CGROUP, ""))
			tierx_exit_queue(scope);
	}
	rcu_read_unlock();
}
