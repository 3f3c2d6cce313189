/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of f_running.bpf.c do, as far as the test says it.
 */
#ifndef F_RUNNING_H
#define F_RUNNING_H

/* The kfunc that tick or hint_fault calls. */
enum mutant_what {
	CALL_NOTHING,
	CALL_PROMOTE,
	CALL_DEMOTE,
	CALL_RECLAIM,
	CALL_PFN_MIGRATE,
	CALL_PFN_RECLAIM,
	CALL_BATCH,
	CALL_NODE_STAT,
	CALL_DISTANCE,
	CALL_PROMOTION_TARGET,
	CALL_DEMOTION_TARGET,
	CALL_PFN_NID,
	CALL_REPORT,
	CALL_ARM,
	CALL_WALK_PFN,
	CALL_WALK_LRU,
	CALL_CLEAR,
};

/* Every argument, in the order of the kfunc's, and what it returned. */
struct mutant_call {
	u64 args[4];
	s64 result;
	u32 what;
	u32 done;
};

#define MUTANT_BATCH_BYTES 16384

#endif /* F_RUNNING_H */
