// SPDX-License-Identifier: GPL-2.0-only
/* Refused: the ops of another subsystem are no policy. */
#include <tier_ext/tier_ext.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops")
u32 BPF_PROG(refused_ssthresh, struct sock *sk)
{
	return tierx_bpf_node_distance(0, 0);
}

SEC("struct_ops")
void BPF_PROG(refused_cong_avoid, struct sock *sk, u32 ack, u32 acked)
{
}

SEC("struct_ops")
u32 BPF_PROG(refused_undo_cwnd, struct sock *sk)
{
	return 2;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops refused = {
	.ssthresh = (void *)refused_ssthresh,
	.cong_avoid = (void *)refused_cong_avoid,
	.undo_cwnd = (void *)refused_undo_cwnd,
	.name = "tierx_refused",
};
