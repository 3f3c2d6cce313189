// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of an object that are not ops, and huge pages to try them on.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include "tierx_prog.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

void tierx_must_load(struct tierx_policy *policy)
{
	size_t len;

	if (!tierx_load(policy))
		return;
	/* The reason is at the end. */
	len = strlen(tierx_log(policy));
	FAIL("load: %s", tierx_log(policy) + (len > 1500 ? len - 1500 : 0));
}

static struct bpf_program *find_program(struct tierx_policy *policy, const char *name)
{
	struct bpf_program *program;

	program = bpf_object__find_program_by_name(tierx_object(policy), name);
	if (!program)
		FAIL("no program %s", name);
	return program;
}

int tierx_run(struct tierx_policy *policy, const char *name)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	err = bpf_prog_test_run_opts(bpf_program__fd(find_program(policy, name)), &opts);
	if (err)
		FAIL("run %s: %s", name, strerror(-err));
	return opts.retval;
}

static void link_free(void *arg)
{
	bpf_link__destroy(arg);
}

void tierx_trace(struct tierx_policy *policy, const char *name)
{
	struct bpf_link *link = bpf_program__attach(find_program(policy, name));

	if (!link)
		FAIL("attach %s: %s", name, strerror(errno));
	tierx_defer(link_free, link);
}

size_t tierx_huge_alloc(struct tierx_mem **memp, int node)
{
	struct tierx_mem *mem = tierx_mem_alloc(2 * TIERX_HUGE, node);
	size_t first = -((uintptr_t)mem->addr / TIERX_PAGE) % TIERX_HUGE;
	unsigned char *addr = mem->addr + first * TIERX_PAGE;

	*memp = mem;
	if (madvise(addr, TIERX_HUGE * TIERX_PAGE, MADV_HUGEPAGE) ||
	    madvise(addr, TIERX_HUGE * TIERX_PAGE, MADV_COLLAPSE))
		SKIP("no huge page to be had: %s", strerror(errno));
	return first;
}
