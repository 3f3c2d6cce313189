/* SPDX-License-Identifier: GPL-2.0-only */
/* Which page frame numbers the machine has. */
#ifndef TIERX_PFN_H
#define TIERX_PFN_H

#include <linux/types.h>

/**
 * pfn__parse_zoneinfo() - find the end of memory in the text of /proc/zoneinfo
 * @text: the text
 * @end: one more than the highest PFN of all zones
 *
 * Return: 0, or -EINVAL if it does not say.
 */
int pfn__parse_zoneinfo(const char *text, __u64 *end);

/**
 * pfn__end() - one more than the highest PFN of the machine
 * @end: it; PFNs below may be holes
 *
 * Return: a status.
 */
int pfn__end(__u64 *end);

#endif /* TIERX_PFN_H */
