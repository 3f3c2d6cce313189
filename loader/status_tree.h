/* SPDX-License-Identifier: GPL-2.0-only */
/* The policies of all places, the short part of 'tierx status'. */
#ifndef TIERX_STATUS_TREE_H
#define TIERX_STATUS_TREE_H

#include <json-c/json.h>

#include "kernel.h"

#define STATUS_TIME_LEN 32

/** status__format_time() - seconds since 1970 in local time; "unknown" for 0 */
void status__format_time(__u64 seconds, char text[STATUS_TIME_LEN]);

/** status__print_exit() - why a policy ended, in words without a newline */
void status__print_exit(const struct kernel_exit *exit);

/**
 * status_tree__show() - show them
 * @machine: object of the machine that gets those of cgroups, one in the other; NULL to print
 *
 * Return: a status.
 */
int status_tree__show(struct json_object *machine);

#endif /* TIERX_STATUS_TREE_H */
