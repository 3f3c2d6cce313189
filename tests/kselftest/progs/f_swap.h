/* SPDX-License-Identifier: GPL-2.0-only */
/* What f_swap.bpf.c hands on from policy to policy. */
#ifndef F_SWAP_H
#define F_SWAP_H

#define F_SWAP_POLICIES 4

struct f_swap_counters {
	/* Hint faults, in all and by who answered them. */
	unsigned long long faults;
	unsigned long long by_policy[F_SWAP_POLICIES];
	unsigned long long inits;
};

#endif /* F_SWAP_H */
