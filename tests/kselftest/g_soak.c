// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each shipped policy under load that is bad for all of them: everything is used evenly and does
 * not fit, comes and goes, is reclaimed and moved by others all the time, by more processes than
 * there are CPUs. What processes keep in memory stays what it was, and afterwards the machine is as
 * before. A policy that the kernel ends is attached again.
 *
 * TIERX_SOAK_SECONDS in the environment says how long each, 2 seconds by default.
 */
#include <glob.h>

#include "tierx_hostile.h"
#include "tierx_keep.h"

#define DEFAULT_SECONDS 2
#define LOOK_MS		100

static struct tierx_ends ends;
static uint64_t free_before_kib;

static unsigned int seconds(void)
{
	return tierx_env("TIERX_SOAK_SECONDS", DEFAULT_SECONDS);
}

static void attach_again(struct tierx_policy *policy)
{
	tierx_detach(policy);
	tierx_ends_add(&ends);
	ASSERT_EQ(tierx_attach(policy), 0);
}

static void soak_one(const char *name, const struct tierx_kept *kept)
{
	struct tierx_policy *policy = tierx_open_shipped(name);
	uint64_t end, verified = kept->bytes_verified;
	unsigned int nr_ends = 0;

	tierx_start(policy);
	for (end = tierx_now_ms() + 1000ULL * seconds(); tierx_now_ms() < end;) {
		tierx_sleep_ms(LOOK_MS);
		if (!*tierx_sys("root/ops")) {
			nr_ends++;
			attach_again(policy);
		}
	}
	tierx_note("%s: %llu promoted, %llu demoted, %llu MiB verified, ended %u times", name,
		   (unsigned long long)tierx_event("promoted_pages"),
		   (unsigned long long)tierx_event("demoted_pages"),
		   (unsigned long long)(kept->bytes_verified - verified) >> 20, nr_ends);
	ASSERT_EQ(kept->wrong_pages, 0);
	ASSERT_GT(kept->bytes_verified, verified);
	tierx_policy_close(policy);
}

static void soak(void)
{
	const struct tierx_kept *kept;
	char pattern[4096], *name;
	glob_t found;
	size_t i;

	free_before_kib = tierx_free_kib();
	snprintf(pattern, sizeof(pattern), "%s/../../bpf/*.bpf.o", tierx_dir());
	if (glob(pattern, 0, NULL, &found))
		SKIP("no %s", pattern);
	tierx_set_tiering();
	tierx_set_all_hot();
	tierx_set_demotion(true);
	kept = tierx_keep_start("tierx-soak");
	tierx_cgroup_move("/sys/fs/cgroup", getpid());
	for (i = 0; i < found.gl_pathc; i++) {
		name = strrchr(found.gl_pathv[i], '/') + 1;
		name[strlen(name) - strlen(".bpf.o")] = 0;
		soak_one(name, kept);
	}
	tierx_tell("policies_soaked", found.gl_pathc);
	tierx_tell("load_seconds", seconds() * found.gl_pathc);
	tierx_tell("bytes_verified", kept->bytes_verified);
	tierx_tell("lost_or_wrong", kept->wrong_pages);
	tierx_ends_tell(&ends);
	globfree(&found);
}

static void calm(void)
{
	if (!free_before_kib)
		SKIP("there was no load");
	tierx_expect_no_policy();
	tierx_expect_calm(free_before_kib);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(soak, "what is in memory survives each shipped policy under load"),
	TIERX_TEST(calm, "and afterwards the machine is as before"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
