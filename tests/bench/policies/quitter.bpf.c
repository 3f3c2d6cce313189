// SPDX-License-Identifier: GPL-2.0-only
/*
 * quitter: gives up in the middle.
 *
 * Idea: a policy that is ejected while it is measured, to see that the rig says so. It promotes
 * nothing, and reports an error after so many hint faults.
 * Good for: nothing.
 * Bad for: everything.
 */
#include <tier_ext/tier_ext.bpf.h>

TIERX_TUNE(u32, last_fault, 10000, 1, 1000000000, "faults", "reports an error after so many");

static u32 nr_faults;

s32 TIERX_OP(quitter_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	if (__sync_fetch_and_add(&nr_faults, 1) == last_fault)
		tierx_bpf_error("gave up after %u hint faults", last_fault);
	return TIERX_STAY;
}

TIERX_POLICY(quitter, "gives up in the middle, on purpose") = {
	.name = "quitter",
	.hint_fault = (void *)quitter_hint_fault,
};
