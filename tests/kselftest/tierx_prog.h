/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of an object that are not ops: syscall and tracing programs. */
#ifndef TIERX_PROG_H
#define TIERX_PROG_H

#include "tierx_test.h"

/* Load, and say what the verifier had against it. Asserts. */
void tierx_must_load(struct tierx_policy *policy);
/* Run a syscall program of a loaded object; what it returned. Asserts that it ran. */
int tierx_run(struct tierx_policy *policy, const char *program);
/* Attach a tracing program until the case ends. Asserts. */
void tierx_trace(struct tierx_policy *policy, const char *program);

/*
 * A huge page on @node inside of memory that is twice as large: index of its first
 * small page. Skips the case if there is none to be had.
 */
size_t tierx_huge_alloc(struct tierx_mem **mem, int node);
#define TIERX_HUGE ((size_t)512)

#endif /* TIERX_PROG_H */
