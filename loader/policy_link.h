/* SPDX-License-Identifier: GPL-2.0-only */
/* The links by which policies are attached, whoever has created them. */
#ifndef TIERX_POLICY_LINK_H
#define TIERX_POLICY_LINK_H

#include "ops.h"
#include "place.h"

/**
 * struct policy_link - a link and what it attaches, to be released by policy_link__close()
 * @fd: the link
 * @ops_fd: the struct_ops map
 * @ops_id: id of that map, different for each policy that was ever loaded
 * @btf_id: BTF of the policy
 * @ops: what is in the map
 */
struct policy_link {
	int fd;
	int ops_fd;
	__u32 ops_id;
	__u32 btf_id;
	struct ops ops;
};

/** policy_link__init() - make it one that can be closed */
void policy_link__init(struct policy_link *link);

/**
 * policy_link__next() - open one after the other
 * @link: the next one, if there is one
 * @id: 0 to begin with, then what the last call has left there
 *
 * Return: false if there are no more.
 */
bool policy_link__next(struct policy_link *link, __u32 *id);

/** policy_link__find() - open the one of a place; returns false if it has no policy */
bool policy_link__find(struct policy_link *link, const struct place *place);

/** policy_link__is_current() - does it still attach what it did when it was opened? */
bool policy_link__is_current(const struct policy_link *link);

/** policy_link__close() - release it; the policy stays attached */
void policy_link__close(struct policy_link *link);

#endif /* TIERX_POLICY_LINK_H */
