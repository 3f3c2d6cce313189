// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: BPF's view of struct tier_ext_ops. Modelled on sched_ext and on
 * TCP congestion control, whose link update this one follows.
 */
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/filter.h>

#include "internal.h"

#define TIERX_TICK_MS_MIN	10
#define TIERX_TICK_MS_MAX	60000
#define TIERX_TIMEOUT_MS_MIN	100
#define TIERX_TIMEOUT_MS_MAX	30000
#define TIERX_ACCESS_PERIOD	64
#define TIERX_ACCESS_PERIOD_MAX	65536
#define TIERX_DUMP_LEN_MIN	64

BTF_ID_LIST_SINGLE(tierx_ops_btf_id, struct, tier_ext_ops)
BTF_ID_LIST_SINGLE(tierx_wq_btf_id, func, bpf_wq_set_callback_impl)

/* Offset of each op, to tell which one a program is for. */
static const u32 tierx_op_offset[TIERX_NR_OPS] = {
	[TIERX_OP_INIT]		 = offsetof(struct tier_ext_ops, init),
	[TIERX_OP_EXIT]		 = offsetof(struct tier_ext_ops, exit),
	[TIERX_OP_DUMP]		 = offsetof(struct tier_ext_ops, dump),
	[TIERX_OP_HINT_FAULT]	 = offsetof(struct tier_ext_ops, hint_fault),
	[TIERX_OP_FAULT_IN]	 = offsetof(struct tier_ext_ops, fault_in),
	[TIERX_OP_SCAN_VMA]	 = offsetof(struct tier_ext_ops, scan_vma),
	[TIERX_OP_ACCESS]	 = offsetof(struct tier_ext_ops, access),
	[TIERX_OP_RECLAIM]	 = offsetof(struct tier_ext_ops, reclaim),
	[TIERX_OP_DEMOTE_TARGET] = offsetof(struct tier_ext_ops, demote_target),
	[TIERX_OP_ADMIT]	 = offsetof(struct tier_ext_ops, admit),
	[TIERX_OP_MIGRATED]	 = offsetof(struct tier_ext_ops, migrated),
	[TIERX_OP_TICK]		 = offsetof(struct tier_ext_ops, tick),
	[TIERX_OP_MEMCG_EVENT]	 = offsetof(struct tier_ext_ops, memcg_event),
};

static int tierx_member_op[TIERX_NR_OPS];

static int tierx_offset_op(u32 offset)
{
	int op;

	for (op = 0; op < TIERX_NR_OPS; op++)
		if (tierx_op_offset[op] == offset)
			return op;
	return -ENOENT;
}

/**
 * tierx_prog_op() - which op a program is for
 * @prog: the program, possibly while it is verified
 *
 * Return: &enum tierx_op, or -ENOENT if it has nothing to do with policies.
 */
int tierx_prog_op(const struct bpf_prog *prog)
{
	int op;

	switch (prog->type) {
	case BPF_PROG_TYPE_STRUCT_OPS:
		break;
	case BPF_PROG_TYPE_SYSCALL:
		return TIERX_PROG_SYSCALL;
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_LSM:
		return TIERX_PROG_TRACING;
	default:
		return -ENOENT;
	}
	if (prog->aux->attach_btf_id != tierx_ops_btf_id[0])
		return -ENOENT;

	for (op = 0; op < TIERX_NR_OPS; op++)
		if (tierx_member_op[op] == prog->expected_attach_type)
			return op;
	return -ENOENT;
}

static bool tierx_is_valid_access(int off, int size, enum bpf_access_type type,
				  const struct bpf_prog *prog,
				  struct bpf_insn_access_aux *info)
{
	if (type != BPF_READ)
		return false;
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static int tierx_btf_struct_access(struct bpf_verifier_log *log,
				   const struct bpf_reg_state *reg, int off,
				   int size)
{
	bpf_log(log, "a tier_ext policy may not write to kernel memory\n");
	return -EACCES;
}

static const struct bpf_func_proto *
tierx_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog)
{
	/*
	 * In a timer nobody would know which policy calls a kfunc. Another
	 * program may have made it.
	 */
	if (func_id == BPF_FUNC_timer_init ||
	    func_id == BPF_FUNC_timer_set_callback)
		return NULL;
	return bpf_base_func_proto(func_id, prog);
}

