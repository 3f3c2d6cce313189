/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies that end because they want to be loaded again, see tier_ext/exit.h. */
#ifndef TIERX_RESTART_H
#define TIERX_RESTART_H

#include <time.h>

#include "kernel.h"

#define RESTART_MAX	5
#define RESTART_SECONDS 60

/**
 * struct restarts - the last ones
 * @times: when they were, in seconds, the oldest one at @nr modulo the size
 * @nr: how many there were
 */
struct restarts {
	time_t times[RESTART_MAX];
	unsigned int nr;
};

/** restart__is_wanted() - has a policy of this name ended in order to be loaded again? */
bool restart__is_wanted(const struct kernel_exit *exit, const char *policy);

/**
 * restarts__allow() - may it be, now?
 * @restarts: those so far; if it may be, this one as well
 * @now: time in seconds that never goes back
 *
 * Return: false if there were RESTART_MAX within the last RESTART_SECONDS.
 */
bool restarts__allow(struct restarts *restarts, time_t now);

#endif /* TIERX_RESTART_H */
