// SPDX-License-Identifier: GPL-2.0-only
/* Refused: in a timer, whoever has made it, nobody would know which policy moves a folio. */
#include <tier_ext/tier_ext.bpf.h>

struct refused_work {
	struct bpf_timer timer;
};

#include "refused_work.h"

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
