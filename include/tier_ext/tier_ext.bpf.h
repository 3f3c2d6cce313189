/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a policy includes: the ops, the kfuncs and the macros by which it
 * describes itself. Types, verdicts and contexts come from vmlinux.h; they are
 * documented in include/linux/tier_ext.h of a patched kernel, the kfuncs in
 * mm/tier_ext/kfuncs.c.
 */
#ifndef TIER_EXT_BPF_H
#define TIER_EXT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <tier_ext/exit.h>
#include <tier_ext/tags.h>

/* As vmlinux.h has no macros. */
#define ENOENT 2
#define EINVAL 22
#define ENOSPC 28
#define EMLINK 31

/* Functions in headers: a policy need not use all of them. */
#define TIERX_INLINE static __always_inline __attribute__((unused))

/*
 * Programs and the policy itself. A complete policy that keeps every folio
 * where it is:
 *
 *	#include <tier_ext/tier_ext.bpf.h>
 *
 *	s32 TIERX_OP(still_hint_fault, struct folio *folio,
 *		     struct vm_area_struct *vma, struct tier_ext_fault *fault)
 *	{
 *		return TIERX_STAY;
 *	}
 *
 *	TIERX_POLICY(still, "never promotes") = {
 *		.name = "still",
 *		.hint_fault = (void *)still_hint_fault,
 *	};
 */
#define TIERX_OP(name, args...) SEC("struct_ops/" #name) BPF_PROG(name, ##args)

/* For init, exit and tick, which may sleep. */
#define TIERX_OP_SLEEPABLE(name, args...) SEC("struct_ops.s/" #name) BPF_PROG(name, ##args)

#define TIERX_POLICY(policy, about)                                                                \
	char _license[] SEC("license") = "GPL";                                                    \
	SEC(".struct_ops.link")                                                                    \
	struct tier_ext_ops policy##_ops __attribute__((btf_decl_tag(TIERX_TAG_ABOUT about)))

/*
 * Knobs. TIERX_KNOB() is fixed at load, TIERX_TUNE() can be set while the
 * policy runs. @min and @max are plain integers, in units of @unit.
 */
