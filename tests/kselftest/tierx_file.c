// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files with pages on a given node, file systems to have them on, and swap.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>

#include "tierx_file.h"

#define COMMAND_LEN 256

static void run(const char *command)
{
	if (system(command))
		FAIL("%s", command);
}

/* --- block devices --- */

static void zram_free(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/zram%d/reset", (int)(intptr_t)arg);
	tierx_write(path, "1");
}

/* A fresh zram device of so many bytes. */
static int zram_start(size_t bytes)
{
	char number[16], path[64], size[32];

	if (tierx_read("/sys/class/zram-control/hot_add", number, sizeof(number)) <= 0)
		SKIP("no zram in this kernel");
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", atoi(number));
	snprintf(size, sizeof(size), "%zu", bytes);
	ASSERT_EQ(tierx_write(path, size), 0);
	tierx_defer(zram_free, (void *)(intptr_t)atoi(number));

	return atoi(number);
}

static void swap_stop(void *arg)
{
	swapoff(arg);
	free(arg);
}

void tierx_swap_start(size_t bytes)
{
	int zram = zram_start(bytes);
	char command[COMMAND_LEN], *device;

	snprintf(command, sizeof(command), "/sbin/mkswap /dev/zram%d > /dev/null 2>&1", zram);
	run(command);
	ASSERT_GT(asprintf(&device, "/dev/zram%d", zram), 0);
	ASSERT_EQ(swapon(device, 0), 0);
	tierx_defer(swap_stop, device);
}

/* --- file systems --- */

static void mount_end(void *arg)
{
	umount2(arg, MNT_DETACH);
	rmdir(arg);
	free(arg);
}

static char *mount_point(void)
{
	char *dir = strdup("/tmp/tierx-XXXXXX");

	ASSERT(dir && mkdtemp(dir));
	return dir;
}

const char *tierx_mount_tmpfs(const char *options)
{
	char *dir = mount_point();

	ASSERT_EQ(mount("tierx", dir, "tmpfs", 0, options), 0);
	tierx_defer(mount_end, dir);
	return dir;
}

const char *tierx_mount_ext4(size_t bytes)
{
	int zram = zram_start(bytes);
	char command[COMMAND_LEN], device[32], *dir = mount_point();

	snprintf(device, sizeof(device), "/dev/zram%d", zram);
	snprintf(command, sizeof(command), "/sbin/mkfs.ext4 -q -O ^has_journal %s > /dev/null 2>&1",
		 device);
	run(command);
	ASSERT_EQ(mount(device, dir, "ext4", 0, NULL), 0);
	tierx_defer(mount_end, dir);
	return dir;
}

/* --- files --- */

void tierx_bind(int node)
{
	unsigned long mask = node < 0 ? 0 : 1UL << node;

	ASSERT_EQ(syscall(SYS_set_mempolicy, node < 0 ? MPOL_DEFAULT : MPOL_BIND,
			  node < 0 ? NULL : &mask, node < 0 ? 0UL : 64UL),
		  0);
}

void tierx_drain_lru(void)
{
	int here, status, node = tierx_fast_node();
	void *page = &here;

	/* Any migration on request drains the batches of all CPUs first. */
	ASSERT_GE(syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, MPOL_MF_MOVE), 0);
}

static void file_free(void *arg)
{
	struct tierx_file *file = arg;

	if (file->mem.addr)
		munmap(file->mem.addr, file->mem.pages * TIERX_PAGE);
	close(file->fd);
	free(file);
}

struct tierx_file *tierx_file_create(const char *dir, size_t pages, int node)
{
	struct tierx_file *file = calloc(1, sizeof(*file));
	char path[128];

	ASSERT(file);
	snprintf(path, sizeof(path), "%s/file", dir);
	file->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ASSERT_GE(file->fd, 0);
	tierx_defer(file_free, file);
	file->mem.pages = pages;

	tierx_bind(node);
	tierx_file_write(file, 1);
	tierx_bind(-1);
	/* Clean, so that nothing has to be written back before a page can move. */
	ASSERT_EQ(fsync(file->fd), 0);
	tierx_drain_lru();

	return file;
}

void tierx_file_write(struct tierx_file *file, uint64_t seed)
{
	struct tierx_mem *page = tierx_mem_alloc(1, tierx_fast_node());
	struct tierx_mem one = { .addr = page->addr, .pages = 1 };
	size_t i;

	for (i = 0; i < file->mem.pages; i++) {
		tierx_mem_fill(&one, seed + i);
		ASSERT_EQ(pwrite(file->fd, one.addr, TIERX_PAGE, i * TIERX_PAGE), TIERX_PAGE);
	}
	tierx_mem_free(page);
}

size_t tierx_file_verify(struct tierx_file *file, uint64_t seed)
{
	struct tierx_mem one = { .pages = 1 };
	size_t i, bad = 0;

	for (i = 0; i < file->mem.pages; i++) {
		one.addr = file->mem.addr + i * TIERX_PAGE;
		bad += tierx_mem_verify(&one, seed + i);
	}
	return bad;
}

void tierx_file_map(struct tierx_file *file, int prot, int flags)
{
	tierx_file_unmap(file);
	file->mem.addr = mmap(NULL, file->mem.pages * TIERX_PAGE, prot, flags, file->fd, 0);
	ASSERT_NE((intptr_t)file->mem.addr, (intptr_t)MAP_FAILED);
}

void tierx_file_unmap(struct tierx_file *file)
{
	if (file->mem.addr)
		munmap(file->mem.addr, file->mem.pages * TIERX_PAGE);
	file->mem.addr = NULL;
}

void tierx_file_touch(struct tierx_file *file, bool write)
{
	tierx_mem_touch(&file->mem, write);
}

size_t tierx_file_count(struct tierx_file *file, int node)
{
	struct tierx_mem mem = { .pages = file->mem.pages };
	size_t count;

	mem.addr = mmap(NULL, mem.pages * TIERX_PAGE, PROT_READ, MAP_SHARED, file->fd, 0);
	ASSERT_NE((intptr_t)mem.addr, (intptr_t)MAP_FAILED);
	tierx_mem_touch(&mem, false);
	count = tierx_mem_count(&mem, node);
	munmap(mem.addr, mem.pages * TIERX_PAGE);

	return count;
}
