// SPDX-License-Identifier: GPL-2.0-only
/* Where memory ends, and maps with an element per PFN. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "ktap.h"
#include "log.h"
#include "pfn.h"
#include "pfn_map.h"
#include "testdir.h"
#include "tierx.h"

static const struct {
	const char *text;
	__u64 end;
} zones[] = {
	{ "", 0 },
	{ "Node 0, zone DMA\n", 0 },
	{ "Node 0, zone DMA\n  spanned  0\n", 0 },
	{ "Node 0, zone DMA\n  spanned  10\n  start_pfn:  1\n", 11 },
	{ "Node 0, zone DMA\n  spanned  10\n  start_pfn:  1", 11 },
	{ "Node 0, zone A\n spanned 10\n start_pfn: 100\nNode 1\n spanned 5\n start_pfn: 1\n",
	  110 },
	{ "Node 0, zone A\n spanned 10\n start_pfn: 1\nNode 1, zone B\n start_pfn: 7\n", 11 },
	{ "Node 0, zone A\n spanned_more 10\n start_pfn: 1\n", 1 },
	{ "Node 0, zone A\n spanned x\n start_pfn: y\n", 0 },
	{ "Node 0, zone A\n spanned 18446744073709551615\n start_pfn: 9\n", 0 },
	{ "Node 0, zone A\n spanned 1\n start_pfn: 99999999999999999999\n", 0 },
};

#define NR(array) ((int)(sizeof(array) / sizeof(*(array))))

static void test_zones(void)
{
	__u64 end;
	int i, err;

	for (i = 0; i < NR(zones); i++) {
		err = pfn__parse_zoneinfo(zones[i].text, &end);
		ktap_ok(end == zones[i].end && !err == !!end, "zones %d end at %llu", i,
			zones[i].end);
	}
}

/* The text of a machine whose second node was plugged in above a hole. */
static void test_machine(void)
{
	char path[FIXTURE_PATH_LEN];
	char *text;
	__u64 end;

	fixture__path(path, "zoneinfo.txt");
	text = file__read(path);
	ktap_ok(text && !pfn__parse_zoneinfo(text, &end) && end == 1310720 + 65536,
		"the end of a machine with two nodes");

	if (testdir__create()) {
		ktap_ok(false, "no temporary folder");
		return;
	}
	ktap_ok(pfn__end(&end) == STATUS_INTERNAL, "no zoneinfo");
	testdir__write("/proc/zoneinfo", text ? text : "");
	ktap_ok(pfn__end(&end) == STATUS_DONE && end == 1310720 + 65536, "the machine's zoneinfo");
	testdir__write("/proc/zoneinfo", "nothing of use\n");
	ktap_ok(pfn__end(&end) == STATUS_INTERNAL, "a zoneinfo that does not say");
	testdir__remove();
	file__set_root("");
	free(text);
}

static __u32 max_entries(const struct policy *policy, const char *name)
{
	return bpf_map__max_entries(bpf_object__find_map_by_name(policy->object, name));
}

static void test_maps(void)
{
	struct policy policy;

	ktap_ok(!fixture__open(&policy, "pfn"), "open a policy with state of pages");
	if (ktap_nr_failed)
		return;
	ktap_ok(max_entries(&policy, "ages") == 1, "before it is loaded, maps are small");
	ktap_ok(pfn_maps__resize(&policy, 1310720) == STATUS_DONE &&
			max_entries(&policy, "ages") == 1310720 &&
			max_entries(&policy, "heats") == 1310720,
		"both maps get an element per PFN");
	ktap_ok(max_entries(&policy, "others") == 7, "a map without the tag does not");
	ktap_ok(pfn_maps__resize(&policy, 1ULL << 32) == STATUS_REFUSED, "more PFNs than keys");
	policy__close(&policy);

	file__set_root("/nonexistent");
	ktap_ok(!fixture__open(&policy, "full") && !pfn_maps__fit(&policy),
		"a policy without such maps needs no zoneinfo");
	policy__close(&policy);
}

int main(void)
{
	log__init();
	ktap_plan(NR(zones) + 4 + 6);
	test_zones();
	test_machine();
	test_maps();

	return ktap_end();
}
