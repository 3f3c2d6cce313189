/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests that are hostile to the kernel report, and how they see that it did no harm. */
#ifndef TIERX_HOSTILE_H
#define TIERX_HOSTILE_H

#include "tierx_test.h"

/* A number for the table of 'make test-debug', which adds up those of one name. */
void tierx_tell(const char *name, uint64_t number);

/* What the policy of the machine, or of any cgroup, ended with; as a line of that table. */
struct tierx_ends {
	uint64_t unreg[16];
	uint64_t error[16];
};

/* Count what the policy of the machine has ended with. Asserts. */
void tierx_ends_add(struct tierx_ends *ends);
void tierx_ends_tell(const struct tierx_ends *ends);

/* KiB that are free when all that can be dropped is dropped. */
uint64_t tierx_free_kib(void);
/* Assert that about as much as before is free again, and nothing is isolated or hangs. */
void tierx_expect_calm(uint64_t before_kib);
/* Visit the migration threads that are there, unless @visit is NULL; how many they are. Asserts. */
size_t tierx_threads(void (*visit)(const char *pid));
/* Assert that no policy is attached, and nothing is left of one. */
void tierx_expect_no_policy(void);

/*
 * Assert that the kernel log has nothing in it that is a bug, and @wanted, unless that is NULL;
 * and clear it, so that what was provoked is not taken for a bug later.
 */
void tierx_log_clear(const char *wanted);

#endif /* TIERX_HOSTILE_H */
