/* SPDX-License-Identifier: GPL-2.0-only */
/* The running kernel: does it have tier_ext, may we use it, and what does it say? */
#ifndef TIERX_KERNEL_H
#define TIERX_KERNEL_H

#include <bpf/btf.h>
#include <json-c/json.h>

#include "place.h"

#define KERNEL_DIR "/sys/kernel/mm/tier_ext"
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* Of &enum tier_ext_exit_kind: by the policy itself; with its cgroup; the first of the errors. */
#define KERNEL_EXIT_BPF	   66
#define KERNEL_EXIT_CGROUP 69
#define KERNEL_EXIT_ERROR  1024

/** kernel__btf() - BTF of the kernel, read once; NULL and errno if it has none */
struct btf *kernel__btf(void);

/** kernel__require() - does the kernel have tier_ext, and may we use it? returns a status */
int kernel__require(void);

/** kernel__missing_capabilities() - names of those that BPF needs and we lack; "" if none */
const char *kernel__missing_capabilities(void);

/** kernel__policy() - name of its policy, to be freed; "" if it has none, NULL on an error */
char *kernel__policy(const struct place *place);

/** kernel__has_policy() - does the place have a policy, as far as the kernel tells? */
bool kernel__has_policy(const struct place *place);

/** kernel__knows() - has it a policy, or had it one that was ejected? */
bool kernel__knows(const struct place *place);

/**
 * kernel__cgroups() - the cgroups that have a policy, or had one that was ejected
 * @ids: their ids, to be freed
 *
 * Return: how many there are, or -ENOMEM.
 */
int kernel__cgroups(__u64 **ids);

/** kernel__removed_cgroup() - id, if the last policy that ended did so with its cgroup; else 0 */
__u64 kernel__removed_cgroup(void);

/** kernel__counter() - a number in KERNEL_DIR, such as switch_seq; 0 if it cannot be read */
__u64 kernel__counter(const char *name);

/**
 * struct kernel_pair - a line of a file that has one NAME VALUE per line
 * @name: up to the first space
 * @value: the rest
 */
struct kernel_pair {
	char *name;
	char *value;
};

/**
 * struct kernel_pairs - such a file, to be released by kernel_pairs__clear()
 * @text: storage of the strings
 * @pairs: the lines
 * @nr: number of @pairs
 */
struct kernel_pairs {
	char *text;
	struct kernel_pair *pairs;
	int nr;
};

/** kernel_pairs__read() - read a file, relative to KERNEL_DIR; returns 0 or -errno */
int kernel_pairs__read(struct kernel_pairs *pairs, const char *name);

/** kernel_pairs__value() - value of a name, NULL if there is no such line */
const char *kernel_pairs__value(const struct kernel_pairs *pairs, const char *name);

/** kernel_pairs__clear() - release it */
void kernel_pairs__clear(struct kernel_pairs *pairs);

/**
 * struct kernel_exit - why the last policy of a place ended
 * @pairs: the lines of last_exit
 * @kind: &enum tier_ext_exit_kind, 0 if no policy has ended yet
 * @code: what the policy or the kernel gave as reason
 * @dump: the dump, may be empty
 */
struct kernel_exit {
	struct kernel_pairs pairs;
	__u64 kind;
	__s64 code;
	char *dump;
};

/** kernel_exit__read() - read it; to be released by kernel_exit__clear() */
void kernel_exit__read(struct kernel_exit *exit, const struct place *place);

/** kernel_exit__print() - the EXIT line and the dump, on stderr */
void kernel_exit__print(const struct kernel_exit *exit);

/** kernel_exit__json() - the same for programs; NULL if no policy has ended */
struct json_object *kernel_exit__json(const struct kernel_exit *exit);

/** kernel_exit__clear() - release it */
void kernel_exit__clear(struct kernel_exit *exit);

#endif /* TIERX_KERNEL_H */
