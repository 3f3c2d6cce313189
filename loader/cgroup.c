// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "file.h"
#include "log.h"
#include "tierx.h"

#define CONTROLLERS "cgroup.controllers"
#define MEMORY	    "memory"

/* The kernel gives it to the root of all cgroups; that of a namespace has another one. */
#define ROOT_ID 1

/* Is @word one of the words of @text? */
static bool has_word(const char *text, const char *word)
{
	size_t len;

	for (; *text; text += len + strspn(text + len, "\n ")) {
		len = strcspn(text, "\n ");
		if (len == strlen(word) && !strncmp(text, word, len))
			return true;
	}
	return false;
}

/* The folder is open, so that it stays what it is; its files go when the cgroup is removed. */
static int require_memory(const char *name, int folder)
{
	char text[1024] = "";
	int fd = openat(folder, CONTROLLERS, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (len < 0) {
		log__error("cgroup %s was removed; name another one", name);
		return STATUS_REFUSED;
	}
	if (has_word(text, MEMORY))
		return STATUS_DONE;

	log__error("cgroup %s has no memory controller; write +memory to cgroup.subtree_control of "
		   "the one that it is in",
		   name);
	return STATUS_REFUSED;
}

int cgroup__find(const char *name, __u64 *id)
{
	int folder, status = STATUS_USAGE;
	char path[PATH_MAX];
	struct statfs fs;
	struct stat stat_;

	snprintf(path, sizeof(path), "%s%s", *name == '/' ? "" : CGROUP_ROOT "/", name);
	folder = *name ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (folder < 0 || fstat(folder, &stat_)) {
		log__error("no such cgroup: %s; name a folder in " CGROUP_ROOT, name);
	} else if (fstatfs(folder, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC) {
		log__error("no such cgroup: %s is not in a cgroup v2 file system", name);
	} else if (stat_.st_ino == ROOT_ID) {
		log__error("the root cgroup is the machine: leave out --cgroup");
	} else {
		status = require_memory(name, folder);
		/* On 64-bit kernels the inode number of a cgroup is its id. */
		*id = stat_.st_ino;
	}
	if (folder >= 0)
		close(folder);

	return status;
}

/**
 * struct search - a walk over all cgroups
 * @paths: what is looked for
 * @nr: number of @paths
 * @left: how many of them were not found yet
 */
struct search {
	struct cgroup_path *paths;
	int nr;
	int left;
};

static void note(struct search *search, __u64 id, const char *path)
{
	int i;

	for (i = 0; i < search->nr; i++) {
		if (search->paths[i].id != id || search->paths[i].path)
			continue;
		search->paths[i].path = strdup(path);
		search->left--;
	}
}

/* @path is relative to CGROUP_ROOT. Its inode number is known from the folder that it is in. */
static void walk(struct search *search, const char *path)
{
	char full[PATH_MAX], below[PATH_MAX];
	struct dirent *entry;
	DIR *folder;

	snprintf(full, sizeof(full), CGROUP_ROOT "/%.4000s", path);
	folder = file__open_folder(full);
	while (folder && search->left && (entry = readdir(folder))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".."))
			continue;
		if (!strcmp(entry->d_name, ".")) {
			note(search, entry->d_ino, path);
			continue;
		}
		if (snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "",
			     entry->d_name) < (int)sizeof(below))
			walk(search, below);
	}
	if (folder)
		closedir(folder);
}

void cgroup__find_paths(struct cgroup_path *paths, int nr)
{
	struct search search = { .paths = paths, .nr = nr, .left = nr };
	int i;

	for (i = 0; i < nr; i++)
		paths[i].path = NULL;
	walk(&search, "");
}
