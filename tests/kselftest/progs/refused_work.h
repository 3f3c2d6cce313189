/* SPDX-License-Identifier: GPL-2.0-only */
/* What a policy would have done later; included behind struct refused_work, which says how. */
#ifndef REFUSED_WORK_H
#define REFUSED_WORK_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct refused_work);
} works SEC(".maps");

static int move(void *map, int *key, void *value)
{
	tierx_bpf_pfn_migrate(0, 0, 0, 0);
	return 0;
}

#endif /* REFUSED_WORK_H */
