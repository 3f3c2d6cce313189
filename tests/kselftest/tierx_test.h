/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Harness of the tier_ext selftests.
 *
 * One program is several test cases in a table; its output is KTAP. A case ends
 * at its first failed ASSERT, and however it ends, everything that the helpers
 * have set up for it is undone: policies detached, links closed, settings put
 * back, memory unmapped, threads joined, children killed. A helper that says
 * "asserts" ends the case itself when it fails.
 *
 *	static void attach(void)
 *	{
 *		struct tierx_policy *policy = tierx_open("probe");
 *
 *		ASSERT_EQ(tierx_load(policy), 0);
 *		ASSERT_EQ(tierx_attach(policy), 0);
 *		ASSERT(tierx_enabled());
 *	}
 *
 *	static const struct tierx_test tests[] = {
 *		TIERX_TEST(attach, "a policy can be attached"),
 *	};
 *
 *	TIERX_TEST_MAIN(tests, tierx_unmet)
 *
 * Arguments of the program are names of cases, without any all are run. It ends
 * with 0 if none failed, 1 if one did, 4 if all were skipped.
 */
#ifndef TIERX_TEST_H
#define TIERX_TEST_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define TIERX_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ------------------------------------------------------------- cases (tierx_test.c) */

struct tierx_test {
	const char *name;
	const char *about;
	void (*run)(void);
};

#define TIERX_TEST(function, what) { #function, what, function }

/* @unmet: why nothing here can be tested, or NULL if it can. May be NULL itself. */
int tierx_main(int argc, char **argv, const struct tierx_test *tests, size_t nr_tests,
	       const char *(*unmet)(void));

#define TIERX_TEST_MAIN(tests, unmet)                                                              \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return tierx_main(argc, argv, tests, TIERX_ARRAY_SIZE(tests), unmet);              \
	}

/* Name of the case that runs, for functions that run several. */
const char *tierx_case(void);

/* The usual answer: not root, or no tier_ext in this kernel. */
const char *tierx_unmet(void);

/* Only from the thread that runs the case, or from a child, which they end. */
__attribute__((noreturn, format(printf, 3, 4))) void tierx_fail(const char *file, int line,
								const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2))) void tierx_skip(const char *fmt, ...);

/* A line of the report, from any thread. */
__attribute__((format(printf, 1, 2))) void tierx_note(const char *fmt, ...);

/* Undo something when the case ends; the last one registered is called first. */
void tierx_defer(void (*function)(void *arg), void *arg);

/* Directory of the running program, where progs/ is. */
const char *tierx_dir(void);

#define FAIL(fmt, args...) tierx_fail(__FILE__, __LINE__, fmt, ##args)
#define SKIP(fmt, args...) tierx_skip(fmt, ##args)

#define ASSERT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			FAIL("%s", #condition);                                                    \
	} while (0)

