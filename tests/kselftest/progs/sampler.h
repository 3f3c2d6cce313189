/* SPDX-License-Identifier: GPL-2.0-only */
/* What sampler.bpf.c and its tests share. One global variable, struct sampler sampler. */
#ifndef SAMPLER_H
#define SAMPLER_H

/* What tick does with what it finds on the slow node. */
enum sampler_walk {
	SAMPLER_NO_WALK,
	/* Promote folios that were accessed since the last walk. */
	SAMPLER_PROMOTE_YOUNG,
};

struct sampler {
	/* Set by the test: answers of hint_fault, and of scan_vma for the VMA at scan_start. */
	unsigned long long scan_start;
	int scan_pid;
	int scan_verdict;
	int hint_verdict;
	int walk;
	int walk_nid;
	unsigned long long walk_start_pfn;
	unsigned long long walk_end_pfn;
	/* What the program of the performance event reports. */
	unsigned long long event_pfn;
	int event_nid;
	unsigned int event_nr;

	/* Samples of folios of the cgroup that is set here; 0 for all. */
	unsigned long long memcg_id;
	unsigned long long nr_samples;
	unsigned long long nr_accesses;
	unsigned long long nr_unmapped;
	unsigned long long nr_known_cpu;
	unsigned long long last_pfn;
	int last_nid;
	int last_cpu_nid;
	unsigned int last_nr;

	unsigned long long nr_scan_vma;
	unsigned long long scan_pages;
	unsigned long long nr_hint_fault;
	int hint_last_nid;
	long long hint_age_ms;
	unsigned long long nr_walks;
	unsigned long long nr_young;
	unsigned long long nr_events;
	int event_result;
};

struct sampler_report {
	unsigned long long pfn;
	int nid;
	unsigned int nr;
};

struct sampler_arm {
	int pid;
	unsigned long long start;
	unsigned long long len;
	unsigned long long flags;
};

#endif /* SAMPLER_H */
