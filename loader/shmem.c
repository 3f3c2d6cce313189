// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <shmem.skel.h>

#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "shmem_map.h"
#include "tierx.h"

#define SCAN_KFUNC "tierx_bpf_shmem_scan"
#define RANGE_LEN  48

static int refuse_file(const char *path)
{
	log__error("%s is not a shmem file; name a file of a tmpfs, or a memfd as /proc/PID/fd/N",
		   path);
	return STATUS_USAGE;
}

/* Looked at before it is opened: to open a device or a pipe may do something. */
static int open_shmem(const char *path, int *fd)
{
	struct statfs fs;
	struct stat stat_;

	if (!stat(path, &stat_) && !S_ISREG(stat_.st_mode))
		return refuse_file(path);

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		log__error("cannot open %s: %m", path);
		return STATUS_USAGE;
	}
	if (fstatfs(*fd, &fs) || fs.f_type != TMPFS_MAGIC)
		return refuse_file(path);

	return STATUS_DONE;
}

static int load(struct shmem_bpf **program)
{
	const char *warning;

	if (btf__find_by_name_kind(kernel__btf(), SCAN_KFUNC, BTF_KIND_FUNC) < 0) {
		log__error("this kernel's tier_ext is too old, it has no %s(); build a newer one "
			   "with 'make kernel-deb'",
			   SCAN_KFUNC);
		return STATUS_UNSUPPORTED;
	}

	log__forget();
	*program = shmem_bpf__open_and_load();
	if (*program)
		return STATUS_DONE;

	warning = log__first_warning();
	log__error("the kernel refuses the program that looks at shmem files: %s",
		   warning ? warning : strerror(errno));
	return STATUS_REFUSED;
}

/* Ask about the pages after those that @map has. Returns how many there were, or -errno. */
static __s64 scan_next(struct shmem_bpf *program, struct shmem_map *map)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	__s64 nr;
	int err;

	program->bss->scan_index = map->pages;
	err = bpf_prog_test_run_opts(bpf_program__fd(program->progs.scan), &opts);
	if (err)
		return err;
	nr = program->bss->scan_result;
	if (nr > 0)
		err = shmem_map__add(map, program->bss->scan_states, nr);

	return err ? err : nr;
}

static int scan(const char *path, int fd, struct shmem_map *map)
{
	struct shmem_bpf *program;
	__s64 nr;
	int status;

	status = load(&program);
	if (status)
		return status;

	program->bss->scan_fd = fd;
	do {
		nr = scan_next(program, map);
	} while (nr > 0);
	shmem_bpf__destroy(program);
	if (!nr)
		return STATUS_DONE;
	if (nr == -EINVAL)
		return refuse_file(path);

	log__error("cannot look at %s: %s", path, strerror(-nr));
	return STATUS_INTERNAL;
}

static int print_text(const char *path, const struct shmem_map *map)
{
	char text[RANGE_LEN];
	size_t i;
	int state;

	printf("%s: %llu pages of %ld bytes\n", path, map->pages, sysconf(_SC_PAGESIZE));
	printf("%-32s %-10s %16s\n", "first page-last page", "state", "pages");
	for (i = 0; i < map->nr; i++) {
		snprintf(text, sizeof(text), "%llu-%llu", map->ranges[i].first,
			 map->ranges[i].last);
		printf("%-32s %-10s %16llu\n", text, shmem_state__name(map->ranges[i].state),
		       map->ranges[i].last - map->ranges[i].first + 1);
	}
	for (state = 0; state < NR_SHMEM_STATES; state++)
		if (map->total[state])
			printf("%-32s %-10s %16llu\n", "total", shmem_state__name(state),
			       map->total[state]);

	return output__flush();
}

static int print_json(const char *path, const struct shmem_map *map)
{
	struct json_object *object = json_object_new_object();
	struct json_object *ranges = json_object_new_array();
	struct json_object *total = json_object_new_object();
	struct json_object *range;
	size_t i;
	int state;

	json__add_string(object, "file", path);
	json__add_u64(object, "page_size", sysconf(_SC_PAGESIZE));
	json__add_u64(object, "pages", map->pages);
	json_object_object_add(object, "ranges", ranges);
	json_object_object_add(object, "total", total);
	for (i = 0; i < map->nr; i++) {
		range = json_object_new_object();
		json__add_u64(range, "first", map->ranges[i].first);
		json__add_u64(range, "last", map->ranges[i].last);
		json__add_string(range, "state", shmem_state__name(map->ranges[i].state));
		json_object_array_add(ranges, range);
	}
	for (state = 0; state < NR_SHMEM_STATES; state++)
		json__add_u64(total, shmem_state__name(state), map->total[state]);

	return json__print(object);
}

int command__shmem(const struct arguments *args)
{
	struct shmem_map map = {};
	int status, fd = -1;

	status = open_shmem(args->file, &fd);
	if (!status)
		status = kernel__require();
	if (!status)
		status = scan(args->file, fd, &map);
	if (!status)
		status = args->json ? print_json(args->file, &map) : print_text(args->file, &map);
	shmem_map__clear(&map);
	if (fd >= 0)
		close(fd);

	return status;
}
