/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy that the kernel runs, whoever attached it: found through its link, and understood
 * through the BTF that the kernel holds.
 */
#ifndef TIERX_ATTACHED_H
#define TIERX_ATTACHED_H

#include "describe.h"
#include "place.h"
#include "policy.h"
#include "policy_link.h"

/* Maps that a command may need; the kernel knows them by the end of their names. */
enum attached_map {
	ATTACHED_STATS,
	ATTACHED_TUNE,
	ATTACHED_RODATA,
	ATTACHED_HEAT,
	NR_ATTACHED_MAPS,
};

/**
 * struct attached - an attached policy
 * @place: what it governs
 * @link: its link
 * @name: its name
 * @map_fds: other maps, -1 if the policy has no such map
 * @map_sizes: size of their values
 * @map_ids: ids of all maps that its programs use
 * @nr_map_ids: number of @map_ids
 * @btf: BTF of the policy
 * @description: what it says about itself
 */
struct attached {
	struct place place;
	struct policy_link link;
	char name[POLICY_NAME_LEN];
	int map_fds[NR_ATTACHED_MAPS];
	__u32 map_sizes[NR_ATTACHED_MAPS];
	__u32 *map_ids;
	int nr_map_ids;
	struct btf *btf;
	struct description description;
};

/**
 * attached__open() - find it
 * @attached: to be released by attached__close(), also after an error
 * @place: what it governs
 *
 * The kernel is known to have tier_ext, and we have the privileges.
 *
 * Return: a status; STATUS_REFUSED if no policy is attached there.
 */
int attached__open(struct attached *attached, const struct place *place);

/** attached__is_none() - true if attached__open() would find nothing */
bool attached__is_none(const struct place *place);

/** attached__is_current() - is this still the policy? */
bool attached__is_current(const struct attached *attached);

/** attached__close() - release everything; the policy stays attached */
void attached__close(struct attached *attached);

/**
 * attached__values() - present values of all knobs
 * @attached: the policy
 * @values: as many as the description has knobs
 *
 * Return: 0 or -errno.
 */
int attached__values(const struct attached *attached, struct number *values);

/** attached__set() - set a knob that may be set at run time; returns 0 or -errno */
int attached__set(const struct attached *attached, const struct knob *knob, struct number value);

/**
 * attached__open_map() - open one of its maps
 * @attached: the policy
 * @name: the whole name of the map, which the kernel may have cut
 * @info: what the kernel says about it
 *
 * Return: a descriptor, -ENOENT if no program uses such a map, -ENOTUNIQ if it cannot be said
 * which of several it is, or another -errno.
 */
int attached__open_map(const struct attached *attached, const char *name,
		       struct bpf_map_info *info);

/** attached__counters() - sum of all CPUs of all counters; returns 0 or -errno */
int attached__counters(const struct attached *attached, __u64 *values);

#endif /* TIERX_ATTACHED_H */
