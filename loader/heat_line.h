/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of access counters: PFN COUNT, or FIRST-LAST COUNT. */
#ifndef TIERX_HEAT_LINE_H
#define TIERX_HEAT_LINE_H

#include <linux/types.h>

/**
 * enum heat_kind - what a line is
 * @HEAT_RANGE: a range of pages and how often each was accessed
 * @HEAT_BLANK: nothing, or a comment
 * @HEAT_SYNTAX: not in the form of the others; from here on it is rejected
 * @HEAT_TRAILING: something follows COUNT
 * @HEAT_ORDER: FIRST is larger than LAST
 * @HEAT_NO_MEMORY: beyond the end of memory
 * @HEAT_COUNT: COUNT is 0, or too large
 */
enum heat_kind {
	HEAT_RANGE,
	HEAT_BLANK,
	HEAT_SYNTAX,
	HEAT_TRAILING,
	HEAT_ORDER,
	HEAT_NO_MEMORY,
	HEAT_COUNT,
	NR_HEAT_KINDS,
};

/**
 * struct heat_range - what a line says
 * @first: first PFN
 * @last: last PFN
 * @count: how often each page was accessed
 */
struct heat_range {
	__u64 first;
	__u64 last;
	__u32 count;
};

/**
 * heat_line__parse() - read a line
 * @line: the line, with or without a newline
 * @end: one more than the highest PFN of the machine
 * @range: what it says; undefined unless HEAT_RANGE is returned
 *
 * Return: what the line is.
 */
enum heat_kind heat_line__parse(const char *line, __u64 end, struct heat_range *range);

/** heat_kind__key() - a kind that is rejected, as one word */
const char *heat_kind__key(enum heat_kind kind);

/** heat_kind__reason() - why it is rejected */
const char *heat_kind__reason(enum heat_kind kind);

#endif /* TIERX_HEAT_LINE_H */
