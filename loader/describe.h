/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a policy says about itself in BTF, see tier_ext/tags.h. The BTF may come from an object
 * file or from the kernel, so that a policy can be understood while it runs.
 */
#ifndef TIERX_DESCRIBE_H
#define TIERX_DESCRIBE_H

#include <bpf/btf.h>

#include "knob.h"

/**
 * struct counter - a counter of a policy
 * @name: its name
 * @help: what it counts, may be empty
 * @offset: where it is in the value of the stats map
 */
struct counter {
	const char *name;
	const char *help;
	__u32 offset;
};

/**
 * struct description - what a policy says about itself
 * @about: one line
 * @knobs: its knobs
 * @nr_knobs: number of @knobs
 * @counters: its counters
 * @nr_counters: number of @counters
 *
 * Strings belong to the BTF.
 */
struct description {
	const char *about;
	struct knob *knobs;
	int nr_knobs;
	struct counter *counters;
	int nr_counters;
};

/**
 * description__read() - read it from BTF
 * @description: to be cleared even on an error
 * @btf: BTF of the policy, with the offsets of variables filled in
 * @stats_type: type of the value of the stats map, 0 if there is no such map
 *
 * Return: a status.
 */
int description__read(struct description *description, const struct btf *btf, __u32 stats_type);

/** description__clear() - release what description__read() allocated */
void description__clear(struct description *description);

/** description__knob() - find a knob by name, NULL if there is none */
const struct knob *description__knob(const struct description *description, const char *name);

/**
 * description__find_knob() - find a knob that a user has named
 * @description: where to look
 * @policy: name of the policy
 * @name: name of the knob
 *
 * Return: the knob, or NULL; then the user was told.
 */
const struct knob *description__find_knob(const struct description *description, const char *policy,
					  const char *name);

#endif /* TIERX_DESCRIBE_H */
