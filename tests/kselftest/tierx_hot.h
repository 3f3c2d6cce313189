/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of policies that look for hot memory: some that is touched, and a policy to find it. */
#ifndef TIERX_HOT_H
#define TIERX_HOT_H

#include "tierx_test.h"

/*
 * Pages that are hot. All of them are armed for hint faults at once: the last one looks idle for as
 * long as all the faults take, which is seconds in a kernel full of checks.
 */
#define TIERX_HOT_PAGES (8192 / tierx_slower())
/* What is free on the fast node: more than the watermarks, but room has to be made. */
#define TIERX_HOT_FREE (4096 + TIERX_HOT_PAGES / 4)
/* On which CPU memory is touched. */
#define TIERX_HOT_CPU 0

/*
 * An emulated CPU does not set accessed bits again of what its TLB has, and unlike a real one
 * forgets nothing on its own: have it forget. To be called before there is memory to be shared.
 */
void tierx_hot_forget(void);

/* Fill the fast node, but for what is to be free there. */
struct tierx_mem *tierx_hot_fill(void);

/*
 * Start a shipped policy, with the settings that it needs: the kernel's own promotion is not to do
 * its work.
 */
struct tierx_policy *tierx_hot_start(const char *name);

/* How much of it is on the fast node. */
size_t tierx_hot_percent(struct tierx_mem *mem);

#endif /* TIERX_HOT_H */
