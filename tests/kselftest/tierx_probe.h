/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The probe policy in user space.
 */
#ifndef TIERX_PROBE_H
#define TIERX_PROBE_H

#include "tierx_test.h"
#include "progs/probe.h"

/* Without a name the policy is called probe. */
static inline struct tierx_policy *probe_open(const char *name, volatile struct tierx_probe **probe)
{
	struct tierx_policy *policy = tierx_open("probe");

	if (name)
		tierx_rename(policy, name);
	*probe = tierx_global(policy, "probe");
	(*probe)->hint_fault = TIERX_DEFAULT;
	(*probe)->reclaim = TIERX_DEFAULT;
	(*probe)->demote_target = TIERX_DEFAULT;
	(*probe)->admit = TIERX_DEFAULT;
	return policy;
}

#endif /* TIERX_PROBE_H */
