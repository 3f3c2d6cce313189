// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <tier_ext/heat.h>
#include <tier_ext/tags.h>

#include "attached.h"
#include "kernel.h"
#include "log.h"
#include "pins.h"
#include "tierx.h"

#define KERNEL_OPS_TYPE "bpf_struct_ops_" TIERX_OPS_TYPE
#define NR_PROGRAM_MAPS 64

static const char *const map_suffixes[NR_ATTACHED_MAPS] = {
	[ATTACHED_STATS] = TIERX_STATS_MAP,
	[ATTACHED_TUNE] = TIERX_TUNE_SECTION,
	[ATTACHED_RODATA] = ".rodata",
	[ATTACHED_HEAT] = TIERX_HEAT_MAP,
};

/* Id of the struct_ops map of a link; 0 if it is another kind of link, or detached. */
static __u32 link_ops_id(int link_fd)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (bpf_link_get_info_by_fd(link_fd, &info, &len) || info.type != BPF_LINK_TYPE_STRUCT_OPS)
		return 0;
	return info.struct_ops.map_id;
}

static int open_map(__u32 id, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);
	int fd;

	memset(info, 0, sizeof(*info));
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	if (!bpf_map_get_info_by_fd(fd, info, &len))
		return fd;

	close(fd);
	return -EINVAL;
}

/* Try one link; 0 if it holds a policy, and @attached has its link and its ops. */
static int try_link(struct attached *attached, __u32 id, __u32 ops_type, __u32 *btf_id)
{
	struct bpf_map_info info;

	attached->link_fd = bpf_link_get_fd_by_id(id);
	if (attached->link_fd < 0)
		return -ENOENT;

	attached->ops_id = link_ops_id(attached->link_fd);
	if (attached->ops_id)
		attached->ops_fd = open_map(attached->ops_id, &info);
	if (attached->ops_fd >= 0 && info.btf_vmlinux_value_type_id == ops_type) {
		*btf_id = info.btf_id;
		return 0;
	}

	if (attached->ops_fd >= 0)
		close(attached->ops_fd);
	close(attached->link_fd);
	attached->ops_fd = -1;
	attached->link_fd = -1;

	return -ENOENT;
}

static int find_link(struct attached *attached, __u32 *btf_id)
{
	int ops_type = btf__find_by_name_kind(kernel__btf(), KERNEL_OPS_TYPE, BTF_KIND_STRUCT);
	__u32 id = 0;

	if (ops_type < 0)
		return -ENOENT;
	while (!bpf_link_get_next_id(id, &id))
		if (!try_link(attached, id, ops_type, btf_id))
			return 0;
	return -ENOENT;
}

/* Keep @fd if it is a map that commands need. */
static bool keep_map(struct attached *attached, const struct bpf_map_info *info, int fd)
{
	size_t len = strlen(info->name), suffix_len;
	const char *end;
	int i;

	for (i = 0; i < NR_ATTACHED_MAPS; i++) {
		suffix_len = strlen(map_suffixes[i]);
		end = info->name + (len > suffix_len ? len - suffix_len : 0);
		if (attached->map_fds[i] >= 0 || strcmp(end, map_suffixes[i]))
			continue;
		/* The name of a section follows that of the object. */
		if (*map_suffixes[i] != '.' && len != suffix_len)
			continue;
		attached->map_fds[i] = fd;
		attached->map_sizes[i] = info->value_size;
		return true;
	}
	return false;
}

static bool uses_map(const struct attached *attached, __u32 id)
{
	int i;

	for (i = 0; i < attached->nr_map_ids; i++)
		if (attached->map_ids[i] == id)
			return true;
	return false;
}