#define TIERX_ASSERT_OP(a, op, b)                                                                  \
	do {                                                                                       \
		long long __a = (a), __b = (b);                                                    \
		if (!(__a op __b))                                                                 \
			FAIL("%s %s %s: %lld and %lld", #a, #op, #b, __a, __b);                    \
	} while (0)

#define ASSERT_EQ(a, b) TIERX_ASSERT_OP(a, ==, b)
#define ASSERT_NE(a, b) TIERX_ASSERT_OP(a, !=, b)
#define ASSERT_LT(a, b) TIERX_ASSERT_OP(a, <, b)
#define ASSERT_LE(a, b) TIERX_ASSERT_OP(a, <=, b)
#define ASSERT_GT(a, b) TIERX_ASSERT_OP(a, >, b)
#define ASSERT_GE(a, b) TIERX_ASSERT_OP(a, >=, b)

#define ASSERT_STREQ(a, b)                                                                         \
	do {                                                                                       \
		const char *__a = (a), *__b = (b);                                                 \
		if (strcmp(__a, __b))                                                              \
			FAIL("%s is '%s', not '%s'", #a, __a, __b);                                \
	} while (0)

#define ASSERT_HAS(text, part)                                                                     \
	do {                                                                                       \
		const char *__text = (text), *__part = (part);                                     \
		if (!strstr(__text, __part))                                                       \
			FAIL("%s has no '%s': %s", #text, __part, __text);                         \
	} while (0)

/* -------------------------------------------------- kernel and settings (tierx_sys.c) */

uint64_t tierx_now_ms(void);
void tierx_sleep_ms(unsigned int ms);
/* Thread @tid, or the calling one if 0, runs on no other CPU than this. */
void tierx_stay_on(pid_t tid, int cpu);
/* A number from the environment; @otherwise if it is not there. */
unsigned int tierx_env(const char *name, unsigned int otherwise);
/* So many times slower than an ordinary kernel is this one; said by TIERX_SLOWER. */
unsigned int tierx_slower(void);

/*
 * Evaluate @condition until it is true; false if it still is not after @ms, or as many times that
 * as this kernel is slower than an ordinary one.
 */
#define TIERX_WAIT(condition, ms)                                                                  \
	({                                                                                         \
		uint64_t __end = tierx_now_ms() + (ms) * tierx_slower();                           \
		bool __true;                                                                       \
		while (!(__true = (condition)) && tierx_now_ms() < __end)                          \
			tierx_sleep_ms(10);                                                        \
		__true;                                                                            \
	})

#define ASSERT_WAIT(condition, ms)                                                                 \
	do {                                                                                       \
		if (!TIERX_WAIT(condition, ms))                                                    \
			FAIL("%s, not within %d ms", #condition, (int)(ms));                       \
	} while (0)

/* Read a file without its last newline. Length, or a negative errno. */
ssize_t tierx_read(const char *path, char *buf, size_t size);
/* 0 or a negative errno. */
int tierx_write(const char *path, const char *text);
/* Write a setting; it is put back when the case ends. Skips the case if it is not there. */
void tierx_set(const char *path, const char *value);

/* Files of /sys/kernel/mm/tier_ext. These assert. */
const char *tierx_sys(const char *name);
uint64_t tierx_sys_nr(const char *name);
bool tierx_enabled(void);
/* A line of last_exit by its first word: kind, code, reason, policy, msg. */
const char *tierx_last_exit(const char *key);
/* An event counter of root/events, or of the policy of a cgroup. */
uint64_t tierx_event(const char *name);
uint64_t tierx_cgroup_event(const char *cgroup, const char *name);
/* A file of the policy of a cgroup. Asserts. */
const char *tierx_cgroup_sys(const char *cgroup, const char *name);

/* One more than the highest PFN of the machine. Asserts. */
uint64_t tierx_max_pfn(void);

/* A counter of /proc/vmstat, or of a node's vmstat or numastat. These assert. */
uint64_t tierx_vmstat(const char *name);
uint64_t tierx_node_vmstat(int node, const char *name);

/* Tiers. tierx_unmet_tiers() is for suites that need two of them. */
int tierx_nr_nodes(void);
int tierx_fast_node(void);
int tierx_slow_node(void);
const char *tierx_unmet_tiers(void);

/* Demotion in reclaim on or off. */
void tierx_set_demotion(bool on);
/* Tiering mode of NUMA balancing, with scans as quick as they get. */
void tierx_set_tiering(void);
/* ...and every page hot that is touched. */
void tierx_set_all_hot(void);

/* A new cgroup below the root, with this process in it until the case ends. */
const char *tierx_cgroup_enter(const char *name);
/* A new cgroup, possibly below one that was made before; and a process into one. */
const char *tierx_cgroup_make(const char *name);
void tierx_cgroup_move(const char *path, pid_t pid);
uint64_t tierx_cgroup_id(const char *path);
/* Ask the kernel to reclaim from a cgroup. 0, or -EAGAIN if it was less. */
int tierx_cgroup_reclaim(const char *path, size_t bytes);

/* ----------------------------------------------------------- policies (tierx_policy.c) */

struct bpf_map;
struct bpf_object;
struct tierx_policy;

/* Open progs/@object.bpf.o. Asserts. */
struct tierx_policy *tierx_open(const char *object);
/* Open a policy of the project's own; skips the case if these are not beside the tests. */
struct tierx_policy *tierx_open_shipped(const char *name);
struct bpf_object *tierx_object(struct tierx_policy *policy);
struct bpf_map *tierx_ops_map(struct tierx_policy *policy);

/* A field of the ops, before the policy is loaded. An op can be set to NULL. Asserts. */
void *tierx_field(struct tierx_policy *policy, const char *name);
void tierx_field_set(struct tierx_policy *policy, const char *name, uint64_t value);
void tierx_rename(struct tierx_policy *policy, const char *name);

/* Make a map of TIERX_PFN_STATE() as large as the machine's memory, before the load. Asserts. */
void tierx_size_by_pfn(struct tierx_policy *policy, const char *map);
/* Run a program that is a system call, with @size bytes of arguments; what it returned. Asserts. */
int tierx_call(struct tierx_policy *policy, const char *program, void *args, size_t size);

/* A counter of a policy that is loaded. Asserts. */
uint64_t tierx_counter(struct tierx_policy *policy, const char *name);

/* A global variable of the programs; live once the policy is loaded. Asserts. */
void *tierx_global(struct tierx_policy *policy, const char *name);

/* 0 or a negative errno. tierx_log() is what verifier and libbpf had to say about it. */
int tierx_load(struct tierx_policy *policy);
const char *tierx_log(struct tierx_policy *policy);
int tierx_attach(struct tierx_policy *policy);
/* Load and attach. Asserts. */
void tierx_start(struct tierx_policy *policy);
/* Put @policy in the place of @old, whose link goes over to it if that works. */
int tierx_swap(struct tierx_policy *old, struct tierx_policy *policy);
int tierx_link_fd(struct tierx_policy *policy);
int tierx_pin(struct tierx_policy *policy, const char *path);
/* Close the link; the policy ends unless the link is pinned. */
void tierx_detach(struct tierx_policy *policy);
/* Before the case ends: detach, and close the object. Other calls must not follow. */
void tierx_policy_close(struct tierx_policy *policy);

/* --------------------------------------------------------------- memory (tierx_mem.c) */

#define TIERX_PAGE ((size_t)4096)

struct tierx_mem {
	unsigned char *addr;
	size_t pages;
};

/*
 * Anonymous memory of @pages small pages, all on @node, with no memory policy left
 * that would keep them there. Asserts.
 */
struct tierx_mem *tierx_mem_alloc(size_t pages, int node);
void tierx_mem_free(struct tierx_mem *mem);

/* Memory that is shared with who is forked, of a file or with @fd -1 of nothing. Asserts. */
void *tierx_map_shared(size_t size, int fd);

/* Node of one page, negative errno if it is nowhere; how many are on a node. */
int tierx_mem_node(struct tierx_mem *mem, size_t page);
size_t tierx_mem_count(struct tierx_mem *mem, int node);
uint64_t tierx_mem_pfn(struct tierx_mem *mem, size_t page);
/* Ask for a move with move_pages(2); returns how many pages are on @node then. */
size_t tierx_mem_move(struct tierx_mem *mem, int node);

/* Contents that depend on page and seed; how many pages differ from it. */
void tierx_mem_fill(struct tierx_mem *mem, uint64_t seed);
size_t tierx_mem_verify(struct tierx_mem *mem, uint64_t seed);

/* Touch every page, once. */
void tierx_mem_touch(struct tierx_mem *mem, bool write);

/* A thread that touches all pages over and over, until the case ends or it is stopped. */
struct tierx_toucher;
struct tierx_toucher *tierx_touch_start(struct tierx_mem *mem, int cpu, bool write);
/* From now on it waits for so long after each round. */
void tierx_touch_pause(struct tierx_toucher *toucher, unsigned int ms);
/* From now on it touches pages at random, each about once in so long. */
void tierx_touch_evenly(struct tierx_toucher *toucher, unsigned int ms);
void tierx_touch_stop(struct tierx_toucher *toucher);
uint64_t tierx_touch_rounds(struct tierx_toucher *toucher);

/*
 * @pages on the slow node under NUMA balancing's tiering mode, and @threads that touch
 * them: hint faults without end.
 */
struct tierx_storm {
	struct tierx_mem *mem;
	struct tierx_toucher *touchers[8];
	int threads;
};

struct tierx_storm *tierx_storm_start(size_t pages, int threads);
void tierx_storm_stop(struct tierx_storm *storm);

/* A child that runs @function and exits with what it returns; killed when the case ends. */
pid_t tierx_fork(int (*function)(void *arg), void *arg);
/* Its exit status, or 128 + signal. Asserts that it ends within @ms. */
int tierx_wait_child(pid_t pid, unsigned int ms);

#endif /* TIERX_TEST_H */
