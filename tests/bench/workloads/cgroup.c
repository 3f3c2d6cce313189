// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroups: whom memory is charged to, and how much of it is on a node.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wl.h"

#define PATH_LEN 160

void wl_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "%s", path);
	close(fd);
}

void wl_cgroup_enter(const char *cgroup)
{
	char path[PATH_LEN];

	mkdir(cgroup, 0755);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	wl_write(path, "0");
}

uint64_t wl_cgroup_bytes(const char *cgroup, const char *name, int node)
{
	char path[PATH_LEN], line[256], field[16], *at;
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory.numa_stat", cgroup);
	snprintf(field, sizeof(field), " N%d=", node);
	file = fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) || line[strlen(name)] != ' ')
			continue;
		at = strstr(line, field);
		if (at)
			bytes = strtoull(at + strlen(field), NULL, 10);
	}
	fclose(file);
	return bytes;
}