#define TIERX_KNOB_TAG(min, max, unit, help)                                                       \
	__attribute__((btf_decl_tag(TIERX_TAG_KNOB #min ":" #max ":" unit ":" help)))

#define TIERX_KNOB(type, name, value, min, max, unit, help)                                        \
	const volatile type name TIERX_KNOB_TAG(min, max, unit, help) = value

#define TIERX_TUNE(type, name, value, min, max, unit, help)                                        \
	volatile type name TIERX_KNOB_TAG(min, max, unit, help) SEC(TIERX_TUNE_SECTION) = value

/*
 * Counters: one struct of u64, each field with its line of help, in a per-CPU
 * map named "stats".
 *
 *	struct still_stats {
 *		u64 stayed TIERX_HELP("hint faults answered with stay");
 *	};
 *	TIERX_STATS(struct still_stats);
 *	...
 *	tierx_stat_add(stayed, 1);
 */
#define TIERX_HELP(help) __attribute__((btf_decl_tag(TIERX_TAG_HELP help)))

#define TIERX_STATS(counters)                                                                      \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, 1);                                                            \
		__type(key, u32);                                                                  \
		__type(value, counters);                                                           \
	} stats SEC(".maps");                                                                      \
	static __always_inline counters *tierx_stats(void)                                         \
	{                                                                                          \
		u32 zero = 0;                                                                      \
                                                                                                   \
		return bpf_map_lookup_elem(&stats, &zero);                                         \
	}

/* Not atomic: an increment may be lost when a task is preempted in between. */
#define tierx_stat_add(field, nr)                                                                  \
	do {                                                                                       \
		typeof(tierx_stats()) __stats = tierx_stats();                                     \
		if (__stats)                                                                       \
			__stats->field += (nr);                                                    \
	} while (0)

/*
 * State that outlives the policy: 'tierx swap' hands a map with this attribute
 * on to the next policy, if that declares the same.
 *
 *	struct {
 *		...
 *	} seen TIERX_SHARED SEC(".maps");
 */
#define TIERX_SHARED __attribute__((btf_decl_tag(TIERX_TAG_SHARED)))

/*
 * State of each page: a map with one element of type @state per PFN, and
 * name_of(pfn), which is NULL beyond the end.
 *
 *	TIERX_PFN_STATE(ages, u32);
 *	...
 *	u32 *age = ages_of(tierx_bpf_folio_pfn(folio));
 *
 * The loader makes it as large as the machine's memory when the policy is
 * loaded. Memory that is plugged in later and lies beyond has no state. Access
 * is by index, so that no fault path pays for a hash; user space may map it.
 * Attributes of the map, such as TIERX_SHARED, may follow.
 */
#define TIERX_PFN_STATE(name, state, attributes...)                                                \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, 1);                                                            \
		__type(key, u32);                                                                  \
		__type(value, state);                                                              \
	} name __attribute__((btf_decl_tag(TIERX_TAG_PFN))) attributes SEC(".maps");               \
	static __always_inline state *name##_of(u64 pfn)                                           \
	{                                                                                          \
		u32 key = pfn;                                                                     \
                                                                                                   \
		return key == pfn ? bpf_map_lookup_elem(&name, &key) : NULL;                       \
	}

/* Queue a move. 0, or -EINVAL, -EXDEV, -ENOSPC, -ENODEV. */
s32 tierx_bpf_folio_promote(struct folio *folio, s32 nid, u64 flags) __ksym;
s32 tierx_bpf_folio_demote(struct folio *folio, s32 nid, u64 flags) __ksym;
s32 tierx_bpf_folio_reclaim(struct folio *folio, u64 flags) __ksym;
s32 tierx_bpf_pfn_migrate(u64 pfn, u64 gen, s32 nid, u64 flags) __ksym;
s32 tierx_bpf_pfn_migrate_batch(const struct tier_ext_pfn *pfns, u32 pfns__sz, s32 nid,
				u64 flags) __ksym;
s32 tierx_bpf_pfn_reclaim(u64 pfn, u64 gen, u64 flags) __ksym;

/* Choose a node. A node id, -1 if there is none, or -EINVAL. */
s32 tierx_bpf_promotion_target(s32 src_nid, s32 cpu_nid, u64 flags) __ksym;
s32 tierx_bpf_demotion_target(s32 src_nid, u64 flags) __ksym;
s64 tierx_bpf_node_stat(s32 nid, u32 item) __ksym;
s32 tierx_bpf_node_distance(s32 from_nid, s32 to_nid) __ksym;

/* Look at a folio. */
u64 tierx_bpf_folio_pfn(struct folio *folio) __ksym;
u64 tierx_bpf_folio_gen(struct folio *folio) __ksym;
s32 tierx_bpf_folio_nid(struct folio *folio) __ksym;
u32 tierx_bpf_folio_order(struct folio *folio) __ksym;
u64 tierx_bpf_folio_state(struct folio *folio) __ksym;
u64 tierx_bpf_folio_memcg_id(struct folio *folio) __ksym;
s32 tierx_bpf_folio_last_nid(struct folio *folio) __ksym;
s64 tierx_bpf_folio_age_ms(struct folio *folio) __ksym;
s32 tierx_bpf_pfn_nid(u64 pfn) __ksym;

/* Tell the access op of accesses that something else than the kernel has seen. */
s32 tierx_bpf_access_report(u64 pfn, s32 cpu_nid, u32 nr) __ksym;
s32 tierx_bpf_access_queue(u64 pfn, s32 cpu_nid, u32 nr) __ksym;

/* Make the next touch of a task's memory a hint fault. Pages armed, or -EINVAL, -ESRCH, ... */
s64 tierx_bpf_range_arm(s32 pid, u64 start, u64 len, u64 flags) __ksym;

/* Where the pages of a shmem file are: enum tier_ext_shmem_state. */
s32 tierx_bpf_shmem_state(struct inode *inode, u64 index) __ksym;
s64 tierx_bpf_shmem_scan(u32 fd, u64 index, u8 *states, u32 states__sz) __ksym;

/*
 * What a cgroup may have and shall keep of a tier; init and tick only. 0 or pages, or -EINVAL,
 * -ENOENT, -EPERM, -ENOSPC, -ENOMEM.
 */
s32 tierx_bpf_memcg_set_limit(u64 memcg_id, u32 tier, u64 limit_pages) __ksym;
s32 tierx_bpf_memcg_set_protection(u64 memcg_id, u32 tier, u64 pages) __ksym;
s64 tierx_bpf_memcg_usage(u64 memcg_id, u32 tier) __ksym;

/*
 * Walk over folios; sleepable programs only. By PFN:
 *
 *	struct tier_ext_page *page;
 *
 *	bpf_for_each(tierx_pfn, page, first_pfn, end_pfn, TIERX_WALK_HARVEST)
 *		if (page->young)
 *			...
 *
 * or by LRU, the coldest first: bpf_for_each(tierx_lru, page, nid, memcg_id, flags).
 * To clear accessed bits without looking: tierx_bpf_pfn_clear(), which returns how many folios
 * there were, or -EINVAL.
 */
struct bpf_iter_tierx_pfn;
int bpf_iter_tierx_pfn_new(struct bpf_iter_tierx_pfn *it, u64 start_pfn, u64 end_pfn,
			   u64 flags) __ksym;
struct tier_ext_page *bpf_iter_tierx_pfn_next(struct bpf_iter_tierx_pfn *it) __ksym;
void bpf_iter_tierx_pfn_destroy(struct bpf_iter_tierx_pfn *it) __ksym;
s64 tierx_bpf_pfn_clear(u64 start_pfn, u64 end_pfn, u64 flags) __ksym;

struct bpf_iter_tierx_lru;
int bpf_iter_tierx_lru_new(struct bpf_iter_tierx_lru *it, s32 nid, u64 memcg_id, u64 flags) __ksym;
struct tier_ext_page *bpf_iter_tierx_lru_next(struct bpf_iter_tierx_lru *it) __ksym;
void bpf_iter_tierx_lru_destroy(struct bpf_iter_tierx_lru *it) __ksym;

/* End the policy, or explain an end. Used through the macros below. */
void tierx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 data__sz) __ksym;
void tierx_bpf_exit_bstr(s64 code, char *fmt, unsigned long long *data, u32 data__sz) __ksym;
void tierx_bpf_dump_bstr(char *fmt, unsigned long long *data, u32 data__sz) __ksym;

