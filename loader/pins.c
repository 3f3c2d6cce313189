// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "pins.h"
#include "tierx.h"

bool pins__is_mounted(void)
{
	struct statfs fs;

	return !statfs(PIN_FS, &fs) && fs.f_type == BPF_FS_MAGIC;
}

int pins__require(void)
{
	if (pins__is_mounted())
		return STATUS_DONE;

	log__error("no BPF file system at " PIN_FS "; mount it with "
		   "'mount -t bpf bpf " PIN_FS "'");
	return STATUS_REFUSED;
}

/* Another command may remove the folder while this one waits for it. */
static bool is_current(int fd)
{
	struct stat locked, current;

	return !fstat(fd, &locked) && !stat(PIN_ROOT, &current) && locked.st_ino == current.st_ino;
}

int pins__lock(int *fd)
{
	for (;;) {
		if (mkdir(PIN_ROOT, 0700) && errno != EEXIST)
			break;
		*fd = open(PIN_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*fd < 0 && errno == ENOENT)
			continue;
		if (*fd < 0 || flock(*fd, LOCK_EX))
			break;
		if (is_current(*fd))
			return STATUS_DONE;
		close(*fd);
	}

	log__error("cannot lock " PIN_ROOT ": %m");
	return STATUS_REFUSED;
}

/* never.data.tune becomes tune, never.rodata becomes rodata, stats stays what it is. */
static const char *pin_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	const char *dot = strrchr(name, '.');

	return bpf_map__is_internal(map) && dot ? dot + 1 : name;
}

int pins__add_maps(struct bpf_object *object, const char *folder)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int err;

	pins__remove_maps(folder);
	if (mkdir(folder, 0700))
		return -errno;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__fd(map) < 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, pin_name(map));
		err = bpf_map__pin(map, path);
		if (err) {
			pins__remove_maps(folder);
			return err;
		}
	}
	return 0;
}

void pins__remove_maps(const char *folder)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir(folder);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(folder);
}

int pins__replace_maps(void)
{
	if (renameat2(AT_FDCWD, PIN_MAPS_NEW, AT_FDCWD, PIN_MAPS, RENAME_EXCHANGE)) {
		if (errno != ENOENT)
			return -errno;
		return rename(PIN_MAPS_NEW, PIN_MAPS) ? -errno : 0;
	}
	pins__remove_maps(PIN_MAPS_NEW);

	return 0;
}

void pins__clear(void)
{
	unlink(PIN_LINK);
	unlink(PIN_SETTINGS);
	pins__remove_maps(PIN_MAPS);
	pins__remove_maps(PIN_MAPS_NEW);
	rmdir(PIN_ROOT);
}
