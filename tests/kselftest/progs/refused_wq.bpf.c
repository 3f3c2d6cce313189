// SPDX-License-Identifier: GPL-2.0-only
/* Refused: in a work queue nobody would know which policy moves a folio. */
#include <tier_ext/tier_ext.bpf.h>

int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym;
int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*callback)(void *map, int *key, void *value),
			     unsigned int flags, void *aux) __ksym;

struct refused_work {
	struct bpf_wq wq;
};

#include "refused_work.h"

void TIERX_OP_SLEEPABLE(refused_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	int key = 0;
	struct refused_work *work = bpf_map_lookup_elem(&works, &key);

	if (!work || bpf_wq_init(&work->wq, &works, 0))
		return;
	bpf_wq_set_callback_impl(&work->wq, move, 0, NULL);
	bpf_wq_start(&work->wq, 0);
}

TIERX_POLICY(refused, "in a work queue nobody would know which policy moves a folio") = {
	.name = "refused",
	.tick = (void *)refused_tick,
};
