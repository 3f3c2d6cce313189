// SPDX-License-Identifier: GPL-2.0-only
/* How a policy is understood from its object file, and files that are none. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"
#include "ktap.h"
#include "log.h"
#include "policy.h"
#include "tierx.h"

static const char *const not_policies[] = {
	"no_ops",  "no_link",	"no_name",     "two_policies",
	"bad_tag", "bad_range", "bad_counter", "missing",
};

static const char *const good_words[] = { "window_ms=10", "bias=-10", "active=false",
					  "quota_bytes=18446744073709551615", "ops.tick_ms=10" };

static const char *const bad_words[] = {
	"window_ms=9", "window_ms=5001",   "window_ms=-1",   "window_ms=abc",
	"window_ms",   "windo_ms=10",	   "no_knob=2",	     "bias=11",
	"active=2",    "quota_bytes=-1",   "ops.tick_ms=-1", "ops.tick_ms=4294967296",
	"ops.name=1",  "ops.hint_fault=1", "ops.nothing=1",  "ops.=1",
	"=1",	       "ops.cgroup_id=1",
};

/* Parts of an object at which a copy may have stopped, in 1/16. */
static const int parts[] = { 0, 1, 4, 8, 12, 15 };

#define NR(array) ((int)(sizeof(array) / sizeof(*(array))))

static void test_description(const struct policy *policy)
{
	const struct description *description = &policy->description;
	const struct knob *knob = description__knob(description, "window_ms");
	const struct knob *bias = description__knob(description, "bias");

	ktap_ok(!strcmp(policy->name, "full") && !strcmp(description->about, "knobs of every kind"),
		"name and about");
	ktap_ok(description->nr_knobs == 4 && !description__knob(description, "no_knob"),
		"a variable without a tag is no knob");
	ktap_ok(knob && !strcmp(knob->type, "u32") && !strcmp(knob->unit, "ms") &&
			!strcmp(knob->help, "how long to look") && !knob->at_runtime,
		"a knob that is fixed at load");
	ktap_ok(knob && policy__knob_value(policy, knob).bits == 100, "its default");
	ktap_ok(bias && bias->at_runtime && bias->is_signed && bias->size == 1 &&
			policy__knob_value(policy, bias).bits == (__u64)-3,
		"a signed knob that can be set at run time");
	knob = description__knob(description, "active");
	ktap_ok(knob && knob->is_bool && policy__knob_value(policy, knob).bits == 1, "a switch");
	ktap_ok(description->nr_counters == 2 && !strcmp(description->counters[0].name, "stayed") &&
			!strcmp(description->counters[0].help, "folios that stayed") &&
			!strcmp(description->counters[1].help, "") &&
			description->counters[1].offset == 8,
		"counters");
	ktap_ok(policy__program(policy, "hint_fault") && !policy__program(policy, "reclaim") &&
			!policy__program(policy, "tick_ms") && !policy__program(policy, "nothing"),
		"ops");
}

static void read_tick(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	if (!strcmp(name, "tick_ms"))
		*(struct number *)arg = number__load(value, type->size, false);
}

static void read_cgroup(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	if (!strcmp(name, "cgroup_id"))
		*(struct number *)arg = number__load(value, type->size, false);
}

static void test_assign(struct policy *policy)
{
	const struct description *description = &policy->description;
	const struct knob *window = description__knob(description, "window_ms");
	const struct knob *bias = description__knob(description, "bias");
	const struct knob *active = description__knob(description, "active");
	struct number tick = {}, cgroup = {};
	char *word;
	int i;

	for (i = 0; i < NR(good_words); i++) {
		word = (char *)good_words[i];
		ktap_ok(!policy__assign(policy, &word, 1), "take %s", word);
	}
	for (i = 0; i < NR(bad_words); i++) {
		word = (char *)bad_words[i];
		ktap_ok(policy__assign(policy, &word, 1) == STATUS_USAGE, "refuse %s", word);
	}

	policy__for_each_member(policy, read_tick, &tick);
	ktap_ok(policy__knob_value(policy, window).bits == 10 &&
			policy__knob_value(policy, bias).bits == (__u64)-10 &&
			!policy__knob_value(policy, active).bits && tick.bits == 10,
		"only good values were written");
	ktap_ok(!policy__set_cgroup(policy, 4711), "a cgroup");
	policy__for_each_member(policy, read_cgroup, &cgroup);
	ktap_ok(cgroup.bits == 4711, "is in the ops");
}

/* A copy of the first 1/16s of a good policy. */
static void test_truncated(int part)
{
	char from[FIXTURE_PATH_LEN], to[] = "/tmp/tierx-test-XXXXXX.bpf.o";
	struct policy policy;
	struct stat stat_;
	char *data;
	FILE *file;
	int fd;

	fixture__path(from, "full.bpf.o");
	fd = mkstemps(to, strlen(".bpf.o"));
	file = fopen(from, "r");
	if (fd < 0 || !file || fstat(fileno(file), &stat_)) {
		ktap_ok(false, "cannot copy %s", from);
		return;
	}
	data = calloc(1, stat_.st_size);
	ktap_ok(data && fread(data, stat_.st_size, 1, file) == 1 &&
			write(fd, data, stat_.st_size * part / 16) >= 0 &&
			policy__open(&policy, to) == STATUS_USAGE,
		"refuse the first %d/16 of an object", part);
	policy__close(&policy);
	free(data);
	fclose(file);
	close(fd);
	unlink(to);
}

int main(void)
{
	struct policy policy;
	int i;

	log__init();
	ktap_plan(1 + 8 + NR(good_words) + NR(bad_words) + 3 + NR(not_policies) + NR(parts));
	ktap_ok(!fixture__open(&policy, "full"), "open a policy");
	if (ktap_nr_failed)
		return ktap_end();
	test_description(&policy);
	test_assign(&policy);
	policy__close(&policy);
	for (i = 0; i < NR(not_policies); i++) {
		ktap_ok(fixture__open(&policy, not_policies[i]) == STATUS_USAGE, "refuse %s",
			not_policies[i]);
		policy__close(&policy);
	}
	for (i = 0; i < NR(parts); i++)
		test_truncated(parts[i]);

	return ktap_end();
}
