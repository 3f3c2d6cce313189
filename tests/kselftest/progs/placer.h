/* SPDX-License-Identifier: GPL-2.0-only */
/* What placer.bpf.c and its tests share. One global variable, struct placer placer. */
#ifndef PLACER_H
#define PLACER_H

struct placer {
	/* Set by the test: only faults of this process are answered, 0 for all; and how. */
	int pid;
	int verdict;

	/* Counted by the policy: calls for that process, and what they were told. */
	unsigned long long nr_fault_in;
	unsigned long long nr_large;
	unsigned long long nr_mapped;
	unsigned long long nr_anon;
	unsigned long long nr_write;
	int last_src_nid;
	int last_cpu_nid;
};

#endif /* PLACER_H */
