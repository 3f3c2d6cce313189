// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says in sysfs, and the settings, on a copy of the files. */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "kernel.h"
#include "ktap.h"
#include "settings.h"
#include "testdir.h"

#define FILES KERNEL_DIR "/"

static const struct place machine;

static void test_pairs(void)
{
	struct kernel_pairs pairs;

	testdir__write(FILES "root/events", "hint_fault 12\nbypassed 0\nlonely\n\nqueued 5\n");
	ktap_ok(!kernel_pairs__read(&pairs, "root/events") && pairs.nr == 4, "lines are counted");
	ktap_ok(!strcmp(kernel_pairs__value(&pairs, "queued"), "5"), "a line after an empty one");
	ktap_ok(!strcmp(kernel_pairs__value(&pairs, "lonely"), ""), "a name without a value");
	ktap_ok(!kernel_pairs__value(&pairs, "queue"), "part of a name is no name");
	kernel_pairs__clear(&pairs);
	ktap_ok(kernel_pairs__read(&pairs, "root/nothing") < 0, "a file that is not there");

	testdir__write(FILES "root/events", "");
	ktap_ok(!kernel_pairs__read(&pairs, "root/events") && !pairs.nr, "an empty file");
	kernel_pairs__clear(&pairs);
}

static void test_exit(void)
{
	struct kernel_exit exit;
	struct json_object *json;

	testdir__write(FILES "last_exit", "");
	kernel_exit__read(&exit, &machine);
	ktap_ok(!exit.kind && !kernel_exit__json(&exit), "no policy has ended");
	kernel_exit__clear(&exit);

	testdir__write(FILES "last_exit",
		       "kind 1026\ncode -3\nreason too many invalid verdicts\npolicy tpp\n"
		       "msg hint_fault: 77\n");
	testdir__write(FILES "last_exit_dump", "line one\nline two\n");
	kernel_exit__read(&exit, &machine);
	ktap_ok(exit.kind == 1026 && exit.kind >= KERNEL_EXIT_ERROR, "the kind of an exit");
	ktap_ok(!strcmp(kernel_pairs__value(&exit.pairs, "reason"), "too many invalid verdicts"),
		"a reason of several words");
	ktap_ok(!strcmp(exit.dump, "line one\nline two"), "the dump");
	json = kernel_exit__json(&exit);
	ktap_ok(json_object_get_int64(json_object_object_get(json, "code")) == -3,
		"a negative code in JSON");
	json_object_put(json);
	kernel_exit__clear(&exit);
}

/* Who ended where: the files of a place come first, then the last end of all if it was there. */
static void test_exit_of_cgroup(void)
{
	const struct place cgroup = { .cgroup_id = 12 }, other = { .cgroup_id = 13 };
	struct kernel_exit exit;

	testdir__write(FILES "last_exit", "kind 69\ncode 0\npolicy fair\ncgroup_id 12\n");
	kernel_exit__read(&exit, &cgroup);
	ktap_ok(exit.kind == 69 && !strcmp(kernel_pairs__value(&exit.pairs, "policy"), "fair"),
		"the end of a policy whose files are gone");
	kernel_exit__clear(&exit);
	kernel_exit__read(&exit, &other);
	ktap_ok(!exit.kind && !exit.dump, "is not that of another cgroup");
	kernel_exit__clear(&exit);
	kernel_exit__read(&exit, &machine);
	ktap_ok(!exit.kind, "nor that of the machine");
	kernel_exit__clear(&exit);

	testdir__write(FILES "cgroup/12/last_exit", "kind 1025\ncode 3\npolicy own\n");
	testdir__write(FILES "cgroup/12/last_exit_dump", "own dump\n");
	kernel_exit__read(&exit, &cgroup);
	ktap_ok(exit.kind == 1025 && exit.code == 3 && !strcmp(exit.dump, "own dump"),
		"the files of a cgroup");
	kernel_exit__clear(&exit);
	testdir__write(FILES "root/last_exit", "kind 64\ncode 0\npolicy tpp\n");
	kernel_exit__read(&exit, &machine);
	ktap_ok(exit.kind == 64, "those of the machine");
	kernel_exit__clear(&exit);
}

