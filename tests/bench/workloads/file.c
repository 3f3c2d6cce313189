// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files in the page cache, on a file system like a server's. A tmpfs would not do: its pages are
 * not page cache that somebody can drop or that is found unmapped on a disk's file system.
 * The disk is a compressed RAM disk that keeps pages of equal words as one word each.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wl.h"

#define DISK_BYTES  "1073741824"
#define MOUNT_POINT "/run/wl"
#define DEVICE	    "/dev/zram0"
#define PATH_LEN    128

const char *wl_mount(void)
{
	static bool mounted;

	if (mounted)
		return MOUNT_POINT;
	wl_write("/sys/block/zram0/disksize", DISK_BYTES);
	wl_command("mke2fs -F " DEVICE " > /dev/null 2>&1");
	mkdir(MOUNT_POINT, 0755);
	if (mount(DEVICE, MOUNT_POINT, "ext4", 0, NULL))
		err(1, "mount " DEVICE);
	mounted = true;
	return MOUNT_POINT;
}

static void fill(int fd, size_t pages)
{
	uint64_t words[WL_PAGE / sizeof(uint64_t)];
	size_t page, i;

	for (page = 0; page < pages; page++) {
		for (i = 0; i < WL_PAGE / sizeof(uint64_t); i++)
			words[i] = page + 1;
		if (write(fd, words, WL_PAGE) != (ssize_t)WL_PAGE)
			err(1, "a file of %zu pages", pages);
	}
	/* Clean, so that nothing has to be written back before a page can move. */
	if (fsync(fd))
		err(1, "fsync");
}

/* As the placement says: where this task's new pages come from. */
static void choose_node(bool hot)
{
	if (wl.placement == WL_INTERLEAVE)
		wl_interleave();
	else if (wl.placement == WL_ALL_FAST || (wl.placement == WL_ORACLE && hot))
		wl_bind(WL_FAST);
	else
		wl_bind(WL_SLOW);
}

static void write_file(const char *path, size_t pages, bool hot, const char *cgroup)
{
	int fd;

	/* The task that writes a page first is whom it is charged to. */
	if (cgroup)
		wl_cgroup_enter(cgroup);
	choose_node(hot);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		err(1, "%s", path);
	fill(fd, pages);
}

int wl_file(const char *name, size_t pages, bool hot, const char *cgroup)
{
	char path[PATH_LEN];
	int fd, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", wl_mount(), name);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		write_file(path, pages, hot, cgroup);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s could not be written", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}
