/* SPDX-License-Identifier: GPL-2.0-only */
/* The struct tier_ext_ops of a policy as the kernel holds and shows it. */
#ifndef TIERX_OPS_H
#define TIERX_OPS_H

#include <stdbool.h>
#include <linux/types.h>

/**
 * struct ops - a copy, to be released by ops__clear()
 * @value: the value of the struct_ops map
 * @data: where in it the ops are
 */
struct ops {
	void *value;
	const void *data;
};

/** ops__value_type() - BTF id in the kernel of what such a map holds; negative if there is none */
int ops__value_type(void);

/** ops__read() - read it from its map; returns 0 or -errno */
int ops__read(struct ops *ops, int map_fd);

/** ops__clear() - release it */
void ops__clear(struct ops *ops);

/** ops__name() - name of the policy; not terminated if it is as long as the field */
const char *ops__name(const struct ops *ops);

/** ops__cgroup_id() - cgroup that it governs; 0 for the machine */
__u64 ops__cgroup_id(const struct ops *ops);

/** ops__has() - is there a program for this op? @ops: struct ops */
bool ops__has(const void *ops, const char *op);

/**
 * ops__for_each_program() - visit the programs
 * @ops: the ops
 * @visit: called with the id of a program, until it returns something else than 0
 * @arg: passed to @visit
 *
 * Return: what the last call returned.
 */
int ops__for_each_program(const struct ops *ops, int (*visit)(__u32 id, void *arg), void *arg);

/** ops__since() - when its programs were loaded, in seconds since 1970; 0 if that is unknown */
__u64 ops__since(const struct ops *ops);

#endif /* TIERX_OPS_H */
