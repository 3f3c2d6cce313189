/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps that a policy hands on to the next one, see TIERX_SHARED. */
#ifndef TIERX_SHARED_H
#define TIERX_SHARED_H

#include <json-c/json.h>

#include "attached.h"
#include "policy.h"

/** shared__check() - is everything that is tagged as shared a map? returns a status */
int shared__check(const struct policy *policy);

/**
 * shared__take_over() - let a policy have the shared maps of another one
 * @policy: prepared, not yet loaded
 * @old: the other policy
 * @kept: an array that names of the maps that it gets are appended to
 *
 * Return: a status; STATUS_REFUSED if both have a shared map of some name that is not of the same
 * layout.
 */
int shared__take_over(const struct policy *policy, const struct attached *old,
		      struct json_object *kept);

#endif /* TIERX_SHARED_H */
