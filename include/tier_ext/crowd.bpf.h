/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Are CPUs scarce? Then what a policy's thread does, programs have less time for: somebody waits
 * for its CPU, and no other one is idle.
 *
 *	... some work, while no other thread of the policy works ...
 *	tierx_crowd_note();
 *	if (tierx_crowded)
 *		...
 *
 * For a policy's tick op, whose thread it is about.
 */
#ifndef TIER_EXT_CROWD_BPF_H
#define TIER_EXT_CROWD_BPF_H

#include <tier_ext/span.bpf.h>
#include <bpf/bpf_core_read.h>

/* Not in all kernels. */
struct cfs_rq___runnable {
	unsigned int h_nr_runnable;
} __attribute__((preserve_access_index));

extern const struct rq runqueues __ksym;

/* More than any kernel is built for. */
#define TIERX_CROWD_CPUS 16384

/* 1 if CPUs are scarce, 0 if not; and what was noted the last times, a bit for each. */
static u32 tierx_crowded, tierx_crowds;

/**
 * tierx_my_runtime() - CPU time of this thread
 *
 * Return: ns.
 */
TIERX_INLINE u64 tierx_my_runtime(void)
{
	return bpf_get_current_task_btf()->se.sum_exec_runtime;
}

/* Threads that want to run on a CPU, those that do included. */
TIERX_INLINE u32 tierx_crowd_on(const struct rq *rq)
{
	const struct cfs_rq___runnable *cfs = (const void *)&rq->cfs;

	return bpf_core_field_exists(cfs->h_nr_runnable) ? cfs->h_nr_runnable : 0;
}

TIERX_INLINE bool tierx_crowd_waits(void)
{
	const struct rq *rq = bpf_this_cpu_ptr(&runqueues);
	u32 cpu;

	if (tierx_crowd_on(rq) < 2)
		return false;
	bpf_for(cpu, 0, TIERX_CROWD_CPUS) {
		rq = bpf_per_cpu_ptr(&runqueues, cpu);
		if (!rq)
			break;
		if (rq->online && !tierx_crowd_on(rq))
			return false;
	}
	return true;
}

/**
 * tierx_crowd_note() - look whether CPUs are scarce just now
 *
 * Most threads run for moments only: what two of the last three calls tell counts.
 */
TIERX_INLINE void tierx_crowd_note(void)
{
	tierx_crowds = (tierx_crowds << 1 | tierx_crowd_waits()) & 7;
	tierx_crowded = (tierx_crowds & 1) + (tierx_crowds >> 1 & 1) + (tierx_crowds >> 2) > 1;
}

#endif /* TIER_EXT_CROWD_BPF_H */