static const struct bpf_verifier_ops tierx_verifier_ops = {
	.get_func_proto		= tierx_get_func_proto,
	.is_valid_access	= tierx_is_valid_access,
	.btf_struct_access	= tierx_btf_struct_access,
};

static int tierx_ops_init(struct btf *btf)
{
	const struct btf_type *t = btf_type_by_id(btf, tierx_ops_btf_id[0]);
	const struct btf_member *member;
	u32 i;
	int op;

	if (!t || !btf_type_is_struct(t))
		return -EINVAL;

	for_each_member(i, t, member) {
		op = tierx_offset_op(__btf_member_bit_offset(t, member) / 8);
		if (op >= 0)
			tierx_member_op[op] = i;
	}
	return 0;
}

/* Nor would anybody in a work queue, and the watchdog does not see it. */
static bool tierx_prog_uses_wq(const struct bpf_prog *prog)
{
	const struct bpf_insn *insn = prog->insnsi, *end = insn + prog->len;

	/* An offset names the BTF of a module. */
	for (; insn < end; insn++)
		if (insn->code == (BPF_JMP | BPF_CALL) &&
		    insn->src_reg == BPF_PSEUDO_KFUNC_CALL && !insn->off &&
		    insn->imm == tierx_wq_btf_id[0])
			return true;
	return false;
}

static int tierx_ops_check_member(const struct btf_type *t,
				  const struct btf_member *member,
				  const struct bpf_prog *prog)
{
	if (tierx_prog_uses_wq(prog))
		return -EACCES;

	switch (tierx_offset_op(__btf_member_bit_offset(t, member) / 8)) {
	case TIERX_OP_INIT:
	case TIERX_OP_EXIT:
	case TIERX_OP_TICK:
		return 0;
	default:
		return prog->sleepable ? -EINVAL : 0;
	}
}

static int tierx_ops_init_member(const struct btf_type *t,
				 const struct btf_member *member, void *kdata,
				 const void *udata)
{
	const struct tier_ext_ops *uops = udata;
	struct tier_ext_ops *ops = kdata;
	int len;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct tier_ext_ops, flags):
		ops->flags = uops->flags;
		return uops->flags & ~TIERX_OPS_ACCESS_ALL ? -EINVAL : 1;
	case offsetof(struct tier_ext_ops, cgroup_id):
		ops->cgroup_id = uops->cgroup_id;
		return 1;
	case offsetof(struct tier_ext_ops, rate_limit_bytes):
		ops->rate_limit_bytes =
			min(uops->rate_limit_bytes, TIERX_RATE_MAX);
		return 1;
	case offsetof(struct tier_ext_ops, node_rate_limit_bytes):
		ops->node_rate_limit_bytes =
			min(uops->node_rate_limit_bytes, TIERX_RATE_MAX);
		return 1;
	case offsetof(struct tier_ext_ops, tick_ms):
		ops->tick_ms = uops->tick_ms ?: MSEC_PER_SEC;
		if (ops->tick_ms < TIERX_TICK_MS_MIN ||
		    ops->tick_ms > TIERX_TICK_MS_MAX)
			return -ERANGE;
		return 1;
	case offsetof(struct tier_ext_ops, timeout_ms):
		ops->timeout_ms = uops->timeout_ms ?: TIERX_TIMEOUT_MS_MAX;
		if (ops->timeout_ms < TIERX_TIMEOUT_MS_MIN ||
		    ops->timeout_ms > TIERX_TIMEOUT_MS_MAX)
			return -ERANGE;
		return 1;
	case offsetof(struct tier_ext_ops, access_period):
		ops->access_period = uops->access_period ?: TIERX_ACCESS_PERIOD;
		if (!is_power_of_2(ops->access_period) ||
		    ops->access_period > TIERX_ACCESS_PERIOD_MAX)
			return -ERANGE;
		return 1;
	case offsetof(struct tier_ext_ops, exit_dump_len):
		ops->exit_dump_len = uops->exit_dump_len ?: TIERX_DUMP_LEN;
		if (ops->exit_dump_len < TIERX_DUMP_LEN_MIN)
			return -ERANGE;
		return ops->exit_dump_len > TIERX_DUMP_LEN_MAX ? -E2BIG : 1;
	case offsetof(struct tier_ext_ops, nice):
		ops->nice = uops->nice;
		return ops->nice < MIN_NICE || ops->nice > MAX_NICE ? -ERANGE :
								      1;
	case offsetof(struct tier_ext_ops, name):
		len = bpf_obj_name_cpy(ops->name, uops->name,
				       sizeof(ops->name));
		if (len < 0)
			return len;
		return len ? 1 : -EINVAL;
	}

	return 0;
}

