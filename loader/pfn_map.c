// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <string.h>
#include <tier_ext/tags.h>

#include "log.h"
#include "pfn.h"
#include "pfn_map.h"
#include "tierx.h"

/* Name of the variable after type @id that is tagged; NULL if there is none. @id is its tag's. */
static const char *next_tagged(const struct btf *btf, __u32 *id)
{
	const struct btf_type *tag, *var;

	while (++*id < btf__type_cnt(btf)) {
		tag = btf__type_by_id(btf, *id);
		if (!btf_is_decl_tag(tag) ||
		    strcmp(btf__name_by_offset(btf, tag->name_off), TIERX_TAG_PFN))
			continue;
		var = btf__type_by_id(btf, tag->type);
		if (var && btf_is_var(var))
			return btf__name_by_offset(btf, var->name_off);
	}
	return NULL;
}

int pfn_maps__resize(const struct policy *policy, __u64 end)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	struct bpf_map *map;
	const char *name;
	__u32 id = 0;

	while ((name = next_tagged(btf, &id))) {
		map = bpf_object__find_map_by_name(policy->object, name);
		if (!map || bpf_map__type(map) != BPF_MAP_TYPE_ARRAY) {
			log__error("%s is tagged as state of pages, but is no array map", name);
			return STATUS_USAGE;
		}
		if (end > UINT_MAX || bpf_map__set_max_entries(map, end)) {
			log__error("map %s cannot have %llu elements, one per page of the machine",
				   name, end);
			return STATUS_REFUSED;
		}
	}
	return STATUS_DONE;
}

int pfn_maps__fit(const struct policy *policy)
{
	__u32 id = 0;
	__u64 end;
	int status;

	/* Other policies do not depend on what can be read here. */
	if (!next_tagged(bpf_object__btf(policy->object), &id))
		return STATUS_DONE;

	status = pfn__end(&end);
	return status ? status : pfn_maps__resize(policy, end);
}
