// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "log.h"
#include "pfn.h"
#include "tierx.h"

#define ZONEINFO "/proc/zoneinfo"

/* Is it a line of @key and a number? Values that follow other words, such as "cpu:", are not. */
static bool read_line(const char *line, const char *key, __u64 *value)
{
	char *end;

	line += strspn(line, " ");
	if (strncmp(line, key, strlen(key)))
		return false;
	line += strlen(key);
	line += strspn(line, " ");
	if (!isdigit((unsigned char)*line))
		return false;
	errno = 0;
	*value = strtoull(line, &end, 10);

	return !errno && (!*end || *end == '\n');
}

int pfn__parse_zoneinfo(const char *text, __u64 *end)
{
	__u64 spanned = 0, start;
	const char *line;

	*end = 0;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		/* A zone says "spanned" first; one without pages has no "start_pfn". */
		if (!strncmp(line, "Node ", strlen("Node ")))
			spanned = 0;
		else if (read_line(line, "start_pfn:", &start) && spanned <= ~0ULL - start &&
			 start + spanned > *end)
			*end = start + spanned;
		else
			read_line(line, "spanned ", &spanned);
	}
	return *end ? 0 : -EINVAL;
}

int pfn__end(__u64 *end)
{
	char *text = file__read(ZONEINFO);
	int err = text ? pfn__parse_zoneinfo(text, end) : -errno;

	free(text);
	if (!err)
		return STATUS_DONE;

	log__error("cannot tell where memory ends from " ZONEINFO ": %s",
		   err == -EINVAL ? "no zone with pages" : strerror(-err));
	return STATUS_INTERNAL;
}
