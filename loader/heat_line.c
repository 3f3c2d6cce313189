// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "heat_line.h"

#define BLANKS " \t\r\n"

static const struct {
	const char *key;
	const char *reason;
} kinds[NR_HEAT_KINDS] = {
	[HEAT_SYNTAX] = { "syntax", "not of the form PFN COUNT or FIRST-LAST COUNT" },
	[HEAT_TRAILING] = { "trailing", "something follows COUNT" },
	[HEAT_ORDER] = { "order", "FIRST is larger than LAST" },
	[HEAT_NO_MEMORY] = { "no_memory", "no such memory" },
	[HEAT_COUNT] = { "count", "COUNT is not from 1 to 4294967295" },
};

/* What does not fit becomes the largest number, which is too large for a PFN and for a COUNT. */
static bool read_number(const char **text, __u64 *value)
{
	const char *digits = *text;
	int base = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
	char *end;

	/* strtoull() would accept a sign and leading space. */
	if (!isdigit((unsigned char)*digits))
		return false;
	*value = strtoull(digits, &end, base);
	*text = end;

	return true;
}

enum heat_kind heat_line__parse(const char *line, __u64 end, struct heat_range *range)
{
	__u64 count;

	line += strspn(line, BLANKS);
	if (!*line || *line == '#')
		return HEAT_BLANK;

	if (!read_number(&line, &range->first))
		return HEAT_SYNTAX;
	range->last = range->first;
	if (*line == '-') {
		line++;
		if (!read_number(&line, &range->last))
			return HEAT_SYNTAX;
	}
	if (*line != ' ' && *line != '\t')
		return HEAT_SYNTAX;
	line += strspn(line, BLANKS);
	if (!read_number(&line, &count))
		return HEAT_SYNTAX;
	if (line[strspn(line, BLANKS)])
		return HEAT_TRAILING;

	if (range->first > range->last)
		return HEAT_ORDER;
	if (range->last >= end)
		return HEAT_NO_MEMORY;
	if (!count || count > UINT_MAX)
		return HEAT_COUNT;
	range->count = count;

	return HEAT_RANGE;
}

const char *heat_kind__key(enum heat_kind kind)
{
	return kinds[kind].key;
}

const char *heat_kind__reason(enum heat_kind kind)
{
	return kinds[kind].reason;
}
