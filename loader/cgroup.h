/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups by path and by id. The id of a cgroup is the inode number of its folder. */
#ifndef TIERX_CGROUP_H
#define TIERX_CGROUP_H

#include <linux/types.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/**
 * cgroup__find() - the memory cgroup that the user named
 * @name: its folder, relative to CGROUP_ROOT or absolute
 * @id: its id
 *
 * The root of all cgroups is none of them: it is the machine.
 *
 * Return: a status.
 */
int cgroup__find(const char *name, __u64 *id);

/**
 * struct cgroup_path - an id and the path of its cgroup
 * @id: the id
 * @path: relative to CGROUP_ROOT, "" for that itself, NULL if there is no such cgroup; to be freed
 */
struct cgroup_path {
	__u64 id;
	char *path;
};

/** cgroup__find_paths() - find the paths of @nr ids, all at once */
void cgroup__find_paths(struct cgroup_path *paths, int nr);

#endif /* TIERX_CGROUP_H */
