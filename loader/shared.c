// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <tier_ext/tags.h>

#include "layout.h"
#include "log.h"
#include "shared.h"
#include "tag.h"
#include "tierx.h"

int shared__check(const struct policy *policy)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	const char *name;
	__u32 id = 0;

	while ((name = tag__next_variable(btf, TIERX_TAG_SHARED, &id))) {
		if (bpf_object__find_map_by_name(policy->object, name))
			continue;
		log__error("%s: %s is tagged as shared, but is no map", policy->path, name);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

/* Both maps at hand: the same layout, then the kernel's is what the policy is loaded with. */
static int take_over_map(const struct policy *policy, struct bpf_map *map,
			 const struct attached *old, int fd, const struct bpf_map_info *info)
{
	struct layout layout = layout__of_map(map, bpf_object__btf(policy->object));
	struct btf *btf = info->btf_id ? btf__load_from_kernel_by_id(info->btf_id) : NULL;
	struct layout old_layout = layout__of_info(info, btf);
	char difference[LAYOUT_DIFFERENCE_LEN];
	int status = STATUS_DONE, err;

	if (layout__differs(&layout, &old_layout, difference)) {
		log__error("map %s of policy %s is not that of %s: %s; %s goes on, and "
			   "--reset would start with empty maps",
			   bpf_map__name(map), policy->name, old->name, difference, old->name);
		status = STATUS_REFUSED;
	} else {
		err = bpf_map__reuse_fd(map, fd);
		if (err) {
			log__error("map %s of %s cannot be taken over: %s; %s goes on",
				   bpf_map__name(map), old->name, strerror(-err), old->name);
			status = STATUS_INTERNAL;
		}
	}
	btf__free(btf);

	return status;
}

int shared__take_over(const struct policy *policy, const struct attached *old,
		      struct json_object *kept)
{
	struct bpf_map_info info;
	struct bpf_map *map;
	const char *name;
	__u32 id = 0;
	int status, fd;

	while ((name = tag__next_variable(bpf_object__btf(policy->object), TIERX_TAG_SHARED,
					  &id))) {
		if (!tag__is_on(old->btf, TIERX_TAG_SHARED, name))
			continue;
		fd = attached__open_map(old, name, &info);
		/* One that no program uses holds nothing. */
		if (fd == -ENOENT)
			continue;
		if (fd == -ENOTUNIQ) {
			log__error("map %s of %s is not pinned, and its first %d characters are "
				   "those of another map; %s goes on",
				   name, old->name, BPF_OBJ_NAME_LEN - 1, old->name);
			return STATUS_REFUSED;
		}
		if (fd < 0) {
			log__error("cannot look at map %s of %s: %s; %s goes on", name, old->name,
				   strerror(-fd), old->name);
			return STATUS_REFUSED;
		}
		map = bpf_object__find_map_by_name(policy->object, name);
		status = take_over_map(policy, map, old, fd, &info);
		close(fd);
		if (status)
			return status;
		json_object_array_add(kept, json_object_new_string(name));
	}
	return STATUS_DONE;
}
