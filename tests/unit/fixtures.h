/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies of the folder fixtures, which is beside the test program. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "policy.h"

#define FIXTURE_PATH_LEN (PATH_MAX + 64)

static inline void fixture__path(char path[FIXTURE_PATH_LEN], const char *file)
{
	char program[PATH_MAX] = "";

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		*program = '\0';
	snprintf(path, FIXTURE_PATH_LEN, "%.4000s/fixtures/%.100s", dirname(program), file);
}

static inline int fixture__open(struct policy *policy, const char *name)
{
	char path[FIXTURE_PATH_LEN], file[128];

	snprintf(file, sizeof(file), "%.100s.bpf.o", name);
	fixture__path(path, file);
	return policy__open(policy, path);
}

#endif /* FIXTURES_H */
