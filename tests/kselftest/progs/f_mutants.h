/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of which a test puts one or two into the ops; only those are loaded.
 */
#ifndef F_MUTANTS_H
#define F_MUTANTS_H

/* Arguments of the ops. */
#define FAULT	 struct folio *folio, struct vm_area_struct *vma, struct tier_ext_fault *fault
#define SCAN	 struct vm_area_struct *vma, struct tier_ext_scan *scan
#define ACCESS	 struct folio *folio, struct tier_ext_access *access
#define RECLAIM	 struct folio *folio, struct tier_ext_reclaim *reclaim
#define REQUEST	 struct tier_ext_request *request
#define MIGRATED struct tier_ext_request *request, struct tier_ext_result *result
#define TICK	 s32 nid, struct tier_ext_node_stat *stat
#define INIT	 struct tier_ext_init_args *args
#define EXIT	 struct tier_ext_exit_info *info
#define DUMP	 struct tier_ext_dump_ctx *dump

#endif /* F_MUTANTS_H */
