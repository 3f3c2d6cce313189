// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <tier_ext/tags.h>

#include "library.h"
#include "log.h"
#include "policy.h"
#include "tierx.h"

#define OPS_PREFIX   "ops."
#define CGROUP_FIELD "cgroup_id"

/* Find the struct_ops map; there has to be exactly one, and of the right kind. */
static int find_ops(struct policy *policy)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_type *type;
	struct bpf_map *map;

	bpf_object__for_each_map(map, policy->object) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		type = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
		if (!type || strcmp(btf__name_by_offset(btf, type->name_off), TIERX_OPS_TYPE))
			continue;
		if (policy->ops_map) {
			log__error("%s has more than one struct %s", policy->path, TIERX_OPS_TYPE);
			return STATUS_USAGE;
		}
		policy->ops_map = map;
		policy->ops_type = type;
	}
	if (!policy->ops_map) {
		log__error("%s is not a policy: it has no struct %s", policy->path, TIERX_OPS_TYPE);
		return STATUS_USAGE;
	}
	if (!(bpf_map__map_flags(policy->ops_map) & BPF_F_LINK)) {
		log__error("%s: struct %s has to be in section .struct_ops.link", policy->path,
			   TIERX_OPS_TYPE);
		return STATUS_USAGE;
	}

	return STATUS_DONE;
}

/* In a damaged object a member of ops may be anywhere. */
static int check_layout(const struct policy *policy)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_member *member = btf_members(policy->ops_type);
	const struct btf_type *type;
	__s64 size;
	int i;

	for (i = 0; i < btf_vlen(policy->ops_type); i++, member++) {
		type = btf__type_by_id(btf, btf__resolve_type(btf, member->type));
		size = btf__resolve_size(btf, member->type);
		if (type && size > 0 && !(member->offset % 8) &&
		    member->offset / 8 + size <= policy->ops_type->size &&
		    (!btf_is_int(type) || size <= 8))
			continue;
		log__error("%s is not a policy: its struct %s is damaged", policy->path,
			   TIERX_OPS_TYPE);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

/* A member of ops by name; NULL if there is none. @number is its type, NULL if it is no integer. */
static void *find_field(const struct policy *policy, const char *name,
			const struct btf_type **number)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_member *member = btf_members(policy->ops_type);
	const struct btf_type *type;
	int i;

	for (i = 0; i < btf_vlen(policy->ops_type); i++, member++) {
		if (strcmp(btf__name_by_offset(btf, member->name_off), name))
			continue;
		type = btf__type_by_id(btf, btf__resolve_type(btf, member->type));
		*number = type && btf_is_int(type) ? type : NULL;
		return bpf_map__initial_value(policy->ops_map, NULL) + member->offset / 8;
	}
	return NULL;
}

static int read_name(struct policy *policy)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_member *member = btf_members(policy->ops_type);
	const char *value = bpf_map__initial_value(policy->ops_map, NULL);
	int i;

	for (i = 0; i < btf_vlen(policy->ops_type); i++, member++)
		if (!strcmp(btf__name_by_offset(btf, member->name_off), "name") &&
		    btf__resolve_size(btf, member->type) >= POLICY_NAME_LEN)
			memcpy(policy->name, value + member->offset / 8, POLICY_NAME_LEN - 1);
	if (!*policy->name) {
		log__error("%s is not a policy: it has no name", policy->path);
		return STATUS_USAGE;
	}

	return STATUS_DONE;
}

static struct bpf_map *find_section(const struct policy *policy, const char *section)
{
	struct bpf_map *map;
	const char *dot;

	bpf_object__for_each_map(map, policy->object) {
		dot = strchr(bpf_map__name(map), '.');
		if (bpf_map__is_internal(map) && dot && !strcmp(dot, section))
			return map;
	}
	return NULL;
}

/* Where a knob is in the memory that the object will be loaded from. */
static void *knob_memory(const struct policy *policy, const struct knob *knob)
{
	struct bpf_map *map = find_section(policy, knob->section);
	size_t size = 0;
	void *data = map ? bpf_map__initial_value(map, &size) : NULL;

	return data && knob->offset + (size_t)knob->size <= size ? data + knob->offset : NULL;
}

