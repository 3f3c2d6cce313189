// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tests that are hostile to the kernel report, and how they see that it
 * did no harm.
 */
#include <dirent.h>
#include <glob.h>
#include <sys/klog.h>

#include "tierx_hostile.h"

#define CALM_MS	     30000
#define SLACK_KIB    (48 << 10)
#define FIRST_UNREG  64
#define FIRST_ERROR  1024
#define SYSLOG_READ  3
#define SYSLOG_CLEAR 5

/* In the order of enum tier_ext_exit_kind. */
static const char *const unreg_names[] = {
	"unloaded", "swapped", "by_itself", "abort", "sysrq", "cgroup_removed",
};

static const char *const error_names[] = {
	"error", "raised", "verdicts", "stall", "watermark", "migrate", "thrash", "reclaim", "oom",
};

void tierx_tell(const char *name, uint64_t number)
{
	tierx_note("hostility: %s %llu", name, (unsigned long long)number);
}

static int last_exit_kind(void)
{
	char text[512];

	ASSERT_GT(tierx_read("/sys/kernel/mm/tier_ext/root/last_exit", text, sizeof(text)), 0);
	ASSERT_EQ(strncmp(text, "kind ", 5), 0);
	return atoi(text + 5);
}

void tierx_ends_add(struct tierx_ends *ends)
{
	int kind = last_exit_kind();

	if (kind >= FIRST_ERROR && kind < FIRST_ERROR + (int)TIERX_ARRAY_SIZE(error_names))
		ends->error[kind - FIRST_ERROR]++;
	else if (kind >= FIRST_UNREG && kind < FIRST_UNREG + (int)TIERX_ARRAY_SIZE(unreg_names))
		ends->unreg[kind - FIRST_UNREG]++;
	else
		FAIL("a policy ended with kind %d", kind);
}

static void tell_ends(const char *const *names, size_t nr, const uint64_t *ends)
{
	char name[64];
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!ends[i])
			continue;
		snprintf(name, sizeof(name), "ended_%s", names[i]);
		tierx_tell(name, ends[i]);
	}
}

void tierx_ends_tell(const struct tierx_ends *ends)
{
	tell_ends(unreg_names, TIERX_ARRAY_SIZE(unreg_names), ends->unreg);
	tell_ends(error_names, TIERX_ARRAY_SIZE(error_names), ends->error);
}

/* A debug kernel keeps memory to itself. */
static uint64_t slack_kib(void)
{
	return access("/sys/kernel/debug/failslab", F_OK) ? SLACK_KIB : 3 * SLACK_KIB;
}

uint64_t tierx_free_kib(void)
{
	char text[8192], *line;

	sync();
	ASSERT_EQ(tierx_write("/proc/sys/vm/drop_caches", "3"), 0);
	ASSERT_GT(tierx_read("/proc/meminfo", text, sizeof(text)), 0);
	line = strstr(text, "MemFree:");
	ASSERT(line);
	return strtoull(line + strlen("MemFree:"), NULL, 10);
}

/* Name of a task that cannot be interrupted, or NULL. */
static const char *hanging_task(void)
{
	static char text[512];
	char path[300], *state;
	struct dirent *entry;
	const char *found = NULL;
	DIR *proc = opendir("/proc");

	ASSERT(proc);
	while (!found && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (atoi(entry->d_name) <= 0 || tierx_read(path, text, sizeof(text)) <= 0)
			continue;
		state = strrchr(text, ')');
		if (state && !strncmp(state, ") D ", 4))
			found = text;
	}
	closedir(proc);
	return found;
}

static bool enough_free(uint64_t wanted_kib, uint64_t *free_kib)
{
	*free_kib = tierx_free_kib();
	return *free_kib >= wanted_kib;
}

void tierx_expect_calm(uint64_t before_kib)
{
	uint64_t free_kib;

	ASSERT_WAIT(tierx_vmstat("nr_isolated_anon") == 0, CALM_MS);
	ASSERT_WAIT(tierx_vmstat("nr_isolated_file") == 0, CALM_MS);
	if (!TIERX_WAIT(!hanging_task(), CALM_MS))
		FAIL("a task hangs: %s", hanging_task() ?: "not any more");
	/* What was freed under RCU, or by a worker, may take a while. */
	if (!TIERX_WAIT(enough_free(before_kib - slack_kib(), &free_kib), CALM_MS))
		FAIL("%llu KiB are free, of %llu", (unsigned long long)free_kib,
		     (unsigned long long)before_kib);
	tierx_note("%llu KiB were free, now %llu are", (unsigned long long)before_kib,
		   (unsigned long long)free_kib);
}

static size_t nr_matches(const char *pattern)
{
	glob_t found;
	size_t nr;

	glob(pattern, 0, NULL, &found);
	nr = found.gl_pathc;
	globfree(&found);
	return nr;
}

size_t tierx_threads(void (*visit)(const char *pid))
{
	struct dirent *entry;
	char path[300], name[64];
	DIR *proc = opendir("/proc");
	size_t nr = 0;

	ASSERT(proc);
	while ((entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (atoi(entry->d_name) <= 0 || tierx_read(path, name, sizeof(name)) <= 0 ||
		    strncmp(name, "ktierx/", 7))
			continue;
		if (visit)
			visit(entry->d_name);
		nr++;
	}
	closedir(proc);
	return nr;
}

void tierx_expect_no_policy(void)
{
	ASSERT_WAIT(!tierx_enabled(), CALM_MS);
	ASSERT_STREQ(tierx_sys("root/ops"), "");
	ASSERT_WAIT(nr_matches("/sys/kernel/mm/tier_ext/cgroup/*") == 0, CALM_MS);
	ASSERT_WAIT(tierx_threads(NULL) == 0, CALM_MS);
}

void tierx_log_clear(const char *wanted)
{
	static const char *const bad[] = {
		"WARNING:",
		"BUG:",
		"Oops",
		"stalls on",
		"self-detected stall",
		"KASAN",
		"UBSAN",
		"Bad page",
		"blocked for more than",
		"refcount_t",
		"general protection",
	};
	static char log[1 << 20];
	size_t i;
	int len;

	len = klogctl(SYSLOG_READ, log, sizeof(log) - 1);
	ASSERT_GE(len, 0);
	log[len] = '\0';
	for (i = 0; i < TIERX_ARRAY_SIZE(bad); i++)
		if (strstr(log, bad[i]))
			FAIL("the kernel log has '%s'", bad[i]);
	if (wanted)
		ASSERT_HAS(log, wanted);
	ASSERT_EQ(klogctl(SYSLOG_CLEAR, NULL, 0), 0);
}
