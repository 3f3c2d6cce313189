// SPDX-License-Identifier: GPL-2.0-only
/* Whether two maps have the same layout, and the first difference in words. */
#include <string.h>

#include "fixtures.h"
#include "ktap.h"
#include "layout.h"
#include "log.h"
#include "shared.h"
#include "tierx.h"

static const struct {
	const char *map;
	const char *other;
	const char *difference;
} pairs[] = {
	{ "base", "base", NULL },
	{ "base", "same", NULL },
	{ "same", "base", NULL },
	{ "number", "same_number", NULL },
	{ "key", "same_key", NULL },
	{ "untyped", "untyped", NULL },
	{ "type", "base", "type percpu_array, was array" },
	{ "entries", "base", "max_entries 8, was 7" },
	{ "flags", "base", "flags 0x400, was 0" },
	{ "size", "base", "value size 40, was 48" },
	{ "key_size", "key", "key size 4, was 8" },
	{ "name", "base", "member counts is new" },
	{ "base", "name", "member count is new" },
	{ "kind", "base", "member count is a floating point number, was an integer" },
	{ "array", "base", "member pos has 1 elements, had 2" },
	{ "inner_order", "base", "member pos.y at offset 0, was 4" },
	{ "in_union", "base", "member part is new" },
	{ "bits", "base", "member low is a bit field of 5, was 4" },
	{ "width", "base", "member count size 2, was 4" },
	{ "sparse", "padded", "member gap is new" },
	{ "padded", "sparse", "value has 1 members, had 2" },
	{ "number", "padded", "value is an integer, was a struct" },
	{ "untyped", "number", "value type unknown, was known" },
	{ "number", "untyped", "value type known, was unknown" },
	{ "key_order", "key", "key member y at offset 0, was 4" },
	{ "key_number", "key", "key is an integer, was a struct" },
};

#define NR(array) ((int)(sizeof(array) / sizeof(*(array))))

static struct layout layout_of(const struct policy *policy, const char *name)
{
	return layout__of_map(bpf_object__find_map_by_name(policy->object, name),
			      bpf_object__btf(policy->object));
}

static void test_pairs(const struct policy *policy)
{
	char difference[LAYOUT_DIFFERENCE_LEN];
	struct layout layout, other;
	bool differs;
	int i;

	for (i = 0; i < NR(pairs); i++) {
		layout = layout_of(policy, pairs[i].map);
		other = layout_of(policy, pairs[i].other);
		strcpy(difference, "nothing");
		differs = layout__differs(&layout, &other, difference);
		ktap_ok(differs == !!pairs[i].difference &&
				(!differs || !strcmp(difference, pairs[i].difference)),
			"%s and %s: %s", pairs[i].map, pairs[i].other, difference);
	}
}

/* Types of an object that nobody has checked: a struct that contains itself. */
static void test_circle(void)
{
	char difference[LAYOUT_DIFFERENCE_LEN];
	struct btf *btf = btf__new_empty();
	struct layout layout = { .type = BPF_MAP_TYPE_ARRAY, .btf = btf };
	int id = btf__add_struct(btf, "circle", 8);

	layout.value_type = id;
	btf__add_field(btf, "self", id, 0, 0);
	ktap_ok(layout__differs(&layout, &layout, difference) &&
			strstr(difference, "is nested too deeply"),
		"a struct in itself");
	btf__free(btf);
}

int main(void)
{
	struct policy policy;

	log__init();
	ktap_plan(1 + NR(pairs) + 1 + 3);
	if (!ktap_ok(!fixture__open(&policy, "layout"), "open a policy"))
		return ktap_end();
	test_pairs(&policy);
	ktap_ok(shared__check(&policy) == STATUS_DONE, "no map is shared");
	policy__close(&policy);
	test_circle();

	ktap_ok(!fixture__open(&policy, "shared"), "open a policy that shares a variable");
	ktap_ok(shared__check(&policy) == STATUS_USAGE, "which is no map");
	policy__close(&policy);

	return ktap_end();
}
