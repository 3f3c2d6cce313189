// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <tier_ext/tags.h>

#include "attach.h"
#include "cgroup.h"
#include "kernel.h"
#include "log.h"
#include "pfn_map.h"
#include "pins.h"
#include "shared.h"
#include "tierx.h"
#include "verifier.h"

/* Does libbpf miss a kfunc or an op of a newer kernel? It has no errno of its own for that. */
static bool is_missing(const char *warning)
{
	return warning &&
	       (strstr(warning, "not found in kernel") || strstr(warning, "Cannot find member"));
}

int policy__prepare(struct policy *policy, const struct arguments *args, const struct place *place)
{
	int status;

	status = policy__open(policy, args->policy);
	if (!status)
		status = shared__check(policy);
	if (!status)
		status = policy__assign(policy, args->assignments, args->nr_assignments);
	if (!status)
		status = policy__set_cgroup(policy, place->cgroup_id);
	if (!status)
		status = kernel__require();
	if (!status)
		status = pins__require();
	if (!status)
		status = pfn_maps__fit(policy);

	return status;
}

int policy__load(struct policy *policy)
{
	const char *warning;
	int err;

	log__forget();
	err = bpf_object__load(policy->object);
	if (!err)
		return STATUS_DONE;

	if (verifier__explain(policy))
		return STATUS_REFUSED;

	warning = log__first_warning();
	log__error("the kernel refuses policy %s: %s", policy->name,
		   warning ? warning : strerror(-err));
	return is_missing(warning) ? STATUS_UNSUPPORTED : STATUS_REFUSED;
}

static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *type,
					    const char *name)
{
	const struct btf_member *member = btf_members(type);
	int i;

	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			return &member[i];
	return NULL;
}

struct fill {
	const struct btf *btf;
	const struct btf_type *ops;
	void *data;
};

/* A member at its place in the kernel's struct; a program is named by its descriptor. */
static void fill_member(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	const struct fill *fill = arg;
	const struct btf_member *member = find_member(fill->btf, fill->ops, name);
	struct bpf_program *program;
	__s64 size;

	/* Loading has checked that what this kernel does not know is not used. */
	if (!member)
		return;

	if (policy__is_op(type)) {
		program = *(struct bpf_program *const *)value;
		if (program)
			*(unsigned long *)(fill->data + member->offset / 8) =
				bpf_program__fd(program);
		return;
	}
	size = btf__resolve_size(fill->btf, member->type);
	if (size > 0)
		memcpy(fill->data + member->offset / 8, value, size);
}

static int fill_ops(struct policy *policy)
{
	const struct btf *btf = kernel__btf();
	const struct btf_type *outer =
		btf__type_by_id(btf, btf__find_by_name_kind(btf, "bpf_struct_ops_" TIERX_OPS_TYPE,
							    BTF_KIND_STRUCT));
	struct fill fill = {
		.btf = btf,
		.ops = btf__type_by_id(btf, btf__find_by_name_kind(btf, TIERX_OPS_TYPE,
								   BTF_KIND_STRUCT)),
	};
	__u32 key = 0;
	void *value;
	int err;

	if (!outer || !fill.ops || !find_member(btf, outer, "data"))
		return -ESRCH;

	value = calloc(1, outer->size);
	if (!value)
		return -ENOMEM;
	fill.data = value + find_member(btf, outer, "data")->offset / 8;
	policy__for_each_member(policy, fill_member, &fill);
	err = bpf_map_update_elem(bpf_map__fd(policy->ops_map), &key, value, BPF_ANY);
	free(value);

	return err;
}

int policy__fill(struct policy *policy)
{
	int err = fill_ops(policy);

	if (!err)
		return STATUS_DONE;
	log__error("the kernel refuses a field of policy %s (ops.*): %s", policy->name,
		   strerror(-err));

	return STATUS_REFUSED;
}

int policy__refuse_second(const struct policy *policy, const struct place *place)
{
	char words[PLACE_WORDS_LEN], option[PLACE_OPTION_LEN];
	char *other = kernel__policy(place);
	int status = STATUS_DONE;

	if (other && *other) {
		log__error("policy %s is attached%s; replace it with 'tierx swap %s%s'", other,
			   place__words(place, "to", words), policy->name,
			   place__option(place, option));
		status = STATUS_REFUSED;
	}
	free(other);

	return status;
}

/* Who may attach policies may lack the one capability that few of them need. */
static const char *reason(int err)
{
	return err == -EACCES ? "not permitted (if ops.nice is below 0, that takes CAP_SYS_NICE)" :
				strerror(-err);
}

static bool is_gone(const struct place *place)
{
	struct cgroup_path path = { .id = place->cgroup_id };
	bool gone;

	cgroup__find_paths(&path, 1);
	gone = !path.path;
	free(path.path);

	return gone;
}

int policy__attach(struct policy *policy, const struct place *place, int *link_fd)
{
	int err;

	*link_fd = bpf_link_create(bpf_map__fd(policy->ops_map), 0, BPF_STRUCT_OPS, NULL);
	if (*link_fd >= 0)
		return STATUS_DONE;

	err = *link_fd;
	if (err == -EBUSY && policy__refuse_second(policy, place))
		return STATUS_REFUSED;
	/* Since somebody looked at it. An init op may have any error, too. */
	if (err == -ENOENT && place->cgroup_id && is_gone(place))
		log__error("policy %s was not attached: cgroup %s was removed; name another one",
			   policy->name, place->cgroup);
	else
		log__error("policy %s was not attached: %s", policy->name, reason(err));

	return STATUS_REFUSED;
}

/* An error may be that of the new policy's init op: what has become of the old one tells. */
static void explain_replace(const struct policy *policy, const struct place *place,
			    const struct policy_link *old, int err)
{
	char option[PLACE_OPTION_LEN];

	if (!kernel__has_policy(place))
		log__error("the attached policy has just ended; use 'tierx load %s%s'",
			   policy->name, place__option(place, option));
	else if (!policy_link__is_current(old))
		log__error("the attached policy was replaced by somebody else meanwhile");
	else
		log__error("policy %s did not start: %s; the old policy goes on", policy->name,
			   reason(err));
}

int policy__replace(struct policy *policy, const struct place *place, const struct policy_link *old)
{
	LIBBPF_OPTS(bpf_link_update_opts, opts, .flags = BPF_F_REPLACE, .old_map_fd = old->ops_fd);
	int err;

	err = bpf_link_update(old->fd, bpf_map__fd(policy->ops_map), &opts);
	if (!err)
		return STATUS_DONE;

	explain_replace(policy, place, old, err);
	return STATUS_REFUSED;
}
