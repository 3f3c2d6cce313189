// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <tier_ext/exit.h>

#include "restart.h"

bool restart__is_wanted(const struct kernel_exit *exit, const char *policy)
{
	const char *name = kernel_pairs__value(&exit->pairs, "policy");

	/* It may have been swapped for another one, whose arguments nobody knows. */
	return exit->kind == KERNEL_EXIT_BPF && exit->code >= 0 &&
	       (exit->code & TIERX_ECODE_RESTART) && name && !strcmp(name, policy);
}

bool restarts__allow(struct restarts *restarts, time_t now)
{
	time_t *oldest = &restarts->times[restarts->nr % RESTART_MAX];

	if (restarts->nr >= RESTART_MAX && now - *oldest < RESTART_SECONDS)
		return false;
	*oldest = now;
	restarts->nr++;

	return true;
}