static int check_knobs(const struct policy *policy)
{
	const struct knob *knob;
	int i;

	for (i = 0; i < policy->description.nr_knobs; i++) {
		knob = &policy->description.knobs[i];
		if (knob_memory(policy, knob))
			continue;
		log__error("%s: knob %s is not in its section %s", policy->path, knob->name,
			   knob->section);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

/**
 * struct op_check - are all ops programs?
 * @policy: the policy
 * @bad: one that is not, or NULL
 */
struct op_check {
	const struct policy *policy;
	const char *bad;
};

static void check_op(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	struct op_check *check = arg;
	struct bpf_program *program, *wanted;

	if (!policy__is_op(type))
		return;
	wanted = *(struct bpf_program *const *)value;
	if (!wanted)
		return;
	bpf_object__for_each_program(program, check->policy->object)
		if (program == wanted)
			return;
	check->bad = name;
}

/* In a damaged object a function pointer may be anything. */
static int check_ops(const struct policy *policy)
{
	struct op_check check = { .policy = policy };

	policy__for_each_member(policy, check_op, &check);
	if (!check.bad)
		return STATUS_DONE;

	log__error("%s: op %s is not a program", policy->path, check.bad);
	return STATUS_USAGE;
}

static int describe(struct policy *policy)
{
	struct bpf_map *stats = bpf_object__find_map_by_name(policy->object, TIERX_STATS_MAP);
	int status;

	status = description__read(&policy->description, bpf_object__btf(policy->object),
				   stats ? bpf_map__btf_value_type_id(stats) : 0);
	return status ? status : check_knobs(policy);
}

int policy__open(struct policy *policy, const char *name)
{
	const char *warning;
	int status;

	memset(policy, 0, sizeof(*policy));
	status = library__find(name, &policy->path);
	if (status)
		return status;

	log__forget();
	policy->object = bpf_object__open(policy->path);
	if (!policy->object) {
		warning = log__first_warning();
		log__error("%s is not a policy: %s", policy->path,
			   warning ? warning : strerror(errno));
		return STATUS_USAGE;
	}

	status = find_ops(policy);
	if (!status)
		status = check_layout(policy);
	if (!status)
		status = check_ops(policy);
	if (!status)
		status = read_name(policy);
	if (!status)
		status = describe(policy);

	return status;
}

void policy__close(struct policy *policy)
{
	description__clear(&policy->description);
	bpf_object__close(policy->object);
	free(policy->path);
	memset(policy, 0, sizeof(*policy));
}

static int assign_field(struct policy *policy, const char *name, const char *text)
{
	const struct btf_type *type;
	struct number value;
	bool is_signed;
	void *field;

	/* Where a policy is attached decides about pins, messages and more. */
	if (!strcmp(name, CGROUP_FIELD)) {
		log__error("ops." CGROUP_FIELD " is set by --cgroup");
		return STATUS_USAGE;
	}
	field = find_field(policy, name, &type);
	if (!field || !type) {
		log__error("struct %s has no integer field %s", TIERX_OPS_TYPE, name);
		return STATUS_USAGE;
	}
	if (number__parse(text, &value)) {
		log__error("ops.%s=%s: not a number", name, text);
		return STATUS_USAGE;
	}
	/* Which values make sense is for the kernel to say. */
	is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
	if (!number__fits(value, type->size, is_signed)) {
		log__error("ops.%s=%s: out of range, it is %s integer of %u bytes", name, text,
			   is_signed ? "a signed" : "an unsigned", type->size);
		return STATUS_USAGE;
	}
	number__store(field, type->size, value);

	return STATUS_DONE;
}

static int assign_knob(struct policy *policy, const char *name, const char *text)
{
	const struct knob *knob;
	struct number value;
	int status;

	knob = description__find_knob(&policy->description, policy->name, name);
	if (!knob)
		return STATUS_USAGE;
	status = knob__parse_value(knob, text, &value);
	if (!status)
		number__store(knob_memory(policy, knob), knob->size, value);

	return status;
}

int policy__assign(struct policy *policy, char **words, int nr)
{
	const char *value;
	int status, i;
	char *name;

	for (i = 0; i < nr; i++) {
		status = assignment__split(words[i], &name, &value);
		if (status)
			return status;
		if (!strncmp(name, OPS_PREFIX, strlen(OPS_PREFIX)))
			status = assign_field(policy, name + strlen(OPS_PREFIX), value);
		else
			status = assign_knob(policy, name, value);
		free(name);
		if (status)
			return status;
	}
	return STATUS_DONE;
}

int policy__set_cgroup(struct policy *policy, __u64 cgroup_id)
{
	struct number id = { .bits = cgroup_id };
	const struct btf_type *type;
	void *field;

	field = find_field(policy, CGROUP_FIELD, &type);
	if (field && type) {
		number__store(field, type->size, id);
	} else if (cgroup_id) {
		log__error("policy %s was built without " CGROUP_FIELD " in struct %s",
			   policy->name, TIERX_OPS_TYPE);
		return STATUS_USAGE;
	}

	return STATUS_DONE;
}

bool policy__is_op(const struct btf_type *type)
{
	return btf_is_ptr(type);
}

void policy__for_each_member(const struct policy *policy,
			     void (*visit)(const char *name, const struct btf_type *type,
					   const void *value, void *arg),
			     void *arg)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const struct btf_member *member = btf_members(policy->ops_type);
	const void *value = bpf_map__initial_value(policy->ops_map, NULL);
	const struct btf_type *type;
	int i;

	for (i = 0; i < btf_vlen(policy->ops_type); i++, member++) {
		type = btf__type_by_id(btf, btf__resolve_type(btf, member->type));
		if (type)
			visit(btf__name_by_offset(btf, member->name_off), type,
			      value + member->offset / 8, arg);
	}
}

struct bpf_program *policy__program(const struct policy *policy, const char *op)
{
	const struct btf_type *number;
	struct bpf_program **program = find_field(policy, op, &number);

	/* libbpf replaces the function pointers of the object by programs. */
	return program && !number ? *program : NULL;
}

struct number policy__knob_value(const struct policy *policy, const struct knob *knob)
{
	return number__load(knob_memory(policy, knob), knob->size, knob->is_signed);
}
