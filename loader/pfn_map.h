/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps of a policy that have one element per PFN, see TIERX_PFN_STATE(). */
#ifndef TIERX_PFN_MAP_H
#define TIERX_PFN_MAP_H

#include "policy.h"

/**
 * pfn_maps__resize() - let them have elements for all PFNs below @end
 * @policy: opened, not yet loaded
 * @end: one more than the highest PFN
 *
 * Return: a status.
 */
int pfn_maps__resize(const struct policy *policy, __u64 end);

/** pfn_maps__fit() - let them, if there are any, fit this machine; returns a status */
int pfn_maps__fit(const struct policy *policy);

#endif /* TIERX_PFN_MAP_H */
