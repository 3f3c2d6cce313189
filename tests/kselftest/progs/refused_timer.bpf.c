// SPDX-License-Identifier: GPL-2.0-only
/* Refused: in a timer, whoever has made it, nobody would know which policy moves a folio. */
#include <tier_ext/tier_ext.bpf.h>

struct refused_work {
	struct bpf_timer timer;
};

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

void TIERX_OP(refused_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	int key = 0;
	struct refused_work *work = bpf_map_lookup_elem(&works, &key);

	if (work)
		bpf_timer_set_callback(&work->timer, move);
}

TIERX_POLICY(refused, "in a timer nobody would know which policy moves a folio") = {
	.name = "refused",
	.tick = (void *)refused_tick,
};