static int note_map(struct attached *attached, __u32 id)
{
	__u32 *ids;

	if (uses_map(attached, id))
		return 0;
	ids = reallocarray(attached->map_ids, attached->nr_map_ids + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	ids[attached->nr_map_ids++] = id;
	attached->map_ids = ids;

	return 0;
}

static int read_program(struct attached *attached, __u32 id, __u32 *stats_type)
{
	__u32 map_ids[NR_PROGRAM_MAPS] = {}, len, i;
	struct bpf_prog_info info = {
		.nr_map_ids = NR_PROGRAM_MAPS,
		.map_ids = (unsigned long)map_ids,
	};
	struct bpf_map_info map;
	int fd, err;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	len = sizeof(info);
	err = bpf_prog_get_info_by_fd(fd, &info, &len);
	close(fd);

	for (i = 0; !err && i < info.nr_map_ids && i < NR_PROGRAM_MAPS; i++) {
		err = note_map(attached, map_ids[i]);
		fd = open_map(map_ids[i], &map);
		if (fd < 0)
			continue;
		if (!keep_map(attached, &map, fd))
			close(fd);
		else if (fd == attached->map_fds[ATTACHED_STATS])
			*stats_type = map.btf_value_type_id;
	}
	return err;
}

/* The kernel shows ops with ids of programs in place of function pointers. */
static int read_ops(struct attached *attached, __u32 *stats_type)
{
	const struct btf *btf = kernel__btf();
	int ops_id = btf__find_by_name_kind(btf, TIERX_OPS_TYPE, BTF_KIND_STRUCT);
	int outer_id = btf__find_by_name_kind(btf, KERNEL_OPS_TYPE, BTF_KIND_STRUCT);
	const struct btf_type *outer = btf__type_by_id(btf, outer_id);
	const struct btf_type *ops = btf__type_by_id(btf, ops_id);
	const struct btf_member *member = btf_members(ops);
	const void *data, *field;
	__u32 key = 0;
	__u64 program;
	void *value;
	int err, i;

	value = calloc(1, outer->size);
	if (!value)
		return -ENOMEM;
	err = bpf_map_lookup_elem(attached->ops_fd, &key, value);
	data = value + btf_members(outer)[btf_vlen(outer) - 1].offset / 8;

	for (i = 0; !err && i < btf_vlen(ops); i++, member++) {
		field = data + member->offset / 8;
		if (!strcmp(btf__name_by_offset(btf, member->name_off), "name"))
			strncpy(attached->name, field, POLICY_NAME_LEN - 1);
		if (!btf_is_ptr(btf__type_by_id(btf, btf__resolve_type(btf, member->type))))
			continue;
		memcpy(&program, field, sizeof(program));
		if (program)
			err = read_program(attached, program, stats_type);
	}
	free(value);

	return err;
}

int attached__open(struct attached *attached)
{
	__u32 btf_id = 0, stats_type = 0;
	int err;

	memset(attached, 0, sizeof(*attached));
	memset(attached->map_fds, -1, sizeof(attached->map_fds));
	attached->link_fd = -1;
	attached->ops_fd = -1;

	if (find_link(attached, &btf_id)) {
		log__error("no policy is attached");
		return STATUS_REFUSED;
	}
	attached->btf = btf__load_from_kernel_by_id(btf_id);
	if (!attached->btf) {
		log__error("the attached policy has no BTF: %m");
		return STATUS_INTERNAL;
	}
	err = read_ops(attached, &stats_type);
	if (err) {
		log__error("cannot read the attached policy: %s", strerror(-err));
		return STATUS_INTERNAL;
	}

	return description__read(&attached->description, attached->btf, stats_type);
}

bool attached__is_none(void)
{
	struct attached attached = { .link_fd = -1, .ops_fd = -1 };
	__u32 btf_id;

	if (find_link(&attached, &btf_id))
		return true;
	close(attached.link_fd);
	close(attached.ops_fd);

	return false;
}

bool attached__is_current(const struct attached *attached)
{
	char *name = kernel__policy();
	bool current = name && !strcmp(name, attached->name);

	/* The link of an ejected policy may still name its ops. */
	free(name);
	return current && link_ops_id(attached->link_fd) == attached->ops_id;
}

void attached__close(struct attached *attached)
{
	int i;

	description__clear(&attached->description);
	btf__free(attached->btf);
	free(attached->map_ids);
	for (i = 0; i < NR_ATTACHED_MAPS; i++)
		if (attached->map_fds[i] >= 0)
			close(attached->map_fds[i]);
	if (attached->ops_fd >= 0)
		close(attached->ops_fd);
	if (attached->link_fd >= 0)
		close(attached->link_fd);
}

/* Where the kernel has cut several names to the same, the pin has the whole one. */
static int open_pinned_map(const struct attached *attached, const char *name,
			   struct bpf_map_info *info)
{
	char path[PATH_MAX];
	__u32 len = sizeof(*info);
	int fd;

	snprintf(path, sizeof(path), PIN_MAPS "/%s", name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -ENOTUNIQ;
	memset(info, 0, sizeof(*info));
	if (!bpf_map_get_info_by_fd(fd, info, &len) && uses_map(attached, info->id))
		return fd;

	close(fd);
	return -ENOTUNIQ;
}

int attached__open_map(const struct attached *attached, const char *name, struct bpf_map_info *info)
{
	int fd, found = -ENOENT, i;
	struct bpf_map_info other;

	for (i = 0; i < attached->nr_map_ids; i++) {
		fd = open_map(attached->map_ids[i], &other);
		if (fd < 0)
			return fd;
		if (strncmp(other.name, name, sizeof(other.name) - 1)) {
			close(fd);
			continue;
		}
		if (found >= 0) {
			close(found);
			close(fd);
			return open_pinned_map(attached, name, info);
		}
		found = fd;
		*info = other;
	}
	return found;
}

static int read_section(const struct attached *attached, enum attached_map map, void **data)
{
	__u32 key = 0;

	*data = NULL;
	if (attached->map_fds[map] < 0)
		return 0;
	*data = malloc(attached->map_sizes[map]);
	if (!*data)
		return -ENOMEM;

	return bpf_map_lookup_elem(attached->map_fds[map], &key, *data);
}

int attached__values(const struct attached *attached, struct number *values)
{
	enum attached_map map;
	const struct knob *knob;
	void *sections[NR_ATTACHED_MAPS] = {};
	int err, i;

	err = read_section(attached, ATTACHED_TUNE, &sections[ATTACHED_TUNE]);
	if (!err)
		err = read_section(attached, ATTACHED_RODATA, &sections[ATTACHED_RODATA]);

	for (i = 0; !err && i < attached->description.nr_knobs; i++) {
		knob = &attached->description.knobs[i];
		map = knob->at_runtime ? ATTACHED_TUNE : ATTACHED_RODATA;
		memset(&values[i], 0, sizeof(values[i]));
		/* A section that no program uses is not attached, and its knobs do nothing. */
		if (sections[map] && knob->offset + knob->size <= attached->map_sizes[map])
			values[i] = number__load(sections[map] + knob->offset, knob->size,
						 knob->is_signed);
	}
	free(sections[ATTACHED_TUNE]);
	free(sections[ATTACHED_RODATA]);

	return err;
}

/* Through memory, so that the policy's own writes to the knobs beside it are not undone. */
int attached__set(const struct attached *attached, const struct knob *knob, struct number value)
{
	__u32 size = attached->map_sizes[ATTACHED_TUNE];
	void *data;

	if (attached->map_fds[ATTACHED_TUNE] < 0 || knob->offset + knob->size > size)
		return -ENOENT;

	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    attached->map_fds[ATTACHED_TUNE], 0);
	if (data == MAP_FAILED)
		return -errno;
	number__store(data + knob->offset, knob->size, value);
	munmap(data, size);

	return 0;
}

int attached__counters(const struct attached *attached, __u64 *values)
{
	int nr_cpus = libbpf_num_possible_cpus();
	int nr = attached->description.nr_counters, err, cpu, i;
	size_t size = (attached->map_sizes[ATTACHED_STATS] + 7) / 8 * 8;
	__u32 key = 0;
	__u64 *value;
	char *data;

	memset(values, 0, nr * sizeof(*values));
	if (nr_cpus < 0)
		return nr_cpus;
	if (attached->map_fds[ATTACHED_STATS] < 0)
		return 0;

	data = calloc(nr_cpus, size);
	if (!data)
		return -ENOMEM;
	err = bpf_map_lookup_elem(attached->map_fds[ATTACHED_STATS], &key, data);
	for (cpu = 0; !err && cpu < nr_cpus; cpu++) {
		for (i = 0; i < nr; i++) {
			value = (void *)data + cpu * size +
				attached->description.counters[i].offset;
			values[i] += *value;
		}
	}
	free(data);

	return err;
}
