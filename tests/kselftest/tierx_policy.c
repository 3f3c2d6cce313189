// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test policies: open, change, load, attach, swap. Fields of the ops and global
 * variables are found by name in the object's BTF, so that one object can play
 * many parts.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <limits.h>
#include <sys/mman.h>

#include "tierx_test.h"

#define LOG_SIZE  (1 << 20)
#define SAID_SIZE (1 << 14)

struct tierx_policy {
	char name[64];
	struct bpf_object *object;
	struct bpf_map *map;
	struct bpf_link *link;
	char *log;
};

/* What libbpf said since the last load; it has no context to keep it in. */
static char said[SAID_SIZE];
static size_t said_len;

static int keep_what_libbpf_says(enum libbpf_print_level level, const char *fmt, va_list args)
{
	int len;

	if (level == LIBBPF_DEBUG || said_len >= SAID_SIZE - 1)
		return 0;
	len = vsnprintf(said + said_len, SAID_SIZE - said_len, fmt, args);
	if (len > 0)
		said_len += len;
	return 0;
}

void tierx_policy_close(struct tierx_policy *policy)
{
	tierx_detach(policy);
	bpf_object__close(policy->object);
	policy->object = NULL;
	free(policy->log);
	policy->log = NULL;
}

static void policy_free(void *arg)
{
	tierx_policy_close(arg);
	free(arg);
}

static struct bpf_map *find_ops_map(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			return map;
	return NULL;
}

struct tierx_policy *tierx_open(const char *object)
{
	struct tierx_policy *policy;
	char path[PATH_MAX + 128];
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	libbpf_set_print(keep_what_libbpf_says);
	policy = calloc(1, sizeof(*policy));
	ASSERT(policy);
	tierx_defer(policy_free, policy);
	snprintf(policy->name, sizeof(policy->name), "%s", object);
	policy->log = calloc(1, LOG_SIZE + SAID_SIZE);
	ASSERT(policy->log);

	opts.kernel_log_buf = policy->log;
	opts.kernel_log_size = LOG_SIZE;
	snprintf(path, sizeof(path), "%s/progs/%s.bpf.o", tierx_dir(), object);
	said_len = 0;
	policy->object = bpf_object__open_file(path, &opts);
	if (!policy->object)
		FAIL("open %s: %s: %s", path, strerror(errno), said);
	policy->map = find_ops_map(policy->object);

	return policy;
}

struct tierx_policy *tierx_open_shipped(const char *name)
{
	char object[128], path[PATH_MAX + 256];

	snprintf(object, sizeof(object), "../../../bpf/%s", name);
	snprintf(path, sizeof(path), "%s/progs/%s.bpf.o", tierx_dir(), object);
	if (access(path, R_OK))
		SKIP("no %s", path);
	return tierx_open(object);
}

struct bpf_object *tierx_object(struct tierx_policy *policy)
{
	return policy->object;
}

struct bpf_map *tierx_ops_map(struct tierx_policy *policy)
{
	return policy->map;
}

struct member {
	size_t offset;
	size_t size;
};

/* Of a struct type of the object's. */
static struct member find_member(struct tierx_policy *policy, int id, const char *name)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_member *member;
	const struct btf_type *type;
	int i;

	ASSERT_GT(id, 0);
	type = btf__type_by_id(btf, id);
	member = btf_members(type);
	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			return (struct member){
				.offset = btf_member_bit_offset(type, i) / 8,
				.size = btf__resolve_size(btf, member[i].type),
			};
	FAIL("no %s in %s", name, btf__name_by_offset(btf, type->name_off));
}

static struct member find_field(struct tierx_policy *policy, const char *name)
{
	int id = btf__find_by_name_kind(bpf_object__btf(policy->object), "tier_ext_ops",
					BTF_KIND_STRUCT);

	return find_member(policy, id, name);
}

void *tierx_field(struct tierx_policy *policy, const char *name)
{
	char *ops = bpf_map__initial_value(policy->map, NULL);

	return ops + find_field(policy, name).offset;
}

void tierx_field_set(struct tierx_policy *policy, const char *name, uint64_t value)
{
	void *field = tierx_field(policy, name);
	size_t size = find_field(policy, name).size;

	ASSERT(size == 4 || size == 8);
	memcpy(field, &value, size);
}

void tierx_rename(struct tierx_policy *policy, const char *name)
{
	char *field = tierx_field(policy, "name");
	size_t size = find_field(policy, "name").size;

	memset(field, 0, size);
	ASSERT_LE(strlen(name), size);
	memcpy(field, name, strlen(name));
}

void tierx_size_by_pfn(struct tierx_policy *policy, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(policy->object, name);

	ASSERT(map);
	ASSERT_EQ(bpf_map__set_max_entries(map, tierx_max_pfn()), 0);
}

