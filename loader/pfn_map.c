// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <string.h>
#include <tier_ext/tags.h>

#include "log.h"
#include "pfn.h"
#include "pfn_map.h"
#include "tag.h"
#include "tierx.h"

int pfn_maps__resize(const struct policy *policy, __u64 end)
{
	const struct btf *btf = bpf_object__btf(policy->object);
	struct bpf_map *map;
	const char *name;
	__u32 id = 0;

	while ((name = tag__next_variable(btf, TIERX_TAG_PFN, &id))) {
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
	if (!tag__next_variable(bpf_object__btf(policy->object), TIERX_TAG_PFN, &id))
		return STATUS_DONE;

	status = pfn__end(&end);
	return status ? status : pfn_maps__resize(policy, end);
}
