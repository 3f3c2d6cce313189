// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "kernel.h"
#include "log.h"
#include "pins.h"
#include "tierx.h"

void pins__of(struct pins *pins, const struct place *place)
{
	if (place->cgroup_id)
		snprintf(pins->folder, PIN_PATH_LEN, PIN_CGROUPS "/%llu", place->cgroup_id);
	else
		strcpy(pins->folder, PIN_ROOT);
	snprintf(pins->link, PIN_PATH_LEN, "%.100s/link", pins->folder);
	snprintf(pins->maps, PIN_PATH_LEN, "%.100s/maps", pins->folder);
	/* Names in the BPF file system have no dots. */
	snprintf(pins->new_maps, PIN_PATH_LEN, "%.100s/maps_new", pins->folder);
}

bool pins__exist(const struct pins *pins)
{
	return !access(pins->link, F_OK);
}

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

static void remove_maps(const char *folder)
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

static int make_folder(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int add_maps(struct bpf_object *object, const char *folder)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int err;

	remove_maps(folder);
	if (mkdir(folder, 0700))
		return -errno;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__fd(map) < 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, pin_name(map));
		err = bpf_map__pin(map, path);
		if (err) {
			remove_maps(folder);
			return err;
		}
	}
	return 0;
}

int pins__add(const struct pins *pins, int link_fd, struct bpf_object *object)
{
	int err = 0;

	if (strcmp(pins->folder, PIN_ROOT))
		err = make_folder(PIN_CGROUPS);
	if (!err)
		err = make_folder(pins->folder);
	if (!err)
		err = add_maps(object, pins->maps);
	if (!err)
		err = bpf_obj_pin(link_fd, pins->link);

	return err;
}

int pins__add_new_maps(const struct pins *pins, struct bpf_object *object)
{
	return add_maps(object, pins->new_maps);
}

void pins__remove_new_maps(const struct pins *pins)
{
	remove_maps(pins->new_maps);
}

int pins__replace_maps(const struct pins *pins)
{
	if (renameat2(AT_FDCWD, pins->new_maps, AT_FDCWD, pins->maps, RENAME_EXCHANGE)) {
		if (errno != ENOENT)
			return -errno;
		return rename(pins->new_maps, pins->maps) ? -errno : 0;
	}
	remove_maps(pins->new_maps);

	return 0;
}

void pins__remove(const struct pins *pins)
{
	unlink(pins->link);
	remove_maps(pins->maps);
	remove_maps(pins->new_maps);
	if (strcmp(pins->folder, PIN_ROOT))
		rmdir(pins->folder);
}

static void remove_cgroups(bool only_unknown)
{
	DIR *dir = opendir(PIN_CGROUPS);
	struct place place = {};
	struct dirent *entry;
	struct pins pins;

	while (dir && (entry = readdir(dir))) {
		place.cgroup_id = strtoull(entry->d_name, NULL, 10);
		if (!place.cgroup_id || (only_unknown && kernel__knows(&place)))
			continue;
		pins__of(&pins, &place);
		pins__remove(&pins);
	}
	if (dir)
		closedir(dir);
	rmdir(PIN_CGROUPS);
}

void pins__prune(void)
{
	remove_cgroups(true);
}

void pins__remove_all(void)
{
	struct pins pins;

	remove_cgroups(false);
	pins__of(&pins, &(struct place){});
	pins__remove(&pins);
}

void pins__end(void)
{
	pins__prune();
	rmdir(PIN_ROOT);
}
