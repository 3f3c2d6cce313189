// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says in sysfs, and the settings, on a copy of the files. */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "kernel.h"
#include "ktap.h"
#include "settings.h"
#include "testdir.h"

#define DIR "/sys/kernel/mm/tier_ext/"

static void test_pairs(void)
{
	struct kernel_pairs pairs;

	testdir__write(DIR "root/events", "hint_fault 12\nbypassed 0\nlonely\n\nqueued 5\n");
	ktap_ok(!kernel_pairs__read(&pairs, "root/events") && pairs.nr == 4, "lines are counted");
	ktap_ok(!strcmp(kernel_pairs__value(&pairs, "queued"), "5"), "a line after an empty one");
	ktap_ok(!strcmp(kernel_pairs__value(&pairs, "lonely"), ""), "a name without a value");
	ktap_ok(!kernel_pairs__value(&pairs, "queue"), "part of a name is no name");
	kernel_pairs__clear(&pairs);
	ktap_ok(kernel_pairs__read(&pairs, "root/nothing") < 0, "a file that is not there");

	testdir__write(DIR "root/events", "");
	ktap_ok(!kernel_pairs__read(&pairs, "root/events") && !pairs.nr, "an empty file");
	kernel_pairs__clear(&pairs);
}

static void test_exit(void)
{
	struct kernel_exit exit;
	struct json_object *json;

	testdir__write(DIR "last_exit", "");
	kernel_exit__read(&exit);
	ktap_ok(!exit.kind && !kernel_exit__json(&exit), "no policy has ended");
	kernel_exit__clear(&exit);

	testdir__write(DIR "last_exit",
		       "kind 1026\ncode -3\nreason too many invalid verdicts\npolicy tpp\n"
		       "msg hint_fault: 77\n");
	testdir__write(DIR "last_exit_dump", "line one\nline two\n");
	kernel_exit__read(&exit);
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

static void test_counters(void)
{
	char *name;

	testdir__write(DIR "switch_seq", "1000\n");
	testdir__write(DIR "root/ops", "\n");
	ktap_ok(kernel__counter("switch_seq") == 1000, "a counter");
	ktap_ok(kernel__counter("missing") == 0, "a counter that is not there");
	name = kernel__policy();
	ktap_ok(name && !*name, "no policy is attached");
	free(name);
}

static void test_settings(void)
{
	struct settings_record record = {}, before = {};
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
	before = record;
	settings__revert(&record, &before);
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 3,
		"a failed swap keeps what was changed before it");
	settings__restore(&record);
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 1, "restore");

	testdir__write("/proc/sys/kernel/numa_balancing", "2\n");
	settings__restore(&before);
	ktap_ok(!setting__read(SETTING_NUMA_BALANCING, &value) && value == 2,
		"what somebody else has changed is left alone");
}

int main(void)
{
	if (testdir__create())
		return ktap_skip_all("no temporary folder");

	ktap_plan(6 + 5 + 3 + 6);
	test_pairs();
	test_exit();
	test_counters();
	test_settings();
	testdir__remove();

	return ktap_end();
}
