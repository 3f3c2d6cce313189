// SPDX-License-Identifier: GPL-2.0-only
/*
 * f_refused: programs that must not be loaded. Of all of them a test puts one
 * into the ops, and only that one is loaded.
 */
#include <tier_ext/tier_ext.bpf.h>

#include <bpf/bpf_core_read.h>

#include "f_mutants.h"

void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym;
void bpf_rcu_read_lock(void) __ksym;

u64 kept;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, u64);
} seen SEC(".maps");

struct ages {
	struct bpf_spin_lock lock;
	u64 age[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ages);
} ages SEC(".maps");

static __always_inline struct ages *find_ages(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&ages, &zero);
}

/* --- folios that are none, or are no longer there --- */

s32 TIERX_OP(folio_null, FAULT)
{
	return tierx_bpf_folio_nid(NULL);
}

s32 TIERX_OP(folio_scalar, FAULT)
{
	return tierx_bpf_folio_nid((struct folio *)fault->address);
}

s32 TIERX_OP(folio_vma, FAULT)
{
	return tierx_bpf_folio_nid((struct folio *)vma);
}

s32 TIERX_OP(folio_context, FAULT)
{
	return tierx_bpf_folio_nid((struct folio *)fault);
}

s32 TIERX_OP(folio_stack, FAULT)
{
	struct folio fake = {};

	return tierx_bpf_folio_nid(&fake);
}

s32 TIERX_OP(folio_next, FAULT)
{
	return tierx_bpf_folio_nid(folio + 1);
}

s32 TIERX_OP(folio_variable, FAULT)
{
	return tierx_bpf_folio_nid((struct folio *)((char *)folio + fault->age_ms));
}

s32 TIERX_OP(folio_mapping, FAULT)
{
	return tierx_bpf_folio_nid((struct folio *)folio->mapping);
}

s32 TIERX_OP(folio_cast, FAULT)
{
	return tierx_bpf_folio_nid(bpf_rdonly_cast(vma, bpf_core_type_id_kernel(struct folio)));
}

s32 TIERX_OP(folio_kept_in_map, FAULT)
{
	u64 key = 0, value = (u64)folio, *old;

	old = bpf_map_lookup_elem(&seen, &key);
	if (old)
		return tierx_bpf_folio_nid((struct folio *)*old);
	bpf_map_update_elem(&seen, &key, &value, BPF_ANY);
	return TIERX_STAY;
}

/* Where another op would have left it. */
s32 TIERX_OP(folio_of_another_op, RECLAIM)
{
	tierx_bpf_folio_demote((struct folio *)kept, -1, 0);
	return TIERX_DEFAULT;
}

void TIERX_OP_SLEEPABLE(folio_after_op, TICK)
{
	bpf_printk("%d", ((struct folio *)kept)->index);
}

s32 TIERX_OP(inode_untrusted, FAULT)
{
	return tierx_bpf_shmem_state(vma->vm_file->f_inode, 0);
}

/* --- arguments of the op --- */

s32 SEC("struct_ops") args_beyond(u64 *ctx)
{
	return ctx[3];
}

s32 SEC("struct_ops") args_between(u64 *ctx)
{
	return *(u32 *)((char *)ctx + 4);
}

s32 SEC("struct_ops") args_write(u64 *ctx)
{
	ctx[0] = 0;
	return TIERX_STAY;
}

/* Made for hint_fault, used for another op. */
s32 TIERX_OP(args_of_another_op, FAULT)
{
	return fault->age_ms;
}

s32 TIERX_OP(read_past_fault, FAULT)
{
	return ((u32 *)(fault + 1))[0];
}

s32 TIERX_OP(read_past_request, REQUEST)
{
	return ((u32 *)(request + 1))[1];
}

void TIERX_OP_SLEEPABLE(read_past_stat, TICK)
{
	kept = ((u64 *)(stat + 1))[0];
}

s32 TIERX_OP(read_before_fault, FAULT)
{
	return ((u32 *)fault)[-1];
}

s32 TIERX_OP(write_folio, FAULT)
{
	folio->index = 0;
	return TIERX_STAY;
}

s32 TIERX_OP(write_flags, RECLAIM)
{
	folio->flags |= 1;
	return TIERX_DEFAULT;
}

s32 TIERX_OP(write_vma, FAULT)
{
	vma->vm_start = 0;
	return TIERX_STAY;
}

s32 TIERX_OP(write_mm, FAULT)
{
	vma->vm_mm->total_vm = 0;
	return TIERX_STAY;
}

s32 TIERX_OP(write_fault, FAULT)
{
	fault->age_ms = 0;
	return TIERX_STAY;
}

s32 TIERX_OP(write_scan, SCAN)
{
	scan->pages = ~0ULL;
	return TIERX_FORCE;
}

