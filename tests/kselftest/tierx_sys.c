// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel shows in sysfs, procfs and debugfs, and the settings that
 * tests change there.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>

#include "tierx_test.h"

#define SYS_DIR	   "/sys/kernel/mm/tier_ext/"
#define NODE_DIR   "/sys/devices/system/node/"
#define NUMAB_DIR  "/sys/kernel/debug/sched/numa_balancing/"
#define CGROUP_DIR "/sys/fs/cgroup/"

uint64_t tierx_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

unsigned int tierx_env(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

unsigned int tierx_slower(void)
{
	return tierx_env("TIERX_SLOWER", 1);
}

void tierx_sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

void tierx_stay_on(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ASSERT_EQ(sched_setaffinity(tid, sizeof(set), &set), 0);
}

/* sysfs files may take several reads; a dump for example is larger than a page. */
ssize_t tierx_read(const char *path, char *buf, size_t size)
{
	ssize_t len = 0, nr;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((size_t)len < size - 1) {
		nr = read(fd, buf + len, size - 1 - len);
		if (nr < 0)
			len = -errno;
		if (nr <= 0)
			break;
		len += nr;
	}
	close(fd);
	if (len < 0)
		return len;
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

int tierx_write(const char *path, const char *text)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

struct setting {
	char path[128];
	char value[128];
};

static void setting_restore(void *arg)
{
	struct setting *setting = arg;

	tierx_write(setting->path, setting->value);
	free(setting);
}

void tierx_set(const char *path, const char *value)
{
	struct setting *setting;
	int err;

	setting = calloc(1, sizeof(*setting));
	ASSERT(setting);
	snprintf(setting->path, sizeof(setting->path), "%s", path);
	if (tierx_read(path, setting->value, sizeof(setting->value)) < 0) {
		free(setting);
		SKIP("no %s", path);
	}
	tierx_defer(setting_restore, setting);
	err = tierx_write(path, value);
	if (err)
		FAIL("%s to %s: %s", value, path, strerror(-err));
}

const char *tierx_sys(const char *name)
{
	static char text[1 << 16];
	char path[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), SYS_DIR "%s", name);
	len = tierx_read(path, text, sizeof(text));
	if (len < 0)
		FAIL("%s: %s", path, strerror(-len));
	return text;
}

uint64_t tierx_sys_nr(const char *name)
{
	return strtoull(tierx_sys(name), NULL, 10);
}

bool tierx_enabled(void)
{
	const char *state = tierx_sys("state");

	if (!strcmp(state, "enabled"))
		return true;
	ASSERT_STREQ(state, "disabled");
	return false;
}

/* The rest of the line of @text that starts with the word @key, or NULL. */
static const char *find_line(const char *text, const char *key)
{
	static char line[512];
	size_t len = strlen(key);
	const char *p;

	for (p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, len) || p[len] != ' ')
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p + len + 1, "\n"), p + len + 1);
		return line;
	}
	return NULL;
}

const char *tierx_last_exit(const char *key)
{
	const char *value = find_line(tierx_sys("last_exit"), key);

	return value ? value : "";
}

static uint64_t find_event(const char *events, const char *name)
{
	const char *value = find_line(events, name);

	if (!value)
		FAIL("no event %s", name);
	return strtoull(value, NULL, 10);
}

uint64_t tierx_event(const char *name)
{
	return find_event(tierx_sys("root/events"), name);
}

const char *tierx_cgroup_sys(const char *cgroup, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "cgroup/%llu/%s", (unsigned long long)tierx_cgroup_id(cgroup),
		 name);
	return tierx_sys(path);
}

uint64_t tierx_cgroup_event(const char *cgroup, const char *name)
{
	return find_event(tierx_cgroup_sys(cgroup, "events"), name);
}

static uint64_t vmstat(const char *path, const char *name)
{
	static char text[1 << 16];
	const char *value;

	/* Fold in what the CPUs still keep to themselves. */
	tierx_write("/proc/sys/vm/stat_refresh", "1");
	ASSERT_GE(tierx_read(path, text, sizeof(text)), 0);
	value = find_line(text, name);
	if (!value)
		FAIL("no %s in %s", name, path);
	return strtoull(value, NULL, 10);
}

uint64_t tierx_max_pfn(void)
{
	unsigned long long start, spanned = 0, max = 0;
	char line[128];
	FILE *zones;

	zones = fopen("/proc/zoneinfo", "re");
	ASSERT(zones);
	while (fgets(line, sizeof(line), zones)) {
		/* Before the line that says where the zone begins. */
		if (sscanf(line, " spanned %llu", &spanned) == 1)
			continue;
		if (sscanf(line, " start_pfn: %llu", &start) == 1 && start + spanned > max)
			max = start + spanned;
	}
	fclose(zones);
	ASSERT_GT(max, 0);
	return max;
}

