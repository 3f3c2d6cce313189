/* SPDX-License-Identifier: GPL-2.0-only */
/* Bring a policy into the kernel. */
#ifndef TIERX_ATTACH_H
#define TIERX_ATTACH_H

#include "place.h"
#include "policy.h"
#include "policy_link.h"
#include "tierx.h"

/**
 * policy__prepare() - open and adjust the policy that the user named, let it fit this machine, and
 * see to it that it can be loaded here
 * @policy: to be released by policy__close(), also after an error
 * @args: the command line
 * @place: what it is to govern
 *
 * Return: a status.
 */
int policy__prepare(struct policy *policy, const struct arguments *args, const struct place *place);

/** policy__load() - let the kernel verify it; returns a status */
int policy__load(struct policy *policy);

/**
 * policy__fill() - hand the ops to the kernel, which checks their fields
 * @policy: loaded; this can be done once
 *
 * Return: a status.
 */
int policy__fill(struct policy *policy);

/** policy__refuse_second() - say that the place has a policy if it has; returns a status */
int policy__refuse_second(const struct policy *policy, const struct place *place);

/**
 * policy__attach() - make it the policy
 * @policy: filled
 * @place: what it is to govern
 * @link_fd: the link; the policy is attached as long as it is open or pinned
 *
 * Return: a status.
 */
int policy__attach(struct policy *policy, const struct place *place, int *link_fd);

/**
 * policy__replace() - make it the policy, in place of another
 * @policy: filled
 * @place: what it is to govern
 * @old: link of the other
 *
 * If it fails, the other policy goes on.
 *
 * Return: a status.
 */
int policy__replace(struct policy *policy, const struct place *place,
		    const struct policy_link *old);

#endif /* TIERX_ATTACH_H */
