// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: which pages take hint faults: what NUMA balancing arms by itself,
 * and what a policy asks for ("lazy migration", MPOL_MF_LAZY as it was
 * proposed).
 */
#include <linux/hugetlb.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>

#include "internal.h"

/* A policy may arm so many times as many pages as the kernel would. */
#define TIERX_SCAN_FACTOR	4

/* Returns what __tier_ext_scan_vma() does. */
static int tierx_scan_apply(struct tierx_policy *policy, s32 verdict,
			    long *pages)
{
	switch (verdict) {
	case TIERX_DEFAULT:
		return 0;
	case TIERX_SKIP:
		return -1;
	case TIERX_FORCE:
		return 1;
	}
	if (verdict <= 0) {
		tierx_bad_verdict(policy, "scan_vma", verdict);
		return 0;
	}
	*pages = min_t(long, verdict, TIERX_SCAN_FACTOR * *pages);
	return 1;
}

int __tier_ext_scan_vma(struct vm_area_struct *vma, unsigned long start,
			long *pages)
{
	struct tier_ext_scan scan = {
		.start	 = max(start, vma->vm_start),
		.end	 = vma->vm_end,
		.pages	 = *pages,
		.cpu_nid = numa_node_id(),
	};
	struct tierx_policy *policy;
	int answer = 0;
	s32 verdict;

	rcu_read_lock();
	policy = tierx_mm_policy(vma->vm_mm);
	tierx_event_add(policy, policy ? TIERX_EV_SCAN_VMA : TIERX_EV_BYPASSED, 1);
	if (policy && policy->ops->scan_vma) {
		verdict = tierx_call(policy, scan_vma, vma, &scan);
		answer = tierx_scan_apply(policy, verdict, pages);
		tierx_verdict_note(policy, "scan_vma", 0, NUMA_NO_NODE, verdict,
				   answer);
	}
	rcu_read_unlock();

	return answer;
}

/* As task_numa_work() sees it, but whatever it thinks of the use. */
static bool tierx_vma_can_be_armed(struct vm_area_struct *vma)
{
	return vma_migratable(vma) && vma_policy_mof(vma) &&
	       !is_vm_hugetlb_page(vma) && !(vma->vm_flags & VM_MIXEDMAP) &&
	       vma_is_accessible(vma);
}

static s64 tierx_mm_arm(struct mm_struct *mm, u64 start, u64 end)
{
	struct vm_area_struct *vma;
	s64 nr = 0;

	VMA_ITERATOR(vmi, mm, start);

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for_each_vma_range(vmi, vma, end) {
		if (!tierx_vma_can_be_armed(vma))
			continue;
		nr += change_prot_numa(vma, max_t(u64, start, vma->vm_start),
				       min_t(u64, end, vma->vm_end));
		cond_resched();
	}
	mmap_read_unlock(mm);

	return nr;
}

__bpf_kfunc_start_defs();

/**
 * tierx_bpf_range_arm() - make the next touch of memory a hint fault
 * @pid: a thread or process, as numbered in the initial PID namespace
 * @start: first address, a multiple of the page size
 * @len: bytes, a multiple of the page size
 * @flags: must be 0
 *
 * The next access to each page of a slow tier in the range calls hint_fault,
 * which may move it. What cannot be armed is left out: other tiers, hugetlb and
 * device memory, and memory that a policy of the user's governs, unless that
 * has MPOL_F_NUMA_BALANCING.
 *
 * Context: tick, and syscall programs. Sleeps, and takes mmap_lock.
 * Return: how many pages were armed that were not; -EINVAL for an unknown flag
 * or a range that is not made of pages; -ESRCH if there is no such task or it
 * has no memory; -EOPNOTSUPP without the tiering mode of NUMA balancing; -EINTR
 * if the caller was killed.
 */
__bpf_kfunc s64 tierx_bpf_range_arm(s32 pid, u64 start, u64 len, u64 flags)
{
	struct task_struct *task;
	struct mm_struct *mm = NULL;
	s64 nr;

	if (flags || !len || !PAGE_ALIGNED(start) || !PAGE_ALIGNED(len) ||
	    start + len < start)
		return -EINVAL;
	if (!(sysctl_numa_balancing_mode & NUMA_BALANCING_MEMORY_TIERING))
		return -EOPNOTSUPP;

	rcu_read_lock();
	task = find_task_by_pid_ns(pid, &init_pid_ns);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return -ESRCH;

	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;

	nr = tierx_mm_arm(mm, start, start + len);
	mmput(mm);

	return nr;
}

__bpf_kfunc_end_defs();
