/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The code that a policy gives to tierx_bpf_exit(): the lower 48 bits are its
 * own, the bits above tell whoever has loaded it what to do. A negative code is
 * an error number and asks for nothing. Seen by BPF and user space.
 */
#ifndef TIER_EXT_EXIT_H
#define TIER_EXT_EXIT_H

/*
 * Load the policy again, with the same arguments: it has to begin anew, because
 * memory was plugged in, for example. 'tierx load --foreground' does so.
 */
#define TIERX_ECODE_RESTART 0x1000000000000LL

#endif /* TIER_EXT_EXIT_H */
