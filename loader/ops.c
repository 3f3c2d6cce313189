// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <tier_ext/tags.h>

#include "kernel.h"
#include "ops.h"

#define NS_PER_S 1000000000ULL

/* There are many types to search through, and the kernel's do not change. */
static int find_struct(const char *name, int *id)
{
	if (!*id)
		*id = btf__find_by_name_kind(kernel__btf(), name, BTF_KIND_STRUCT);
	return *id;
}

static const struct btf_type *ops_type(void)
{
	static int id;

	return btf__type_by_id(kernel__btf(), find_struct(TIERX_OPS_TYPE, &id));
}

int ops__value_type(void)
{
	static int id;

	return find_struct("bpf_struct_ops_" TIERX_OPS_TYPE, &id);
}

int ops__read(struct ops *ops, int map_fd)
{
	const struct btf_type *outer = btf__type_by_id(kernel__btf(), ops__value_type());
	__u32 key = 0;
	int err;

	memset(ops, 0, sizeof(*ops));
	if (!outer || !ops_type())
		return -ESRCH;
	ops->value = calloc(1, outer->size);
	if (!ops->value)
		return -ENOMEM;
	/* They are the last member of what is around them. */
	ops->data = ops->value + btf_members(outer)[btf_vlen(outer) - 1].offset / 8;
	err = bpf_map_lookup_elem(map_fd, &key, ops->value);
	if (err)
		ops__clear(ops);

	return err;
}

void ops__clear(struct ops *ops)
{
	free(ops->value);
	memset(ops, 0, sizeof(*ops));
}

/* A member by name; NULL if this kernel has none. */
static const void *find_field(const struct ops *ops, const char *name)
{
	const struct btf_type *type = ops_type();
	const struct btf_member *member = btf_members(type);
	int i;

	for (i = 0; i < btf_vlen(type); i++, member++)
		if (!strcmp(btf__name_by_offset(kernel__btf(), member->name_off), name))
			return ops->data + member->offset / 8;
	return NULL;
}

const char *ops__name(const struct ops *ops)
{
	const char *name = find_field(ops, "name");

	return name ? name : "";
}

static __u64 read_u64(const struct ops *ops, const char *name)
{
	const void *field = find_field(ops, name);
	__u64 value = 0;

	if (field)
		memcpy(&value, field, sizeof(value));
	return value;
}

__u64 ops__cgroup_id(const struct ops *ops)
{
	return read_u64(ops, "cgroup_id");
}

/* The kernel shows ids of programs in place of function pointers. */
bool ops__has(const void *ops, const char *op)
{
	return read_u64(ops, op);
}

int ops__for_each_program(const struct ops *ops, int (*visit)(__u32 id, void *arg), void *arg)
{
	const struct btf *btf = kernel__btf();
	const struct btf_type *type = ops_type(), *field;
	const struct btf_member *member = btf_members(type);
	__u64 program;
	int err = 0, i;

	for (i = 0; !err && i < btf_vlen(type); i++, member++) {
		field = btf__type_by_id(btf, btf__resolve_type(btf, member->type));
		if (!field || !btf_is_ptr(field))
			continue;
		memcpy(&program, ops->data + member->offset / 8, sizeof(program));
		if (program)
			err = visit(program, arg);
	}
	return err;
}

/* One is enough, they were loaded together. */
static int read_load_time(__u32 id, void *arg)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	__u64 *load_time = arg;
	int fd;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return 0;
	if (!bpf_prog_get_info_by_fd(fd, &info, &len))
		*load_time = info.load_time;
	close(fd);

	return !!*load_time;
}

__u64 ops__since(const struct ops *ops)
{
	struct timespec since_boot;
	__u64 load_time = 0;

	ops__for_each_program(ops, read_load_time, &load_time);
	if (!load_time)
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	return time(NULL) - (since_boot.tv_sec - load_time / NS_PER_S);
}
