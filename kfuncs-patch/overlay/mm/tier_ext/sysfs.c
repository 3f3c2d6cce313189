// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: /sys/kernel/mm/tier_ext and the event counters.
 *
 *	state		enabled or disabled
 *	enable_seq	how often a policy was attached where none was
 *	switch_seq	how often a policy was replaced
 *	nr_rejected	how often a policy was refused
 *	abort		write 1 to end the policy
 *	last_exit	why the last policy ended
 *	last_exit_dump	and what it had to say
 *	root/ops	name of the policy
 *	root/events	event counters since the last attachment, a swap keeps them
 */
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/sysfs.h>

#include "internal.h"

DEFINE_PER_CPU(struct tierx_event_counts, tierx_events);

#define TIERX_EVENT_NAME(id, name)	#name,
const char *const tierx_event_names[TIERX_NR_EVENTS] = {
	TIERX_EVENTS(TIERX_EVENT_NAME)
};

unsigned long tierx_event_read(enum tierx_event event)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(tierx_events.nr[event], cpu);
	return sum;
}

void tierx_events_reset(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(&tierx_events, cpu), 0,
		       sizeof(struct tierx_event_counts));
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", rcu_access_pointer(tierx_root) ?
			  "enabled" : "disabled");
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

static ssize_t abort_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	bool abort;
	int err;

	err = kstrtobool(buf, &abort);
	if (err)
		return err;
	if (abort)
		tierx_eject_current(TIERX_EXIT_UNREG_ABORT, 0, "");
	return count;
}

static struct kobj_attribute abort_attr = __ATTR_WO(abort);

static ssize_t last_exit_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return tierx_last_exit_show(buf);
}

static struct kobj_attribute last_exit_attr = __ATTR_RO(last_exit);

static ssize_t last_exit_dump_read(struct file *file, struct kobject *kobj,
				   struct bin_attribute *attr, char *buf,
				   loff_t off, size_t count)
{
	return tierx_last_dump_read(buf, off, count);
}

/* A dump may hold what a policy has learned about anybody's memory. */
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

static ssize_t ops_show(struct kobject *kobj, struct kobj_attribute *attr,
			char *buf)
{
	struct tierx_policy *policy;
	ssize_t len;

	rcu_read_lock();
	policy = rcu_dereference(tierx_root);
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
		len += sysfs_emit_at(buf, len, "%s %lu\n",
				     tierx_event_names[i], tierx_event_read(i));
	return len;
}

static struct kobj_attribute events_attr = __ATTR_RO(events);

static struct attribute *tierx_root_attrs[] = {
	&ops_attr.attr,
	&events_attr.attr,
	NULL,
};

static const struct attribute_group tierx_root_group = {
	.name  = "root",
	.attrs = tierx_root_attrs,
};

int __init tierx_sysfs_register(void)
{
	struct kobject *kobj;
	int err;

	kobj = kobject_create_and_add("tier_ext", mm_kobj);
	if (!kobj)
		return -ENOMEM;

	err = sysfs_create_group(kobj, &tierx_group);
	if (!err)
		err = sysfs_create_group(kobj, &tierx_root_group);
	if (err)
		kobject_put(kobj);
	return err;
}
