/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What chaos.bpf.c and the tests that load it share: one element of the map totals, which all
 * chaos policies of a test are given.
 */
#ifndef CHAOS_H
#define CHAOS_H

#define CHAOS_MAX_KINDS 16

struct chaos_totals {
	/* Set by the test: one in so many is, 0 for none. */
	unsigned int bad_period; /* an invalid verdict */
	unsigned int move_period; /* a call of an op that asks for a move */
	unsigned int refuse_period; /* a start that init refuses */
	unsigned int end_period; /* a tick in which the policy ends itself */

	/* Counted by the policies. */
	unsigned long long calls;
	unsigned long long bad_verdicts;
	unsigned long long moves_queued;
	unsigned long long moves_refused;
	/* Ends of policies of cgroups: unregistrations, then errors. */
	unsigned long long unreg_kinds[CHAOS_MAX_KINDS];
	unsigned long long error_kinds[CHAOS_MAX_KINDS];
};

#endif /* CHAOS_H */
