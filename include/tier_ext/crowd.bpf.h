/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Are CPUs scarce? Then what a policy's thread does, programs have less time for. With a CPU to
 * spare nobody waits for it, so the time that the thread could have run but another one did tells.
 *
 *	u64 now = bpf_ktime_get_ns(), wait = tierx_my_wait();
 *
 *	... some work, while no other thread of the policy works ...
 *	tierx_crowd_note(now, wait);
 *	if (tierx_crowded)
 *		...
 *
 * For a policy's tick op, whose thread it is about.
 */
#ifndef TIER_EXT_CROWD_BPF_H
#define TIER_EXT_CROWD_BPF_H

#include <tier_ext/span.bpf.h>

/* Of its time a thread waits at least one in so many parts for a CPU, if these are scarce. */
#define TIERX_CROWD_WAITS 5

/* 1 if CPUs are scarce, 0 if not; and what was noted the last times, a bit for each. */
static u32 tierx_crowded, tierx_crowds;

/**
 * tierx_my_runtime() - CPU time of this thread
 *
 * Return: ns.
 */
TIERX_SPAN_INLINE u64 tierx_my_runtime(void)
{
	return bpf_get_current_task_btf()->se.sum_exec_runtime;
}

/**
 * tierx_my_wait() - how long this thread could have run, but another one did
 *
 * Return: ns.
 */
TIERX_SPAN_INLINE u64 tierx_my_wait(void)
{
	return bpf_get_current_task_btf()->sched_info.run_delay;
}

/**
 * tierx_crowd_note() - did this thread have to share its CPU?
 * @since_ns: since that time, at which it began to work
 * @since_wait: what tierx_my_wait() was then
 *
 * Whatever ran just then may have had a CPU that is idle otherwise: what two of the last three
 * calls tell counts.
 */
TIERX_SPAN_INLINE void tierx_crowd_note(u64 since_ns, u64 since_wait)
{
	u64 ns = bpf_ktime_get_ns() - since_ns, wait = tierx_my_wait() - since_wait;

	tierx_crowds = (tierx_crowds << 1 | (wait * TIERX_CROWD_WAITS > ns)) & 7;
	tierx_crowded = (tierx_crowds & 1) + (tierx_crowds >> 1 & 1) + (tierx_crowds >> 2) > 1;
}

#endif /* TIER_EXT_CROWD_BPF_H */
