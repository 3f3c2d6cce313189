/* SPDX-License-Identifier: GPL-2.0-only */
/* A folder that stands for the root of the file system. */
#ifndef TESTDIR_H
#define TESTDIR_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

/* mkdtemp() fills it in. */
static char testdir[64];

static inline int testdir__create(void)
{
	strcpy(testdir, "/tmp/tierx-test-XXXXXX");
	if (!mkdtemp(testdir))
		return -1;
	file__set_root(testdir);

	return 0;
}

/* Write a file, and create the folders that it is in. */
static inline void testdir__write(const char *path, const char *text)
{
	char full[PATH_MAX], *slash;
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", testdir, path);
	for (slash = full + strlen(testdir); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "w");
	if (!file)
		return;
	fputs(text, file);
	fclose(file);
}

static inline int testdir__remove_entry(const char *path, const struct stat *stat_, int type,
					struct FTW *ftw)
{
	(void)stat_;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void testdir__remove(void)
{
	nftw(testdir, testdir__remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#endif /* TESTDIR_H */
