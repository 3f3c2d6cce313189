/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy as an object file: found, opened, described, adjusted. Needs no kernel and no root. */
#ifndef TIERX_POLICY_H
#define TIERX_POLICY_H

#include <bpf/libbpf.h>

#include "describe.h"

#define POLICY_NAME_LEN 64

/**
 * struct policy - a policy that was opened
 * @path: the object file
 * @object: the same for libbpf
 * @ops_map: its struct tier_ext_ops
 * @ops_type: BTF of that type, as the object knows it
 * @name: its name
 * @description: what it says about itself
 */
struct policy {
	char *path;
	struct bpf_object *object;
	struct bpf_map *ops_map;
	const struct btf_type *ops_type;
	char name[POLICY_NAME_LEN];
	struct description description;
};

/**
 * policy__open() - open a policy
 * @policy: to be released by policy__close(), also after an error
 * @name: its name, or a path
 *
 * Return: a status.
 */
int policy__open(struct policy *policy, const char *name);

/** policy__close() - release everything */
void policy__close(struct policy *policy);

/**
 * policy__assign() - set knobs and fields of ops
 * @policy: opened, not yet loaded
 * @words: NAME=VALUE, or ops.FIELD=VALUE
 * @nr: number of @words
 *
 * Return: a status.
 */
int policy__assign(struct policy *policy, char **words, int nr);

/** policy__set_cgroup() - make it a policy for this cgroup, 0 for the machine; returns a status */
int policy__set_cgroup(struct policy *policy, __u64 cgroup_id);

/** policy__program() - program that implements an op; NULL if there is none, or no such op */
struct bpf_program *policy__program(const struct policy *policy, const char *op);

/** policy__knob_value() - value of a knob as it will be loaded */
struct number policy__knob_value(const struct policy *policy, const struct knob *knob);

/**
 * policy__for_each_member() - visit the members of ops
 * @policy: the policy
 * @visit: called with the name of the member, its type without modifiers, and its value
 * @arg: passed to @visit
 */
void policy__for_each_member(const struct policy *policy,
			     void (*visit)(const char *name, const struct btf_type *type,
					   const void *value, void *arg),
			     void *arg);

/** policy__is_op() - does a member of this type hold a program? */
bool policy__is_op(const struct btf_type *type);

#endif /* TIERX_POLICY_H */