s32 TIERX_OP(write_reclaim, RECLAIM)
{
	reclaim->can_demote = 1;
	return TIERX_DEMOTE;
}

s32 TIERX_OP(write_request, REQUEST)
{
	request->pfn = 0;
	return TIERX_ALLOW;
}

void TIERX_OP(write_result, MIGRATED)
{
	result->error = 0;
}

void TIERX_OP_SLEEPABLE(write_stat, TICK)
{
	stat->promoted_pages = 0;
}

s32 TIERX_OP_SLEEPABLE(write_init, INIT)
{
	args->max_pfn = 0;
	return 0;
}

void TIERX_OP_SLEEPABLE(write_exit, EXIT)
{
	info->kind = 0;
}

s32 TIERX_OP(write_atomic, FAULT)
{
	__sync_fetch_and_add(&fault->address, 1);
	return TIERX_STAY;
}

/* --- memory of the policy's own --- */

s32 TIERX_OP(map_unchecked, FAULT)
{
	u64 key = fault->address, *value = bpf_map_lookup_elem(&seen, &key);

	*value += 1;
	return TIERX_STAY;
}

s32 TIERX_OP(map_beyond, FAULT)
{
	struct ages *all = find_ages();

	if (all)
		all->age[fault->age_ms]++;
	return TIERX_STAY;
}

s32 TIERX_OP(map_below, FAULT)
{
	struct ages *all = find_ages();
	s64 i = fault->src_nid;

	if (all && i < 64)
		all->age[i]++;
	return TIERX_STAY;
}

s32 TIERX_OP(map_off_by_one, FAULT)
{
	struct ages *all = find_ages();
	u32 i = fault->age_ms;

	if (all && i <= 64)
		all->age[i]++;
	return TIERX_STAY;
}

s32 TIERX_OP(map_lock_written, FAULT)
{
	struct ages *all = find_ages();

	if (all)
		*(volatile u32 *)&all->lock = 1;
	return TIERX_STAY;
}

s32 TIERX_OP(lock_kept, FAULT)
{
	struct ages *all = find_ages();

	if (all)
		bpf_spin_lock(&all->lock);
	return TIERX_STAY;
}

s32 TIERX_OP(lock_twice, FAULT)
{
	struct ages *all = find_ages();

	if (!all)
		return TIERX_STAY;
	bpf_spin_lock(&all->lock);
	bpf_spin_lock(&all->lock);
	bpf_spin_unlock(&all->lock);
	return TIERX_STAY;
}

s32 TIERX_OP(lock_and_call, FAULT)
{
	struct ages *all = find_ages();

	if (!all)
		return TIERX_STAY;
	bpf_spin_lock(&all->lock);
	all->age[0] = tierx_bpf_folio_pfn(folio);
	bpf_spin_unlock(&all->lock);
	return TIERX_STAY;
}

s32 TIERX_OP(rcu_kept, FAULT)
{
	bpf_rcu_read_lock();
	return TIERX_STAY;
}

/* --- the program itself --- */

SEC("struct_ops") __attribute__((naked)) s32 stack_register(void)
{
	asm volatile("r0 = r9;"
		     "exit;");
}

SEC("struct_ops") __attribute__((naked)) s32 stack_beyond(void)
{
	asm volatile("r0 = 0;"
		     "*(u64 *)(r10 - 520) = r0;"
		     "exit;");
}

SEC("struct_ops") __attribute__((naked)) s32 no_return(void)
{
	asm volatile("exit;");
}

SEC("struct_ops") __attribute__((naked)) s32 no_exit(void)
{
	asm volatile("r0 = 0;");
}

static __attribute__((noinline)) u64 large_frame(u64 seed)
{
	volatile u64 frame[40];

	frame[seed & 31] = seed;
	return frame[0];
}

s32 TIERX_OP(stack_of_two, FAULT)
{
	volatile u64 frame[40];

	frame[fault->age_ms & 31] = large_frame(fault->address);
	kept = frame[0];
	return TIERX_STAY;
}

static __attribute__((noinline)) u64 again(u64 depth)
{
	u64 deeper;

	if (depth > kept)
		return depth;
	deeper = again(depth + 1);
	/* Or the compiler makes a loop of it. */
	asm volatile("" : "+r"(deeper));
	return deeper;
}

s32 TIERX_OP(recursion, FAULT)
{
	return again(fault->address) ? TIERX_STAY : TIERX_DEFAULT;
}

s32 TIERX_OP(loop_unbounded, FAULT)
{
	volatile u64 *address = &fault->address;

	while (*address)
		;
	return TIERX_STAY;
}

s32 TIERX_OP(loop_long, FAULT)
{
	volatile u64 sum = 0;
	u32 i, j;

	/* Long without a branch: else most of what the verifier does is to compare states. */
	for (i = 0; i < 100000000; i++) {
#pragma unroll
		for (j = 0; j < 256; j++)
			sum += fault->age_ms;
	}
	return sum ? TIERX_STAY : TIERX_DEFAULT;
}