static void test_places(void)
{
	const struct place cgroup = { .cgroup_id = 12, .cgroup = "web/a" };
	char file[PLACE_FILE_LEN], words[PLACE_WORDS_LEN];
	char *name;
	__u64 *ids;
	int nr;

	ktap_ok(!strcmp(place__file(&machine, "ops", file), "root/ops"), "a file of the machine");
	ktap_ok(!strcmp(place__file(&cgroup, "ops", file), "cgroup/12/ops"), "one of a cgroup");
	ktap_ok(!strcmp(place__words(&machine, "to", words), ""),
		"the machine goes without saying");
	ktap_ok(!strcmp(place__words(&cgroup, "to", words), " to cgroup web/a"),
		"a cgroup does not");

	ktap_ok(!kernel__knows(&cgroup), "a cgroup that never had a policy");
	testdir__write(FILES "cgroup/12/ops", "fair\n");
	testdir__write(FILES "cgroup/1300/ops", "\n");
	name = kernel__policy(&cgroup);
	ktap_ok(name && !strcmp(name, "fair"), "the policy of a cgroup");
	free(name);
	nr = kernel__cgroups(&ids);
	ktap_ok(nr == 2 && ids[0] + ids[1] == 1312, "cgroups that have one, or had");
	free(ids);
}

static void test_no_cgroups(void)
{
	__u64 *ids;

	ktap_ok(!kernel__cgroups(&ids), "a kernel without policies of cgroups");
	free(ids);
}

static void test_counters(void)
{
	char *name;

	testdir__write(FILES "switch_seq", "1000\n");
	testdir__write(FILES "root/ops", "\n");
	ktap_ok(kernel__counter("switch_seq") == 1000, "a counter");
	ktap_ok(kernel__counter("missing") == 0, "a counter that is not there");
	name = kernel__policy(&machine);
	ktap_ok(name && !*name, "no policy is attached");
	free(name);
}

static bool has_op(const void *policy, const char *op)
{
	return !strcmp(policy, op);
}

static void test_settings(void)
{
	struct settings_record record = {};
	const __u32 balancing = 1U << SETTING_NUMA_BALANCING;
	__u32 value = 99;

	testdir__write("/proc/sys/kernel/numa_balancing", "3\n");
	testdir__write("/sys/kernel/mm/numa/demotion_enabled", "true\n");
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 3, "a number");
	ktap_ok(!setting__read(SETTING_DEMOTION, &value) && value == 1, "true");
	ktap_ok(setting__is_on(SETTING_NUMA_BALANCING, 3) &&
			setting__is_on(SETTING_NUMA_BALANCING, 2) &&
			!setting__is_on(SETTING_NUMA_BALANCING, 1),
		"tiering is bit 2 of numa_balancing");

	record.records[SETTING_NUMA_BALANCING] =
		(struct setting_record){ .before = 1, .written = 3, .changed = 1 };
	settings__restore(&record, balancing);
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 3 &&
			record.records[SETTING_NUMA_BALANCING].changed,
		"what another policy needs stays, and is remembered");
	settings__restore(&record, ~balancing);
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 1, "restore");
	ktap_ok(!record.records[SETTING_NUMA_BALANCING].changed, "once");
	ktap_ok(settings__needed(has_op, "hint_fault") == balancing &&
			settings__needed(has_op, "reclaim") == 1U << SETTING_DEMOTION &&
			settings__needed(has_op, "demote_target") == 1U << SETTING_DEMOTION &&
			!settings__needed(has_op, "tick"),
		"which op needs what");

	testdir__write("/proc/sys/kernel/numa_balancing", "2\n");
	record.records[SETTING_NUMA_BALANCING].changed = 1;
	settings__restore(&record, 0);
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 2,
		"what somebody else has changed is left alone");
}

int main(void)
{
	if (testdir__create())
		return ktap_skip_all("no temporary folder");

	ktap_plan(1 + 6 + 5 + 5 + 7 + 3 + 8);
	test_no_cgroups();
	test_pairs();
	test_exit();
	test_exit_of_cgroup();
	test_places();
	test_counters();
	test_settings();
	testdir__remove();

	return ktap_end();
}
