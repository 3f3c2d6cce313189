// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: /sys/kernel/mm/tier_ext.
 *
 *	state		enabled or disabled
 *	enable_seq	how often a policy was attached where none was
 *	switch_seq	how often a policy was replaced
 *	nr_rejected	how often a policy was refused
 *	abort		write 1 to end all policies
 *	last_exit	why the last policy ended, whatever it governed
 *	last_exit_dump	and what it had to say
 *	root/		the policy of the machine
 *	cgroup/<id>/	and those of cgroups
 *
 * In the folders of policies:
 *
 *	ops		name of the policy, empty if there is none
 *	events		event counters since the last attachment, a swap keeps them
 *	abort		write 1 to end the policy
 *	last_exit	why the last one ended
 *	last_exit_dump	and what it had to say
 */
#include <linux/capability.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/sysfs.h>

#include "internal.h"

static struct kobject *tierx_kobj, *tierx_cgroup_kobj;

#define TIERX_EVENT_NAME(id, name)	#name,
const char *const tierx_event_names[TIERX_NR_EVENTS] = {
	TIERX_EVENTS(TIERX_EVENT_NAME)
};

/* --- of all policies --- */

static void tierx_state_scope(struct tierx_scope *scope, void *arg)
{
	bool *enabled = arg;

	*enabled |= !!rcu_access_pointer(scope->policy);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	bool enabled = false;

	rcu_read_lock();
	tierx_for_each_scope(tierx_state_scope, &enabled);
	rcu_read_unlock();
	return sysfs_emit(buf, "%s\n", enabled ? "enabled" : "disabled");
}

static struct kobj_attribute state_attr = __ATTR_RO(state);

static ssize_t enable_seq_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", READ_ONCE(tierx_enable_seq));
}

static struct kobj_attribute enable_seq_attr = __ATTR_RO(enable_seq);

static ssize_t switch_seq_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", READ_ONCE(tierx_switch_seq));
}

static struct kobj_attribute switch_seq_attr = __ATTR_RO(switch_seq);

static ssize_t nr_rejected_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&tierx_nr_rejected));
}

static struct kobj_attribute nr_rejected_attr = __ATTR_RO(nr_rejected);

/* Root alone is not enough: it may have been deprived of what root can do. */
static int tierx_abort_wanted(const char *buf, bool *wanted)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return kstrtobool(buf, wanted);
}

static ssize_t abort_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	bool wanted;
	int err;

	err = tierx_abort_wanted(buf, &wanted);
	if (err)
		return err;
	if (wanted)
		tierx_eject_all(TIERX_EXIT_UNREG_ABORT, "");
	return count;
}

static struct kobj_attribute abort_attr = __ATTR_WO(abort);

static ssize_t last_exit_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return tierx_last_exit_show(&tierx_last_any, buf);
}

static struct kobj_attribute last_exit_attr = __ATTR_RO(last_exit);

/* A dump may hold what a policy has learned about anybody's memory. */
static ssize_t last_exit_dump_read(struct file *file, struct kobject *kobj,
				   struct bin_attribute *attr, char *buf,
				   loff_t off, size_t count)
{
	if (!perfmon_capable())
		return -EPERM;
	return tierx_last_dump_read(&tierx_last_any, buf, off, count);
}

static BIN_ATTR_ADMIN_RO(last_exit_dump, 0);

static struct attribute *tierx_attrs[] = {
	&state_attr.attr,
	&enable_seq_attr.attr,
	&switch_seq_attr.attr,
	&nr_rejected_attr.attr,
	&abort_attr.attr,
	&last_exit_attr.attr,
	NULL,
};

static struct bin_attribute *tierx_bin_attrs[] = {
	&bin_attr_last_exit_dump,
	NULL,
};

static const struct attribute_group tierx_group = {
	.attrs = tierx_attrs,
	.bin_attrs = tierx_bin_attrs,
};

/* --- of one policy --- */

static struct tierx_scope *tierx_kobj_scope(struct kobject *kobj)
{
	return container_of(kobj, struct tierx_scope, kobj);
}