uint64_t tierx_vmstat(const char *name)
{
	return vmstat("/proc/vmstat", name);
}

uint64_t tierx_node_vmstat(int node, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), NODE_DIR "node%d/vmstat", node);
	return vmstat(path, name);
}

/* Lists such as 0-1,3 have the smallest node first. */
static int first_node(const char *path)
{
	char list[256];

	return tierx_read(path, list, sizeof(list)) > 0 ? atoi(list) : -1;
}

int tierx_nr_nodes(void)
{
	char list[256], *p, *end;
	int nr = 0;
	long a, b;

	ASSERT_GT(tierx_read(NODE_DIR "has_memory", list, sizeof(list)), 0);
	for (p = list; *p; p = *end ? end + 1 : end) {
		a = strtol(p, &end, 10);
		b = *end == '-' ? strtol(end + 1, &end, 10) : a;
		nr += b - a + 1;
	}
	return nr;
}

int tierx_fast_node(void)
{
	return first_node(NODE_DIR "has_cpu");
}

/* The first node with memory and no CPU. */
int tierx_slow_node(void)
{
	char path[PATH_MAX], cpus[256];
	int node;

	for (node = 0; node < 64; node++) {
		snprintf(path, sizeof(path), NODE_DIR "node%d/cpulist", node);
		if (tierx_read(path, cpus, sizeof(cpus)) == 0)
			return node;
	}
	return -1;
}

const char *tierx_unmet(void)
{
	if (geteuid())
		return "needs root";
	if (access(SYS_DIR "state", R_OK))
		return "no tier_ext in this kernel";
	return NULL;
}

const char *tierx_unmet_tiers(void)
{
	const char *why = tierx_unmet();

	if (!why && tierx_slow_node() < 0)
		why = "needs a node with memory and no CPU";
	return why;
}

void tierx_set_demotion(bool on)
{
	tierx_set("/sys/kernel/mm/numa/demotion_enabled", on ? "1" : "0");
}

void tierx_set_tiering(void)
{
	tierx_set(NUMAB_DIR "scan_delay_ms", "10");
	tierx_set(NUMAB_DIR "scan_period_min_ms", "20");
	tierx_set(NUMAB_DIR "scan_period_max_ms", "40");
	tierx_set(NUMAB_DIR "scan_size_mb", "64");
	tierx_set("/proc/sys/kernel/numa_balancing", "2");
}

void tierx_set_all_hot(void)
{
	tierx_set(NUMAB_DIR "hot_threshold_ms", "60000");
}

void tierx_cgroup_move(const char *path, pid_t pid)
{
	char procs[PATH_MAX], text[32];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	snprintf(text, sizeof(text), "%d", pid);
	ASSERT_EQ(tierx_write(procs, text), 0);
}

static void cgroup_leave(void *arg)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", getpid());
	tierx_write(CGROUP_DIR "cgroup.procs", pid);
	/* What was reclaimed may still be charged; an empty cgroup goes all the same. */
	rmdir(arg);
	free(arg);
}

static char *cgroup_make(const char *name)
{
	char *path;

	if (access(CGROUP_DIR "cgroup.subtree_control", W_OK))
		SKIP("no cgroup v2 at " CGROUP_DIR);
	tierx_write(CGROUP_DIR "cgroup.subtree_control", "+memory");
	tierx_write(CGROUP_DIR "cgroup.subtree_control", "+cpuset");
	ASSERT(asprintf(&path, CGROUP_DIR "%s", name) > 0);
	rmdir(path);
	ASSERT_EQ(mkdir(path, 0755), 0);
	tierx_defer(cgroup_leave, path);

	return path;
}

const char *tierx_cgroup_enter(const char *name)
{
	char *path = cgroup_make(name);

	tierx_cgroup_move(path, getpid());
	return path;
}

const char *tierx_cgroup_make(const char *name)
{
	char parent[PATH_MAX], *slash;

	snprintf(parent, sizeof(parent), CGROUP_DIR "%s", name);
	slash = strrchr(parent, '/');
	snprintf(slash, sizeof(parent) - (slash - parent), "/cgroup.subtree_control");
	tierx_write(parent, "+memory");

	return cgroup_make(name);
}

uint64_t tierx_cgroup_id(const char *path)
{
	struct stat st;

	ASSERT_EQ(stat(path, &st), 0);
	return st.st_ino;
}

int tierx_cgroup_reclaim(const char *path, size_t bytes)
{
	char file[PATH_MAX], text[32];

	snprintf(file, sizeof(file), "%s/memory.reclaim", path);
	snprintf(text, sizeof(text), "%zu", bytes);
	return tierx_write(file, text);
}