int tierx_call(struct tierx_policy *policy, const char *name, void *args, size_t size)
{
	struct bpf_program *program = bpf_object__find_program_by_name(policy->object, name);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = size);

	ASSERT(program);
	ASSERT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
	return opts.retval;
}

uint64_t tierx_counter(struct tierx_policy *policy, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(policy->object, "stats");
	int cpu, nr_cpus = libbpf_num_possible_cpus();
	struct member member;
	uint32_t key = 0;
	uint64_t sum = 0;
	char *values;
	size_t size;

	ASSERT(map);
	member = find_member(policy, bpf_map__btf_value_type_id(map), name);
	/* As the kernel pads the value of each CPU. */
	size = (bpf_map__value_size(map) + 7) / 8 * 8;
	values = calloc(nr_cpus, size);
	ASSERT(values);
	ASSERT_EQ(bpf_map__lookup_elem(map, &key, sizeof(key), values, nr_cpus * size, 0), 0);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		sum += *(uint64_t *)(values + cpu * size + member.offset);
	free(values);
	return sum;
}

/* A section's map has the object's name in front of the section's. */
static struct bpf_map *find_section_map(struct bpf_object *object, const char *section)
{
	struct bpf_map *map;
	const char *name;

	bpf_object__for_each_map(map, object) {
		name = strchr(bpf_map__name(map), '.');
		if (bpf_map__is_internal(map) && name && !strcmp(name, section))
			return map;
	}
	return NULL;
}

void *tierx_global(struct tierx_policy *policy, const char *name)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_var_secinfo *info;
	const struct btf_type *type, *var;
	struct bpf_map *map;
	unsigned int id;
	size_t size;
	int i;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		type = btf__type_by_id(btf, id);
		if (!btf_is_datasec(type))
			continue;
		info = btf_var_secinfos(type);
		for (i = 0; i < btf_vlen(type); i++) {
			var = btf__type_by_id(btf, info[i].type);
			if (strcmp(btf__name_by_offset(btf, var->name_off), name))
				continue;
			map = find_section_map(policy->object,
					       btf__name_by_offset(btf, type->name_off));
			if (map)
				return (char *)bpf_map__initial_value(map, &size) + info[i].offset;
		}
	}
	FAIL("no variable %s in %s", name, policy->name);
}

/* Let what tierx_global() returns be the memory that the programs see from now on. */
static int share_globals(struct tierx_policy *policy)
{
	struct bpf_map *map;
	size_t size;
	void *addr;

	bpf_object__for_each_map(map, policy->object) {
		if (!bpf_map__is_internal(map) || !(bpf_map__map_flags(map) & BPF_F_MMAPABLE))
			continue;
		addr = bpf_map__initial_value(map, &size);
		if (!addr)
			continue;
		addr = mmap(addr, size,
			    bpf_map__map_flags(map) & BPF_F_RDONLY_PROG ? PROT_READ :
									  PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, bpf_map__fd(map), 0);
		if (addr == MAP_FAILED)
			return -errno;
	}
	return 0;
}

int tierx_load(struct tierx_policy *policy)
{
	size_t len;
	int err;

	said_len = 0;
	said[0] = '\0';
	policy->log[0] = '\0';
	err = bpf_object__load(policy->object);
	/* The verifier's words come first, because they are the reason. */
	len = strnlen(policy->log, LOG_SIZE - 1);
	snprintf(policy->log + len, SAID_SIZE, "%s", said);

	return err ? err : share_globals(policy);
}

const char *tierx_log(struct tierx_policy *policy)
{
	return policy->log;
}

int tierx_attach(struct tierx_policy *policy)
{
	ASSERT(policy->map);
	policy->link = bpf_map__attach_struct_ops(policy->map);
	return policy->link ? 0 : -errno;
}

void tierx_start(struct tierx_policy *policy)
{
	if (tierx_load(policy))
		FAIL("load: %s", tierx_log(policy));
	ASSERT_EQ(tierx_attach(policy), 0);
}

int tierx_swap(struct tierx_policy *old, struct tierx_policy *policy)
{
	int err;

	ASSERT(old->link);
	err = bpf_link__update_map(old->link, policy->map);
	if (err)
		return err;
	policy->link = old->link;
	if (old != policy)
		old->link = NULL;
	return 0;
}

int tierx_link_fd(struct tierx_policy *policy)
{
	ASSERT(policy->link);
	return bpf_link__fd(policy->link);
}

static void unpin(void *arg)
{
	unlink(arg);
	free(arg);
}

int tierx_pin(struct tierx_policy *policy, const char *path)
{
	int err;

	ASSERT(policy->link);
	unlink(path);
	err = bpf_link__pin(policy->link, path);
	if (!err)
		tierx_defer(unpin, strdup(path));
	return err;
}

void tierx_detach(struct tierx_policy *policy)
{
	/* Closes it; a pin is another reference. */
	bpf_link__destroy(policy->link);
	policy->link = NULL;
}