static ssize_t ops_show(struct kobject *kobj, struct kobj_attribute *attr,
			char *buf)
{
	struct tierx_policy *policy;
	ssize_t len;

	rcu_read_lock();
	policy = rcu_dereference(tierx_kobj_scope(kobj)->policy);
	len = sysfs_emit(buf, "%s\n", policy ? policy->ops->name : "");
	rcu_read_unlock();

	return len;
}

static struct kobj_attribute ops_attr = __ATTR_RO(ops);

static ssize_t events_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	int len = 0, i;

	for (i = 0; i < TIERX_NR_EVENTS; i++)
		len += sysfs_emit_at(buf, len, "%s %lu\n", tierx_event_names[i],
				     tierx_event_read(tierx_kobj_scope(kobj), i));
	return len;
}

static struct kobj_attribute events_attr = __ATTR_RO(events);

static ssize_t scope_abort_store(struct kobject *kobj,
				 struct kobj_attribute *attr, const char *buf,
				 size_t count)
{
	bool wanted;
	int err;

	err = tierx_abort_wanted(buf, &wanted);
	if (err)
		return err;

	rcu_read_lock();
	if (wanted)
		tierx_scope_eject(tierx_kobj_scope(kobj),
				  TIERX_EXIT_UNREG_ABORT, "");
	rcu_read_unlock();

	return count;
}

static struct kobj_attribute scope_abort_attr =
	__ATTR(abort, 0200, NULL, scope_abort_store);

static ssize_t scope_last_exit_show(struct kobject *kobj,
				    struct kobj_attribute *attr, char *buf)
{
	return tierx_last_exit_show(&tierx_kobj_scope(kobj)->last, buf);
}

static struct kobj_attribute scope_last_exit_attr =
	__ATTR(last_exit, 0444, scope_last_exit_show, NULL);

static ssize_t scope_last_exit_dump_read(struct file *file,
					 struct kobject *kobj,
					 struct bin_attribute *attr, char *buf,
					 loff_t off, size_t count)
{
	if (!perfmon_capable())
		return -EPERM;
	return tierx_last_dump_read(&tierx_kobj_scope(kobj)->last, buf, off,
				    count);
}

static struct bin_attribute scope_last_exit_dump_attr =
	__BIN_ATTR(last_exit_dump, 0400, scope_last_exit_dump_read, NULL, 0);

static struct attribute *tierx_scope_attrs[] = {
	&ops_attr.attr,
	&events_attr.attr,
	&scope_abort_attr.attr,
	&scope_last_exit_attr.attr,
	NULL,
};

static struct bin_attribute *tierx_scope_bin_attrs[] = {
	&scope_last_exit_dump_attr,
	NULL,
};

static const struct attribute_group tierx_scope_group = {
	.attrs	   = tierx_scope_attrs,
	.bin_attrs = tierx_scope_bin_attrs,
};

static const struct attribute_group *tierx_scope_groups[] = {
	&tierx_scope_group,
	NULL,
};

static void tierx_scope_release(struct kobject *kobj)
{
	tierx_scope_fini(tierx_kobj_scope(kobj));
}

static const struct kobj_type tierx_scope_ktype = {
	.release	= tierx_scope_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= tierx_scope_groups,
};

/**
 * tierx_scope_publish() - make the folder of a cgroup's scope
 * @scope: the scope; from here on it is freed with its last reference
 *
 * Return: 0 or -ENOMEM.
 */
int tierx_scope_publish(struct tierx_scope *scope)
{
	return kobject_init_and_add(&scope->kobj, &tierx_scope_ktype,
				    tierx_cgroup_kobj, "%llu",
				    scope->cgroup_id);
}

int __init tierx_sysfs_register(void)
{
	int err = -ENOMEM;

	tierx_kobj = kobject_create_and_add("tier_ext", mm_kobj);
	if (!tierx_kobj)
		return -ENOMEM;

	tierx_cgroup_kobj = kobject_create_and_add("cgroup", tierx_kobj);
	if (tierx_cgroup_kobj)
		err = sysfs_create_group(tierx_kobj, &tierx_group);
	if (!err)
		err = kobject_init_and_add(&tierx_root.kobj, &tierx_scope_ktype,
					   tierx_kobj, "root");
	return err;
}
