/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The broken policies of f_mutants.c, a row each. The names are those of the programs in
 * progs/f_refused.bpf.c and progs/f_running.bpf.c.
 */
#ifndef F_MUTANTS_TABLE_H
#define F_MUTANTS_TABLE_H

/* A table is for reading. */
/* clang-format off */
#define REFUSED(title, member, err, words, why)                                                    \
	{ .name = #title,                                                                          \
	  .program = #title,                                                                       \
	  .op = #member,                                                                           \
	  .judge = refused,                                                                        \
	  .error = err,                                                                            \
	  .says = words,                                                                           \
	  .about = why }

#define FORBIDDEN(member, call, kfunc)                                                             \
	{ .name = #member "_calls_" #call,                                                         \
	  .program = #member "_calls_" #call,                                                      \
	  .op = #member,                                                                           \
	  .judge = refused,                                                                        \
	  .error = -EACCES,                                                                        \
	  .says = "calling kernel function " kfunc " is not allowed",                              \
	  .about = #member " may not call " kfunc "()" }

#define FIELD(title, member, bad, err, why)                                                        \
	{ .name = title,                                                                           \
	  .field = member,                                                                         \
	  .value = bad,                                                                            \
	  .judge = not_attached,                                                                   \
	  .error = err,                                                                            \
	  .about = why }

#define NAME(title, bad, why)                                                                      \
	{ .name = title, .text = bad, .judge = not_attached, .error = -EINVAL, .about = why }

#define INIT(title, bad, err, why)                                                                 \
	{ .name = title,                                                                           \
	  .program = "answer_init",                                                                \
	  .op = "init",                                                                            \
	  .answer = bad,                                                                           \
	  .judge = not_attached,                                                                   \
	  .error = err,                                                                            \
	  .about = why }

/* One answer, over and over. */
#define VERDICT(title, member, stress, bad, why)                                                   \
	{ .name = title,                                                                           \
	  .program = "answer_" #member,                                                            \
	  .op = #member,                                                                           \
	  .load = stress,                                                                          \
	  .answer = bad,                                                                           \
	  .judge = ejected,                                                                        \
	  .error = TIERX_EXIT_ERROR_VERDICT,                                                       \
	  .says = "from " #member,                                                                 \
	  .about = why }

#define ERROR(member, stress)                                                                      \
	{ .name = "error_" #member,                                                                \
	  .program = "error_" #member,                                                             \
	  .op = #member,                                                                           \
	  .load = stress,                                                                          \
	  .judge = ejected,                                                                        \
	  .error = TIERX_EXIT_ERROR_BPF,                                                           \
	  .says = #member " gives up",                                                             \
	  .about = #member " raises an error" }

#define FORMAT(title, words, why)                                                                  \
	{ .name = #title,                                                                          \
	  .program = #title,                                                                       \
	  .op = "tick",                                                                            \
	  .judge = ejected,                                                                        \
	  .error = TIERX_EXIT_ERROR_BPF,                                                           \
	  .says = words,                                                                           \
	  .about = why }

#define CONTAINED(title, member, stress, event, why)                                               \
	{ .name = #title,                                                                          \
	  .program = #title,                                                                       \
	  .op = #member,                                                                           \
	  .load = stress,                                                                          \
	  .judge = contained,                                                                      \
	  .says = event,                                                                           \
	  .about = why }

/* Arguments of a kfunc, and what it says to them. */
#define TICK_CALL(title, kfunc, result, event, why, list...)                                       \
	{                                                                                          \
		.name = title, .program = "call_tick", .op = "tick", .judge = answered,            \
		.error = result, .says = event, .about = why, .call = {                            \
			.what = kfunc,                                                             \
			.args = { list }                                                           \
		}                                                                                  \
	}

#define FOLIO_CALL(title, kfunc, result, why, list...)                                             \
	{                                                                                          \
		.name = title, .program = "call_hint_fault", .op = "hint_fault", .load = FAULTS,   \
		.judge = answered, .error = result, .about = why, .call = {                        \
			.what = kfunc,                                                             \
			.args = { list }                                                           \
		}                                                                                  \
	}

#define FOREIGN(title, flags, kfunc, node, event, why)                                             \
	{                                                                                          \
		.name = title, .program = "call_tick", .op = "tick", .judge = foreign,             \
		.value = flags, .says = event, .about = why, .call = {                             \
			.what = kfunc,                                                             \
			.args = { 0, 0, node }                                                     \
		}                                                                                  \
	}

static const struct mutant mutants[] = {
	/* Refused by the verifier. -ENOSPC is that of a log that does not fit. */
	REFUSED(folio_null, hint_fault, -EACCES, "Possibly NULL pointer passed to trusted arg0",
		"no folio at all"),
	REFUSED(folio_scalar, hint_fault, -EINVAL,
		"arg#0 pointer type STRUCT folio must point to scalar", "a number is no folio"),
	REFUSED(folio_vma, hint_fault, -EINVAL,
		"expected pointer to STRUCT folio but R1 has a pointer to STRUCT vm_area_struct",
		"a VMA is no folio"),
	REFUSED(folio_context, hint_fault, -EINVAL,
		"expected pointer to STRUCT folio but R1 has a pointer to STRUCT tier_ext_fault",
		"a context is no folio"),
	REFUSED(folio_stack, hint_fault, -EINVAL,
		"arg#0 pointer type STRUCT folio must point to scalar",
		"a folio of the policy's own making is none"),
	REFUSED(folio_next, hint_fault, -EINVAL, "access beyond struct folio at off 256",
		"what lies behind a folio is no folio"),
	REFUSED(folio_variable, hint_fault, -EACCES, "variable",
		"a folio at an offset is no folio"),
	REFUSED(folio_mapping, hint_fault, -EINVAL, "R1 must be referenced or trusted",
		"what a folio points to is no folio"),
	REFUSED(folio_cast, hint_fault, -EINVAL, "R1 must be referenced or trusted",
		"a pointer that was cast is no folio"),
	REFUSED(folio_kept_in_map, hint_fault, -EINVAL,
		"arg#0 pointer type STRUCT folio must point to scalar",
		"a folio cannot be kept in a map"),
	REFUSED(folio_of_another_op, reclaim, -EINVAL,
		"arg#0 pointer type STRUCT folio must point to scalar",
		"a folio cannot be used by another op"),
	REFUSED(folio_after_op, tick, -EACCES, "invalid mem access 'scalar'",
		"a folio cannot be looked at when the op is over"),
	REFUSED(inode_untrusted, hint_fault, -EINVAL, "R1 must be referenced or trusted",
		"an inode that was walked to may be gone"),
	REFUSED(args_beyond, hint_fault, -EACCES, "doesn't have 4-th argument",
		"an op has so many arguments and no more"),
	REFUSED(args_between, hint_fault, -EACCES,
		"func 'hint_fault' offset 4 is not multiple of 8", "half an argument"),
	REFUSED(args_write, hint_fault, -EACCES, "invalid bpf_context access off=0 size=8",
		"arguments are read-only"),
	REFUSED(args_of_another_op, reclaim, -EACCES, "doesn't have 3-th argument",
		"a program made for hint_fault is none for reclaim"),
	REFUSED(read_past_fault, hint_fault, -EACCES, "access beyond struct tier_ext_fault",
		"a context ends somewhere"),
	REFUSED(read_past_request, admit, -EACCES, "access beyond struct tier_ext_request",
		"a request ends somewhere"),
	REFUSED(read_past_stat, tick, -EACCES, "access beyond struct tier_ext_node_stat",
		"what tick is told ends somewhere"),
	REFUSED(read_before_fault, hint_fault, -EACCES,
		"R1 is ptr_tier_ext_fault invalid negative access", "a context begins somewhere"),
	REFUSED(write_folio, hint_fault, -EACCES,
		"a tier_ext policy may not write to kernel memory", "a folio is read-only"),
	REFUSED(write_flags, reclaim, -EACCES, "a tier_ext policy may not write to kernel memory",
		"so are its flags"),
	REFUSED(write_vma, hint_fault, -EACCES, "a tier_ext policy may not write to kernel memory",
		"a VMA is read-only"),
	REFUSED(write_mm, hint_fault, -EACCES, "a tier_ext policy may not write to kernel memory",
		"so is what it belongs to"),
	REFUSED(write_fault, hint_fault, -EACCES,
		"a tier_ext policy may not write to kernel memory",
		"what hint_fault is told is read-only"),
	REFUSED(write_scan, scan_vma, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what scan_vma is told is read-only"),
	REFUSED(write_reclaim, reclaim, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what reclaim is told is read-only"),
	REFUSED(write_request, admit, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what admit is told is read-only"),
	REFUSED(write_result, migrated, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what migrated is told is read-only"),
	REFUSED(write_stat, tick, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what tick is told is read-only"),
	REFUSED(write_init, init, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what init is told is read-only"),
	REFUSED(write_exit, exit, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what exit is told is read-only"),
	REFUSED(write_atomic, hint_fault, -EACCES,
		"a tier_ext policy may not write to kernel memory", "an atomic write is a write"),
	REFUSED(map_unchecked, hint_fault, -EACCES, "invalid mem access 'map_value_or_null'",
		"a look-up has to be checked"),
	REFUSED(map_beyond, hint_fault, -EACCES, "unbounded memory access",
		"an index has to be checked"),
	REFUSED(map_below, hint_fault, -EINVAL, "unbounded min value is not allowed",
		"against both ends"),
	REFUSED(map_off_by_one, hint_fault, -EACCES, "invalid access to map value", "exactly"),
	REFUSED(map_lock_written, hint_fault, -EACCES, "bpf_spin_lock cannot be accessed directly",
		"a lock is not for writing"),
	REFUSED(lock_kept, hint_fault, -EINVAL, "bpf_spin_lock", "a lock has to be released"),
	REFUSED(lock_twice, hint_fault, -EINVAL, "bpf_spin_lock", "a lock is taken once"),
	REFUSED(lock_and_call, hint_fault, -EINVAL,
		"function calls are not allowed while holding a lock",
		"no kfunc is called under a lock"),
	REFUSED(rcu_kept, hint_fault, -EINVAL, "rcu_read_lock", "RCU has to be unlocked"),
	REFUSED(stack_register, hint_fault, -EACCES, "R9 !read_ok",
		"a register that nobody has set"),
	REFUSED(stack_beyond, hint_fault, -EACCES, "invalid write to stack R10 off=-520",
		"a stack ends somewhere"),
	REFUSED(stack_of_two, hint_fault, -EACCES, "combined stack size of 2 calls",
		"also that of two functions"),
	REFUSED(no_return, hint_fault, -EACCES, "R0 !read_ok", "an op that answers has to answer"),
	REFUSED(no_exit, hint_fault, -EINVAL, "last insn is not an exit or jmp",
		"a program has an end"),
	REFUSED(recursion, hint_fault, -E2BIG, "the call stack of 9 frames is too deep",
		"a function that calls itself"),
	REFUSED(loop_unbounded, hint_fault, -EINVAL, "infinite loop detected", "a loop has to end"),
	REFUSED(loop_long, hint_fault, -ENOSPC, "BPF program is too large", "before long"),
	REFUSED(sleepable_fault, hint_fault, -EINVAL,
		"attach to unsupported member hint_fault of struct tier_ext_ops",
		"hint_fault may not sleep"),
	REFUSED(sleepable_scan, scan_vma, -EINVAL,
		"attach to unsupported member scan_vma of struct tier_ext_ops",
		"scan_vma may not sleep"),
	REFUSED(sleepable_reclaim, reclaim, -EINVAL,
		"attach to unsupported member reclaim of struct tier_ext_ops",
		"reclaim may not sleep"),
	REFUSED(sleepable_admit, admit, -EINVAL,
		"attach to unsupported member admit of struct tier_ext_ops", "admit may not sleep"),
	REFUSED(sleepable_migrated, migrated, -EINVAL,
		"attach to unsupported member migrated of struct tier_ext_ops",
		"migrated may not sleep"),
	REFUSED(sleepable_access, access, -EINVAL,
		"attach to unsupported member access of struct tier_ext_ops",
		"access may not sleep"),
	REFUSED(sleepable_dump, dump, -EINVAL,
		"attach to unsupported member dump of struct tier_ext_ops", "dump may not sleep"),
	REFUSED(helper_signal, hint_fault, -EINVAL,
		"program of this type cannot use helper bpf_send_signal",
		"a policy has no business with signals"),
	REFUSED(helper_write_user, hint_fault, -EINVAL,
		"program of this type cannot use helper bpf_probe_write_user",
		"nor with other people's memory"),
	REFUSED(helper_override, hint_fault, -EINVAL,
		"program of this type cannot use helper bpf_override_return",
		"nor with what the kernel returns"),
	REFUSED(helper_sleeps, hint_fault, -EINVAL,
		"program of this type cannot use helper bpf_copy_from_user",
		"what sleeps is not for hint_fault"),
	REFUSED(iter_leaked, tick, -EINVAL, "Unreleased reference id", "a walk has to be ended"),
	REFUSED(iter_leaked_lru, tick, -EINVAL, "Unreleased reference id", "also one of LRU lists"),
	REFUSED(iter_after_end, tick, -EINVAL, "expected an initialized iter_tierx_pfn",
		"a walk cannot go on when it has ended"),
	REFUSED(iter_ended_twice, tick, -EINVAL, "expected an initialized iter_tierx_pfn",
		"a walk ends once"),
	REFUSED(iter_begun_twice, tick, -EINVAL, "expected uninitialized iter_tierx_pfn",
		"a walk begins once"),
	REFUSED(iter_never_begun, tick, -EINVAL, "expected an initialized iter_tierx_pfn",
		"a walk has to begin"),
	REFUSED(iter_of_another_kind, tick, -EINVAL, "expected an initialized iter_tierx_lru",
		"a walk is of one kind"),
	REFUSED(iter_unchecked, tick, -EACCES, "invalid mem access",
		"a walk has an end, which has to be checked for"),
	REFUSED(iter_written, tick, -EACCES, "a tier_ext policy may not write to kernel memory",
		"what a walk finds is read-only"),
	REFUSED(iter_forged, tick, -EINVAL, "expected an initialized iter_tierx_pfn",
		"a walk's own memory is its own"),
	REFUSED(iter_atomic, tick, -EACCES,
		"program must be sleepable to call sleepable kfunc bpf_iter_tierx_pfn_new",
		"a tick that does not sleep may not walk"),
	REFUSED(arm_atomic, tick, -EACCES,
		"program must be sleepable to call sleepable kfunc tierx_bpf_range_arm", "nor arm"),
	REFUSED(dump_oversize, dump, -EINVAL,
		"arg#1 arg#2 memory, len pair leads to invalid memory access",
		"arguments of a dump have to be there"),
	REFUSED(dump_null, dump, -EACCES, "Possibly NULL pointer passed to trusted arg0",
		"a dump needs a format"),
	REFUSED(error_format_scalar, hint_fault, -EACCES, "R1 type=scalar expected=",
		"a number is no format"),
	REFUSED(error_size_negative, hint_fault, -EACCES,
		"arg#1 arg#2 memory, len pair leads to invalid memory access",
		"there are not that many arguments"),
	REFUSED(batch_unbounded, hint_fault, -EACCES,
		"arg#0 arg#1 memory, len pair leads to invalid memory access",
		"the size of a batch has to be checked"),
	REFUSED(batch_beyond, hint_fault, -EINVAL,
		"arg#0 arg#1 memory, len pair leads to invalid memory access",
		"a batch ends where its memory ends"),
	REFUSED(batch_kernel, hint_fault, -EINVAL,
		"expected pointer to STRUCT tier_ext_pfn but R1 has a pointer to STRUCT folio",
		"a folio is no batch"),
	FORBIDDEN(demote_target, promote, "tierx_bpf_folio_promote"),
	FORBIDDEN(admit, promote, "tierx_bpf_folio_promote"),
	FORBIDDEN(migrated, promote, "tierx_bpf_folio_promote"),
	FORBIDDEN(tick, promote, "tierx_bpf_folio_promote"),
	FORBIDDEN(scan_vma, promote, "tierx_bpf_folio_promote"),
	FORBIDDEN(init, pfn_migrate, "tierx_bpf_pfn_migrate"),
	FORBIDDEN(exit, pfn_migrate, "tierx_bpf_pfn_migrate"),
	FORBIDDEN(dump, pfn_migrate, "tierx_bpf_pfn_migrate"),
	FORBIDDEN(admit, pfn_migrate, "tierx_bpf_pfn_migrate"),
	FORBIDDEN(demote_target, pfn_migrate, "tierx_bpf_pfn_migrate"),
	FORBIDDEN(admit, pfn_reclaim, "tierx_bpf_pfn_reclaim"),
	FORBIDDEN(tick, folio_pfn, "tierx_bpf_folio_pfn"),
	FORBIDDEN(admit, folio_pfn, "tierx_bpf_folio_pfn"),
	FORBIDDEN(migrated, folio_pfn, "tierx_bpf_folio_pfn"),
	FORBIDDEN(dump, folio_pfn, "tierx_bpf_folio_pfn"),
	FORBIDDEN(hint_fault, walk, "bpf_iter_tierx_pfn_new"),
	FORBIDDEN(reclaim, walk, "bpf_iter_tierx_pfn_new"),
	FORBIDDEN(dump, walk, "bpf_iter_tierx_pfn_new"),
	FORBIDDEN(access, report, "tierx_bpf_access_report"),
	FORBIDDEN(hint_fault, report, "tierx_bpf_access_report"),
	FORBIDDEN(init, report, "tierx_bpf_access_report"),
	FORBIDDEN(fault_in, arm, "tierx_bpf_range_arm"),
	FORBIDDEN(exit, arm, "tierx_bpf_range_arm"),
	FORBIDDEN(tick, access_queue, "tierx_bpf_access_queue"),
	FORBIDDEN(hint_fault, access_queue, "tierx_bpf_access_queue"),
	FORBIDDEN(tick, shmem_scan, "tierx_bpf_shmem_scan"),
	FORBIDDEN(init, error, "tierx_bpf_error_bstr"),
	FORBIDDEN(exit, error, "tierx_bpf_error_bstr"),
	FORBIDDEN(dump, error, "tierx_bpf_error_bstr"),
	FORBIDDEN(init, exit, "tierx_bpf_exit_bstr"),
	FORBIDDEN(exit, exit, "tierx_bpf_exit_bstr"),
	FORBIDDEN(dump, exit, "tierx_bpf_exit_bstr"),
	FORBIDDEN(hint_fault, dump, "tierx_bpf_dump_bstr"),
	FORBIDDEN(tick, dump, "tierx_bpf_dump_bstr"),
	FORBIDDEN(exit, dump, "tierx_bpf_dump_bstr"),
	{ .name = "licence", .judge = refused, .error = -EINVAL, .says = "GPL compatible",
	  .about = "a policy has to be free software" },

	/* Refused when it is to be attached. */
	FIELD("flags_unknown", "flags", 2, -EINVAL, "an unknown flag"),
	FIELD("flags_all", "flags", ~0ULL, -EINVAL, "all flags at once"),
	FIELD("tick_too_often", "tick_ms", 9, -ERANGE, "a tick more often than every 10 ms"),
	FIELD("tick_too_seldom", "tick_ms", 60001, -ERANGE, "a tick less often than once a minute"),
	FIELD("tick_negative", "tick_ms", -1U, -ERANGE, "a tick every -1 ms"),
	FIELD("period_odd", "access_period", 3, -ERANGE, "a period that is no power of two"),
	FIELD("period_large", "access_period", 1 << 17, -ERANGE, "a period that is too long"),
	FIELD("dump_large", "exit_dump_len", (1 << 20) + 1, -E2BIG, "a dump that is too large"),
	FIELD("dump_negative", "exit_dump_len", -1U, -E2BIG, "a dump of -1 bytes"),
	FIELD("nice_low", "nice", -21, -ERANGE, "a nice value that is too low"),
	FIELD("nice_high", "nice", 20, -ERANGE, "a nice value that is too high"),
	NAME("name_empty", "", "no name"),
	NAME("name_unended", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	     "a name of 64 letters has no end"),
	NAME("name_space", "a b", "a name of two words"),
	NAME("name_path", "../abort", "a name that is a path"),
	NAME("name_newline", "a\nkind 0", "a name of two lines"),
	INIT("init_positive", 5, -EINVAL, "init answers with a number"),
	INIT("init_no_errno", -5000, -EINVAL, "init answers with what is no errno"),
	INIT("init_minimum", INT32_MIN, -EINVAL, "init answers with the smallest number"),
	INIT("init_refuses", -ENOTTY, -ENOTTY, "init refuses"),

	/* Ejected for what they answer. */
	VERDICT("hint_no_memory", hint_fault, FAULTS, 63, "a node without memory"),
	VERDICT("hint_no_node", hint_fault, FAULTS, INT32_MAX, "a node that cannot be"),
	VERDICT("hint_minimum", hint_fault, FAULTS, INT32_MIN, "the smallest number"),
	VERDICT("hint_unknown", hint_fault, FAULTS, -11, "a verdict that nobody knows"),
	VERDICT("hint_keep", hint_fault, FAULTS, TIERX_KEEP, "a verdict of another op"),
	VERDICT("hint_slow", hint_fault, FAULTS, SLOW, "promotion to where the folio is"),
	VERDICT("fault_in_no_node", fault_in, FILE_FAULTS, 1000, "a node that cannot be"),
	VERDICT("fault_in_unknown", fault_in, FILE_FAULTS, -99, "a verdict that nobody knows"),
	VERDICT("fault_in_skip", fault_in, FILE_FAULTS, TIERX_SKIP, "a verdict of another op"),
	VERDICT("scan_nothing", scan_vma, FAULTS, 0, "no pages at all"),
	VERDICT("scan_unknown", scan_vma, FAULTS, -99, "a verdict that nobody knows"),
	VERDICT("scan_minimum", scan_vma, FAULTS, INT32_MIN, "the smallest number"),
	VERDICT("reclaim_node", reclaim, RECLAIMS, SLOW, "a node is no verdict of reclaim"),
	VERDICT("reclaim_unknown", reclaim, RECLAIMS, -99, "a verdict that nobody knows"),
	VERDICT("reclaim_defer", reclaim, RECLAIMS, TIERX_DEFER, "a verdict of another op"),
	VERDICT("target_fast", demote_target, RECLAIMS, FAST, "demotion to where the folio is"),
	VERDICT("target_no_node", demote_target, RECLAIMS, 64, "a node that cannot be"),
	VERDICT("target_unknown", demote_target, RECLAIMS, -99, "a verdict that nobody knows"),
	{ .name = "admit_no_node", .program = "answer_admit", .op = "admit", .answer = 1000,
	  .other_program = "defer", .other_op = "hint_fault", .load = FAULTS, .judge = ejected,
	  .error = TIERX_EXIT_ERROR_VERDICT, .says = "from admit",
	  .about = "a node that cannot be" },
	{ .name = "admit_stay", .program = "answer_admit", .op = "admit", .answer = TIERX_STAY,
	  .other_program = "defer", .other_op = "hint_fault", .load = FAULTS, .judge = ejected,
	  .error = TIERX_EXIT_ERROR_VERDICT, .says = "-2 from admit",
	  .about = "a verdict of another op" },
	{ .name = "answer_pointer", .program = "answer_pointer", .op = "hint_fault",
	  .load = FAULTS, .judge = ejected, .error = TIERX_EXIT_ERROR_VERDICT,
	  .says = "from hint_fault", .about = "a pointer is no verdict" },
	{ .name = "answer_own_node", .program = "answer_own_node", .op = "hint_fault",
	  .load = FAULTS, .judge = ejected, .error = TIERX_EXIT_ERROR_VERDICT,
	  .says = "from hint_fault", .about = "promotion to where each folio is" },

	/* Ejected for what they say. */
	ERROR(hint_fault, FAULTS),
	ERROR(fault_in, FILE_FAULTS),
	ERROR(scan_vma, FAULTS),
	ERROR(access, FAULTS),
	ERROR(reclaim, RECLAIMS),
	ERROR(demote_target, RECLAIMS),
	{ .name = "error_admit", .program = "error_admit", .op = "admit",
	  .other_program = "defer", .other_op = "hint_fault", .load = FAULTS, .judge = ejected,
	  .error = TIERX_EXIT_ERROR_BPF, .says = "admit gives up",
	  .about = "admit raises an error" },
	{ .name = "error_migrated", .program = "error_migrated", .op = "migrated",
	  .other_program = "defer", .other_op = "hint_fault", .load = FAULTS, .judge = ejected,
	  .error = TIERX_EXIT_ERROR_BPF, .says = "migrated gives up",
	  .about = "migrated raises an error" },
	ERROR(tick, NO_LOAD),
	{ .name = "exit_tick", .program = "exit_tick", .op = "tick", .judge = ejected,
	  .error = TIERX_EXIT_UNREG_BPF, .says = "tick is done", .about = "tick ends the policy" },
	{ .name = "exit_hint_fault", .program = "exit_hint_fault", .op = "hint_fault",
	  .load = FAULTS, .judge = ejected, .error = TIERX_EXIT_UNREG_BPF,
	  .says = "hint_fault is done", .about = "hint_fault ends the policy" },
	{ .name = "end_often", .program = "end_often", .op = "tick", .judge = ejected,
	  .error = TIERX_EXIT_UNREG_BPF, .says = "the first",
	  .about = "of a thousand ends the first one counts" },
	FORMAT(format_unknown, "(bad format)", "a format with unknown letters"),
	FORMAT(format_alone, "(bad format)", "a format that ends too early"),
	FORMAT(format_missing, "(bad format)", "a format for more than there is"),
	FORMAT(format_binary, "(bad format)", "a format that is no text"),
	FORMAT(format_floating, "(bad format)", "a format for what the kernel does not have"),
	FORMAT(format_pointer, "||", "text that is nowhere"),
	FORMAT(format_wide, "", "a number of 99999 digits"),
	{ .name = "dump_flood", .program = "dump_flood", .op = "dump",
	  .other_program = "error_tick", .other_op = "tick", .judge = dumped,
	  .error = TIERX_EXIT_ERROR_BPF, .says = "tick gives up", .text = "line 0 of",
	  .about = "a dump of a hundred thousand lines is cut" },
	{ .name = "dump_bad", .program = "dump_bad", .op = "dump",
	  .other_program = "error_tick", .other_op = "tick", .judge = dumped,
	  .error = TIERX_EXIT_ERROR_BPF, .says = "tick gives up", .text = "(bad format)",
	  .about = "a dump with a bad format" },

	/* Contained. */
	CONTAINED(spin_hint_fault, hint_fault, FAULTS, "hint_fault", "thousands of steps a fault"),
	CONTAINED(spin_reclaim, reclaim, RECLAIMS, "reclaim", "thousands of steps per folio"),
	CONTAINED(spin_tick, tick, NO_LOAD, "tick", "a million steps per tick"),
	CONTAINED(wild_reads, hint_fault, FAULTS, "hint_fault", "reads of what is no pointer"),
	CONTAINED(walk_within_walk, tick, NO_LOAD, "tick", "walks within a walk"),
	CONTAINED(page_after_walk, tick, NO_LOAD, "tick", "a look at what a walk has left behind"),
	{ .name = "flood", .program = "flood", .op = "tick", .judge = contained,
	  .says = "queue_dropped", .call = { .args = { MEM_PFN, 0, FAST } },
	  .about = "more moves than a queue holds" },
	{ .name = "sweep", .program = "sweep", .op = "tick", .judge = contained,
	  .says = "refused_gone", .call = { .args = { MAX_PFN } }, .load = FAULTS,
	  .about = "moves of whatever there is, to anywhere" },
	{ .name = "promote_and_demote", .program = "promote_and_demote", .op = "access",
	  .other_program = "answer_hint_fault", .other_op = "hint_fault", .answer = TIERX_STAY,
	  .load = FAULTS, .judge = contained, .says = "refused_target",
	  .about = "moves into both directions" },
	{ .name = "admit_back", .program = "admit_back", .op = "admit", .load = FAULTS,
	  .other_program = "defer", .other_op = "hint_fault", .judge = contained,
	  .says = "refused_target", .about = "moves to where the folio is" },
	{ .name = "admit_nothing", .program = "answer_admit", .op = "admit", .answer = TIERX_DENY,
	  .other_program = "defer", .other_op = "hint_fault", .load = FAULTS, .judge = contained,
	  .says = "refused_admit", .about = "moves that the policy itself denies" },
	{ .name = "spin_exit", .program = "spin_exit", .op = "exit", .judge = ends,
	  .about = "exit takes a million steps" },
	{ .name = "walk_exit", .program = "walk_exit", .op = "exit", .judge = ends,
	  .about = "exit walks over all memory" },
	{ .name = "nothing", .judge = ends, .about = "no op at all" },

	/* Foreign folios. */
	FOREIGN("foreign_slab", 1 << KPF_SLAB, CALL_PFN_MIGRATE, SLOW, "refused_gone", "a slab"),
	FOREIGN("slab_like_anon", 1 << KPF_SLAB | 1 << KPF_ANON, CALL_PFN_MIGRATE, SLOW,
		"refused_gone", "a slab that looks like an anonymous page"),
	FOREIGN("foreign_pgtable", 1 << KPF_PGTABLE, CALL_PFN_MIGRATE, SLOW, "refused_gone",
		"a page table"),
	FOREIGN("foreign_hugetlb", 0, CALL_PFN_MIGRATE, SLOW, "refused_hugetlb",
		"a hugetlb page"),
	FOREIGN("reclaim_slab", 1 << KPF_SLAB, CALL_PFN_RECLAIM, 0, "refused_gone",
		"a slab that is to be reclaimed"),
	FOREIGN("reclaim_pgtable", 1 << KPF_PGTABLE, CALL_PFN_RECLAIM, 0, "refused_gone",
		"a page table that is to be reclaimed"),
	FOREIGN("reclaim_hugetlb", 0, CALL_PFN_RECLAIM, 0, "refused_hugetlb",
		"a hugetlb page that is to be reclaimed"),

	/* Answered by kfuncs. */
	FOLIO_CALL("promote_no_memory", CALL_PROMOTE, -EINVAL, "a node without memory", 63),
	FOLIO_CALL("promote_no_node", CALL_PROMOTE, -EINVAL, "a node that cannot be", 1 << 30),
	FOLIO_CALL("promote_negative", CALL_PROMOTE, -EINVAL, "a negative node", -2),
	FOLIO_CALL("promote_slow", CALL_PROMOTE, -EXDEV, "promotion to where it is", SLOW),
	FOLIO_CALL("promote_flags", CALL_PROMOTE, -EINVAL, "an unknown flag", FAST, 1ULL << 63),
	FOLIO_CALL("demote_fast", CALL_DEMOTE, -EXDEV, "demotion to a faster node", FAST),
	FOLIO_CALL("demote_negative", CALL_DEMOTE, -EINVAL, "a negative node", INT32_MIN),
	FOLIO_CALL("reclaim_flags", CALL_RECLAIM, -EINVAL, "an unknown flag", 1),
	TICK_CALL("pfn_beyond", CALL_PFN_MIGRATE, -EINVAL, "refused_device", "beyond all memory",
		  FAR_PFN, 0, FAST),
	TICK_CALL("pfn_minus_one", CALL_PFN_MIGRATE, -EINVAL, "refused_device", "PFN -1",
		  -1, 0, FAST),
	TICK_CALL("pfn_sign", CALL_PFN_MIGRATE, -EINVAL, "refused_device", "PFN 2^63",
		  1ULL << 63, 0, FAST),
	TICK_CALL("pfn_negative_node", CALL_PFN_MIGRATE, -EINVAL, NULL, "a negative node",
		  MEM_PFN, 0, -2),
	TICK_CALL("pfn_no_node", CALL_PFN_MIGRATE, -EINVAL, NULL, "a node that cannot be",
		  MEM_PFN, 0, 1 << 20),
	TICK_CALL("pfn_flags", CALL_PFN_MIGRATE, -EINVAL, NULL, "an unknown flag",
		  MEM_PFN, 0, FAST, 1),
	TICK_CALL("pfn_reclaim_beyond", CALL_PFN_RECLAIM, -EINVAL, "refused_device",
		  "reclaim beyond all memory", FAR_PFN),
	TICK_CALL("batch_ragged", CALL_BATCH, -EINVAL, NULL, "a batch of one and a half", 24, FAST),
	TICK_CALL("batch_too_large", CALL_BATCH, -E2BIG, NULL, "a batch of 513", 513 * 16, FAST),
	TICK_CALL("batch_empty", CALL_BATCH, 0, NULL, "a batch of nothing", 0, FAST),
	TICK_CALL("batch_node", CALL_BATCH, -EINVAL, NULL, "a batch to nowhere", 16, -3),
	TICK_CALL("batch_flags", CALL_BATCH, -EINVAL, NULL, "an unknown flag", 16, FAST, 2),
	TICK_CALL("stat_item", CALL_NODE_STAT, -EINVAL, NULL, "an unknown item", FAST, 9999),
	TICK_CALL("stat_node", CALL_NODE_STAT, -EINVAL, NULL, "a negative node", -1, 0),
	TICK_CALL("distance_node", CALL_DISTANCE, -EINVAL, NULL, "nodes that cannot be",
		  -1, 1 << 30),
	TICK_CALL("promotion_target", CALL_PROMOTION_TARGET, -EINVAL, NULL, "no such node",
		  1000, -1, 0),
	TICK_CALL("promotion_cpu", CALL_PROMOTION_TARGET, -EINVAL, NULL, "no such CPU's node",
		  SLOW, 1000, 0),
	TICK_CALL("demotion_target", CALL_DEMOTION_TARGET, -EINVAL, NULL, "a negative node", -1, 0),
	TICK_CALL("demotion_flags", CALL_DEMOTION_TARGET, -EINVAL, NULL, "an unknown flag",
		  FAST, 1),
	TICK_CALL("nid_beyond", CALL_PFN_NID, -EINVAL, NULL, "a PFN beyond all memory", FAR_PFN),
	{ .name = "report_beyond", .program = "call_tick", .op = "tick", .judge = answered,
	  .other_program = "access_nothing", .other_op = "access", .error = -EINVAL,
	  .call = { .what = CALL_REPORT, .args = { FAR_PFN, -1, 1 } },
	  .about = "an access beyond all memory" },
	TICK_CALL("report_nobody", CALL_REPORT, -ENODEV, NULL, "an access that nobody asks about",
		  MEM_PFN, -1, 1),
	TICK_CALL("report_node", CALL_REPORT, -EINVAL, NULL, "an access from no node",
		  MEM_PFN, 1000, 1),
	TICK_CALL("arm_unaligned", CALL_ARM, -EINVAL, NULL, "half a page to arm", 1, 1, 4096),
	TICK_CALL("arm_wrapped", CALL_ARM, -EINVAL, NULL, "a range that wraps around",
		  1, -4096ULL, 8192),
	TICK_CALL("arm_nothing", CALL_ARM, -EINVAL, NULL, "nothing to arm", 1, 4096, 0),
	TICK_CALL("walk_backwards", CALL_WALK_PFN, 0, NULL, "a walk that ends before it begins",
		  4096, 1),
	TICK_CALL("walk_beyond", CALL_WALK_PFN, 0, NULL, "a walk beyond all memory", FAR_PFN, -1),
	TICK_CALL("walk_flags", CALL_WALK_PFN, -EINVAL, NULL, "an unknown flag", 0, -1, 1 << 5),
	TICK_CALL("clear_backwards", CALL_CLEAR, 0, NULL, "a range that ends before it begins",
		  4096, 1),
	TICK_CALL("clear_beyond", CALL_CLEAR, 0, NULL, "a range beyond all memory", FAR_PFN, -1),
	TICK_CALL("clear_flags", CALL_CLEAR, -EINVAL, NULL, "an unknown flag", 0, -1, 1),
	TICK_CALL("walk_lru_node", CALL_WALK_LRU, -EINVAL, NULL, "a negative node", -1),
	TICK_CALL("walk_lru_flags", CALL_WALK_LRU, -EINVAL, NULL, "an unknown flag",
		  FAST, 0, 1ULL << 40),
	TICK_CALL("walk_lru_cgroup", CALL_WALK_LRU, -ENOENT, NULL, "a cgroup that cannot be",
		  FAST, -1),
};

/* clang-format on */

#endif /* F_MUTANTS_TABLE_H */