s32 TIERX_OP_SLEEPABLE(sleepable_fault, FAULT)
{
	return TIERX_STAY;
}

s32 TIERX_OP_SLEEPABLE(sleepable_scan, SCAN)
{
	return TIERX_SKIP;
}

s32 TIERX_OP_SLEEPABLE(sleepable_reclaim, RECLAIM)
{
	return TIERX_KEEP;
}

s32 TIERX_OP_SLEEPABLE(sleepable_admit, REQUEST)
{
	return TIERX_ALLOW;
}

void TIERX_OP_SLEEPABLE(sleepable_migrated, MIGRATED)
{
}

void TIERX_OP_SLEEPABLE(sleepable_access, ACCESS)
{
}

void TIERX_OP_SLEEPABLE(sleepable_dump, DUMP)
{
}

s32 TIERX_OP(helper_signal, FAULT)
{
	bpf_send_signal(9);
	return TIERX_STAY;
}

s32 TIERX_OP(helper_write_user, FAULT)
{
	u64 zero = 0;

	bpf_probe_write_user((void *)fault->address, &zero, sizeof(zero));
	return TIERX_STAY;
}

s32 TIERX_OP(helper_override, FAULT)
{
	bpf_override_return(NULL, 0);
	return TIERX_STAY;
}

s32 TIERX_OP(helper_sleeps, FAULT)
{
	u64 value;

	bpf_copy_from_user(&value, sizeof(value), (void *)fault->address);
	return TIERX_STAY;
}

/* --- iterators --- */

void TIERX_OP_SLEEPABLE(iter_leaked, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
}

void TIERX_OP_SLEEPABLE(iter_leaked_lru, TICK)
{
	struct bpf_iter_tierx_lru it;

	bpf_iter_tierx_lru_new(&it, nid, 0, 0);
}

void TIERX_OP_SLEEPABLE(iter_after_end, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	bpf_iter_tierx_pfn_destroy(&it);
	bpf_iter_tierx_pfn_next(&it);
}

void TIERX_OP_SLEEPABLE(iter_ended_twice, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	bpf_iter_tierx_pfn_destroy(&it);
	bpf_iter_tierx_pfn_destroy(&it);
}

void TIERX_OP_SLEEPABLE(iter_begun_twice, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	bpf_iter_tierx_pfn_destroy(&it);
}

void TIERX_OP_SLEEPABLE(iter_never_begun, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_next(&it);
}

void TIERX_OP_SLEEPABLE(iter_of_another_kind, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	bpf_iter_tierx_lru_next((struct bpf_iter_tierx_lru *)&it);
	bpf_iter_tierx_pfn_destroy(&it);
}

void TIERX_OP_SLEEPABLE(iter_unchecked, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	kept = bpf_iter_tierx_pfn_next(&it)->pfn;
	bpf_iter_tierx_pfn_destroy(&it);
}

void TIERX_OP_SLEEPABLE(iter_written, TICK)
{
	struct tier_ext_page *page;

	bpf_for_each(tierx_pfn, page, 0, 1, 0)
		page->young = 0;
}

void TIERX_OP_SLEEPABLE(iter_forged, TICK)
{
	struct bpf_iter_tierx_pfn it;

	bpf_iter_tierx_pfn_new(&it, 0, 1, 0);
	*(volatile u64 *)&it = kept;
	bpf_iter_tierx_pfn_destroy(&it);
}

void TIERX_OP(iter_atomic, TICK)
{
	struct tier_ext_page *page;

	bpf_for_each(tierx_pfn, page, 0, 1, 0)
		kept = page->pfn;
}

void TIERX_OP(arm_atomic, TICK)
{
	tierx_bpf_range_arm(1, 0, 4096, 0);
}

/* --- words --- */

void TIERX_OP(dump_oversize, DUMP)
{
	static char format[] = "%llu %llu %llu\n";
	unsigned long long data[2] = { 1, 2 };

	tierx_bpf_dump_bstr(format, data, 3 * sizeof(data[0]));
}

void TIERX_OP(dump_null, DUMP)
{
	unsigned long long data[1] = {};

	tierx_bpf_dump_bstr(NULL, data, 0);
}

s32 TIERX_OP(error_format_scalar, FAULT)
{
	unsigned long long data[1] = {};

	tierx_bpf_error_bstr((char *)fault->address, data, 0);
	return TIERX_STAY;
}

s32 TIERX_OP(error_size_negative, FAULT)
{
	static char format[] = "%llu\n";
	unsigned long long data[1] = {};

	tierx_bpf_error_bstr(format, data, -8);
	return TIERX_STAY;
}

