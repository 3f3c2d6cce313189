/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIERX_HOLD_H
#define TIERX_HOLD_H

#include <stdbool.h>

#include "place.h"

/** hold__block_signals() - keep signals that end tierx until hold__until_end() looks */
void hold__block_signals(void);

/**
 * hold__until_end() - wait until a signal comes, or the policy ends by itself
 * @link_fd: link of the policy
 * @name: its name
 * @place: what it governs
 * @again: set to whether it wants to be loaded again
 *
 * Tells why it ended.
 *
 * Return: a status; STATUS_EJECTED if the policy ended with an error.
 */
int hold__until_end(int link_fd, const char *name, const struct place *place, bool *again);

#endif /* TIERX_HOLD_H */