/* clang-format off */
#define TIERX_BSTR(call, fmt, args...)                                                             \
	({                                                                                         \
		static char ____fmt[] = fmt;                                                       \
		unsigned long long ____param[___bpf_narg(args) ?: 1] = {};                         \
                                                                                                   \
		_Pragma("GCC diagnostic push")                                                     \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                             \
		___bpf_fill(____param, args);                                                      \
		_Pragma("GCC diagnostic pop")                                                      \
		call(____fmt, ____param, ___bpf_narg(args) * sizeof(____param[0]));                \
	})
/* clang-format on */

/* The policy found itself broken: eject it, with a dump. */
#define tierx_bpf_error(fmt, args...) TIERX_BSTR(tierx_bpf_error_bstr, fmt, ##args)

/* The policy is done: end it, which is no error. Codes: see tier_ext/exit.h. */
#define tierx_bpf_exit(code, fmt, args...)                                                         \
	({                                                                                         \
		s64 ____code = (code);                                                             \
                                                                                                   \
		TIERX_BSTR(TIERX_BPF_EXIT_CALL, fmt, ##args);                                      \
	})
#define TIERX_BPF_EXIT_CALL(fmt, data, size) tierx_bpf_exit_bstr(____code, fmt, data, size)

/* Append to the dump; only in the dump op. */
#define tierx_bpf_dump(fmt, args...) TIERX_BSTR(tierx_bpf_dump_bstr, fmt, ##args)

#endif /* TIER_EXT_BPF_H */
