/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a policy describes itself: declaration tags that the compiler puts into
 * the BTF of the object, and that the loader reads. Seen by BPF and user space.
 *
 *	tierx:about:<one line>				on the ops variable
 *	tierx:knob:<min>:<max>:<unit>:<one line>	on a global variable
 *	tierx:help:<one line>				on a field of the counters
 *	tierx:pfn					on a map with one element per PFN
 *	tierx:shared					on a map that 'tierx swap' hands on
 *
 * A knob in TIERX_TUNE_SECTION can be set while the policy runs. Any other is
 * fixed when the policy is loaded. <unit> may be empty.
 *
 * A shared map is handed on to the next policy if that has a shared map of the
 * same name. Both have to have the same type, sizes and flags, and keys and
 * values whose members have the same names, offsets and sizes: what they mean
 * has to be the same, so their types belong into a header that both include.
 */
#ifndef TIER_EXT_TAGS_H
#define TIER_EXT_TAGS_H

#define TIERX_TAG_ABOUT	 "tierx:about:"
#define TIERX_TAG_KNOB	 "tierx:knob:"
#define TIERX_TAG_HELP	 "tierx:help:"
#define TIERX_TAG_PFN	 "tierx:pfn"
#define TIERX_TAG_SHARED "tierx:shared"

#define TIERX_TUNE_SECTION ".data.tune"
#define TIERX_STATS_MAP	   "stats"
#define TIERX_OPS_TYPE	   "tier_ext_ops"

#endif /* TIER_EXT_TAGS_H */