/* Whoever was given a loaded policy and a link still may not use them. */
static int tierx_ops_permission(const struct tier_ext_ops *ops)
{
	if (!bpf_capable() || !perfmon_capable())
		return -EPERM;
	/* As setpriority() has it. */
	return ops->nice < 0 && !capable(CAP_SYS_NICE) ? -EACCES : 0;
}

static int tierx_ops_reg(void *kdata, struct bpf_link *link)
{
	int err = tierx_ops_permission(kdata);

	if (err)
		return err;
	/* Without a link a policy would outlive everybody who can end it. */
	if (!link)
		return -EOPNOTSUPP;
	return tierx_attach(kdata, link);
}

static void tierx_ops_unreg(void *kdata, struct bpf_link *link)
{
	tierx_detach(kdata, link);
}

static int tierx_ops_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	return tierx_ops_permission(kdata) ?:
	       tierx_replace(kdata, old_kdata, link);
}

static s32 tier_ext_ops__init(struct tier_ext_init_args *args)
{
	return 0;
}

static void tier_ext_ops__exit(struct tier_ext_exit_info *info)
{
}

static void tier_ext_ops__dump(struct tier_ext_dump_ctx *dump)
{
}

static s32 tier_ext_ops__hint_fault(struct folio *folio,
				    struct vm_area_struct *vma,
				    struct tier_ext_fault *fault)
{
	return TIERX_DEFAULT;
}

static s32 tier_ext_ops__fault_in(struct folio *folio,
				  struct vm_area_struct *vma,
				  struct tier_ext_fault *fault)
{
	return TIERX_DEFAULT;
}

static s32 tier_ext_ops__scan_vma(struct vm_area_struct *vma,
				  struct tier_ext_scan *scan)
{
	return TIERX_DEFAULT;
}

static void tier_ext_ops__access(struct folio *folio,
				 struct tier_ext_access *access)
{
}

static s32 tier_ext_ops__reclaim(struct folio *folio,
				 struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

static s32 tier_ext_ops__demote_target(struct folio *folio,
				       struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

static s32 tier_ext_ops__admit(struct tier_ext_request *request)
{
	return TIERX_DEFAULT;
}

static void tier_ext_ops__migrated(struct tier_ext_request *request,
				   struct tier_ext_result *result)
{
}

static void tier_ext_ops__tick(s32 nid, struct tier_ext_node_stat *stat)
{
}

static void tier_ext_ops__memcg_event(u64 memcg_id, u32 tier, u64 usage_pages,
				      u64 limit_pages)
{
}

static struct tier_ext_ops tierx_cfi_stubs = {
	.init		= tier_ext_ops__init,
	.exit		= tier_ext_ops__exit,
	.dump		= tier_ext_ops__dump,
	.hint_fault	= tier_ext_ops__hint_fault,
	.fault_in	= tier_ext_ops__fault_in,
	.scan_vma	= tier_ext_ops__scan_vma,
	.access		= tier_ext_ops__access,
	.reclaim	= tier_ext_ops__reclaim,
	.demote_target	= tier_ext_ops__demote_target,
	.admit		= tier_ext_ops__admit,
	.migrated	= tier_ext_ops__migrated,
	.tick		= tier_ext_ops__tick,
	.memcg_event	= tier_ext_ops__memcg_event,
};

static struct bpf_struct_ops bpf_tier_ext_ops = {
	.verifier_ops	= &tierx_verifier_ops,
	.init		= tierx_ops_init,
	.check_member	= tierx_ops_check_member,
	.init_member	= tierx_ops_init_member,
	.reg		= tierx_ops_reg,
	.unreg		= tierx_ops_unreg,
	.update		= tierx_ops_update,
	.cfi_stubs	= &tierx_cfi_stubs,
	.owner		= THIS_MODULE,
	.name		= "tier_ext_ops",
};

int __init tierx_struct_ops_register(void)
{
	return register_bpf_struct_ops(&bpf_tier_ext_ops, tier_ext_ops);
}