s32 TIERX_OP(batch_unbounded, FAULT)
{
	struct tier_ext_pfn pfns[2] = {};

	tierx_bpf_pfn_migrate_batch(pfns, fault->age_ms, -1, 0);
	return TIERX_STAY;
}

s32 TIERX_OP(batch_beyond, FAULT)
{
	struct tier_ext_pfn pfns[2] = {};

	tierx_bpf_pfn_migrate_batch(pfns, 3 * sizeof(pfns[0]), -1, 0);
	return TIERX_STAY;
}

s32 TIERX_OP(batch_kernel, FAULT)
{
	tierx_bpf_pfn_migrate_batch((struct tier_ext_pfn *)folio, 4096, -1, 0);
	return TIERX_STAY;
}

/*
 * --- kfuncs in ops that may not call them ---
 *
 * Each group of kfuncs has one that stands for it. The verifier looks at the name
 * before it looks at the arguments.
 */
#define CALL_promote	  tierx_bpf_folio_promote((struct folio *)kept, -1, 0)
#define CALL_pfn_migrate  tierx_bpf_pfn_migrate(0, 0, 0, 0)
#define CALL_pfn_reclaim  tierx_bpf_pfn_reclaim(0, 0, 0)
#define CALL_folio_pfn	  tierx_bpf_folio_pfn((struct folio *)kept)
#define CALL_walk	  bpf_iter_tierx_pfn_new((struct bpf_iter_tierx_pfn *)&kept, 0, 1, 0)
#define CALL_report	  tierx_bpf_access_report(0, -1, 1)
#define CALL_arm	  tierx_bpf_range_arm(1, 0, 4096, 0)
#define CALL_access_queue tierx_bpf_access_queue(0, -1, 1)
#define CALL_shmem_scan	  tierx_bpf_shmem_scan(0, 0, (u8 *)&kept, 1)
#define CALL_error	  tierx_bpf_error("no")
#define CALL_exit	  tierx_bpf_exit(1, "no")
#define CALL_dump	  tierx_bpf_dump("no")

#define FORBIDDEN(op, call, args)                                                                  \
	s32 TIERX_OP(op##_calls_##call, args)                                                      \
	{                                                                                          \
		CALL_##call;                                                                       \
		return 0;                                                                          \
	}

#define FORBIDDEN_VOID(op, call, args)                                                             \
	void TIERX_OP(op##_calls_##call, args)                                                     \
	{                                                                                          \
		CALL_##call;                                                                       \
	}

FORBIDDEN(demote_target, promote, RECLAIM)
FORBIDDEN(admit, promote, REQUEST)
FORBIDDEN_VOID(migrated, promote, MIGRATED)
FORBIDDEN_VOID(tick, promote, TICK)
FORBIDDEN(scan_vma, promote, SCAN)
FORBIDDEN(init, pfn_migrate, INIT)
FORBIDDEN_VOID(exit, pfn_migrate, EXIT)
FORBIDDEN_VOID(dump, pfn_migrate, DUMP)
FORBIDDEN(admit, pfn_migrate, REQUEST)
FORBIDDEN(demote_target, pfn_migrate, RECLAIM)
FORBIDDEN(admit, pfn_reclaim, REQUEST)
FORBIDDEN_VOID(tick, folio_pfn, TICK)
FORBIDDEN(admit, folio_pfn, REQUEST)
FORBIDDEN_VOID(migrated, folio_pfn, MIGRATED)
FORBIDDEN_VOID(dump, folio_pfn, DUMP)
FORBIDDEN(hint_fault, walk, FAULT)
FORBIDDEN(reclaim, walk, RECLAIM)
FORBIDDEN_VOID(dump, walk, DUMP)
FORBIDDEN_VOID(access, report, ACCESS)
FORBIDDEN(hint_fault, report, FAULT)
FORBIDDEN(init, report, INIT)
FORBIDDEN(fault_in, arm, FAULT)
FORBIDDEN_VOID(exit, arm, EXIT)
FORBIDDEN_VOID(tick, access_queue, TICK)
FORBIDDEN(hint_fault, access_queue, FAULT)
FORBIDDEN_VOID(tick, shmem_scan, TICK)
FORBIDDEN(init, error, INIT)
FORBIDDEN_VOID(exit, error, EXIT)
FORBIDDEN_VOID(dump, error, DUMP)
FORBIDDEN(init, exit, INIT)
FORBIDDEN_VOID(exit, exit, EXIT)
FORBIDDEN_VOID(dump, exit, DUMP)
FORBIDDEN(hint_fault, dump, FAULT)
FORBIDDEN_VOID(tick, dump, TICK)
FORBIDDEN_VOID(exit, dump, EXIT)

TIERX_POLICY(mutant, "nothing that can be loaded") = {
	.name = "mutant",
};
