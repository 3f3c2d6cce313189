// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what to a policy, on a machine where one is attached. Each case is something that
 * several persons try; the table below says what they get for it. Unless it is one of the few who
 * may end the policy, that goes on deciding.
 *
 * The BPF file system knows users, not capabilities: root without any still owns its files.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tierx_probe.h"

#define SYSFS	 "/sys/kernel/mm/tier_ext/"
#define PIN_LINK "/sys/fs/bpf/tierx_privileges_link"
#define PIN_MAP	 "/sys/fs/bpf/tierx_privileges_map"
#define NOBODY	 65534
#define CHILD_MS 20000

#define CAP(name) (1ULL << CAP_##name)

/* --- who --- */

static void set_caps(uint64_t caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	data[0].permitted = caps;
	data[1].permitted = caps >> 32;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}

/* Some user with these capabilities. */
static void become_user(uint64_t caps)
{
	ASSERT_EQ(prctl(PR_SET_KEEPCAPS, 1), 0);
	ASSERT_EQ(setgroups(0, NULL), 0);
	ASSERT_EQ(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ASSERT_EQ(setresuid(NOBODY, NOBODY, NOBODY), 0);
	set_caps(caps);
}

static void become_nobody(void)
{
	become_user(0);
}

/* The same, who is root in a user namespace of its own, with all capabilities there. */
static void become_namespace_root(void)
{
	become_user(0);
	/* Or its own files in /proc are root's. */
	ASSERT_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	ASSERT_EQ(unshare(CLONE_NEWUSER), 0);
	ASSERT_EQ(tierx_write("/proc/self/setgroups", "deny"), 0);
	ASSERT_EQ(tierx_write("/proc/self/uid_map", "0 65534 1"), 0);
	ASSERT_EQ(tierx_write("/proc/self/gid_map", "0 65534 1"), 0);
	ASSERT_EQ(setresuid(0, 0, 0), 0);
}

static void become_bpf(void)
{
	become_user(CAP(BPF));
}

static void become_bpf_net(void)
{
	become_user(CAP(BPF) | CAP(NET_ADMIN));
}

static void become_bpf_perfmon(void)
{
	become_user(CAP(BPF) | CAP(PERFMON));
}

/* Root, for whom files are no hurdle. */
static void become_root_bpf(void)
{
	set_caps(CAP(BPF));
}

/* --- what --- */

/* The policy that is attached, and what somebody may have of it. */
struct target {
	struct tierx_policy *policy;
	struct tierx_policy *other; /* opened, or loaded if the attempt is only to attach it */
	uint32_t link_id;
	uint32_t map_id;
};

static int load(struct target *target)
{
	return tierx_load(target->other);
}

/* With a map that root has made and passed on. */
static int attach_passed(struct target *target)
{
	return tierx_attach(target->other);
}

static int swap_passed(struct target *target)
{
	return tierx_swap(target->policy, target->other);
}

/* For one whose threads would go before those of others. */
static int swap_nice(struct target *target)
{
	return swap_passed(target);
}

static int close_if_open(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int link_by_id(struct target *target)
{
	return close_if_open(bpf_link_get_fd_by_id(target->link_id));
}

static int link_by_pin(struct target *target)
{
	(void)target;
	return close_if_open(bpf_obj_get(PIN_LINK));
}

static int detach_by_id(struct target *target)
{
	int fd = bpf_link_get_fd_by_id(target->link_id), err;

	if (fd < 0)
		return -errno;
	err = bpf_link_detach(fd);
	close(fd);
	return err;
}

static int unpin(struct target *target)
{
	(void)target;
	return unlink(PIN_LINK) ? -errno : 0;
}

static int map_by_id(struct target *target)
{
	return close_if_open(bpf_map_get_fd_by_id(target->map_id));
}

/* The knobs of a policy are such a map. */
static int map_by_pin(struct target *target)
{
	int fd = bpf_obj_get(PIN_MAP), err = 0;
	void *addr;

	(void)target;
	if (fd < 0)
		return -errno;
	addr = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED)
		err = -errno;
	close(fd);
	return err;
}

static int next_map(struct target *target)
{
	uint32_t id = 0;

	(void)target;
	return bpf_map_get_next_id(id, &id);
}

static int next_program(struct target *target)
{
	uint32_t id = 0;

	(void)target;
	return bpf_prog_get_next_id(id, &id);
}

static int next_link(struct target *target)
{
	uint32_t id = 0;

	(void)target;
	return bpf_link_get_next_id(id, &id);
}

static int read_dump(struct target *target)
{
	char text[64];
	ssize_t len = tierx_read(SYSFS "last_exit_dump", text, sizeof(text));

	(void)target;
	return len < 0 ? len : 0;
}

static int abort_policy(struct target *target)
{
	(void)target;
	return tierx_write(SYSFS "abort", "1");
}

/* --- the cases --- */

static const struct person {
	const char *about;
	void (*become)(void);
} persons[] = {
	{ "a user", become_nobody },
	{ "root of a user namespace", become_namespace_root },
	{ "a user with CAP_BPF", become_bpf },
	{ "a user with CAP_BPF and CAP_NET_ADMIN", become_bpf_net },
	{ "a user with CAP_BPF and CAP_PERFMON", become_bpf_perfmon },
	{ "root with CAP_BPF only", become_root_bpf },
};

#define NR_PERSONS TIERX_ARRAY_SIZE(persons)

static const struct attempt {
	const char *name;
	const char *about;
	int (*attempt)(struct target *target);
	const char *object;
	bool loaded;
	/* For each person: a negative errno, or 0 if it works. */
	int expected[NR_PERSONS];
} attempts[] = {
	{ "load",
	  "load a policy",
	  load,
	  "probe",
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, 0, -EPERM } },
	{ "load_walk",
	  "load a program that sees everybody's memory",
	  load,
	  "walk",
	  false,
	  { -EPERM, -EPERM, -EACCES, -EACCES, 0, -EACCES } },
	{ "load_report",
	  "load a program that feeds accesses",
	  load,
	  "sampler",
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, 0, -EPERM } },
	{ "attach",
	  "attach a policy that was passed on",
	  attach_passed,
	  "probe",
	  true,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EBUSY, -EPERM } },
	{ "swap",
	  "swap the policy by a link that was passed on",
	  swap_passed,
	  "probe",
	  true,
	  { -EPERM, -EPERM, -EPERM, -EPERM, 0, -EPERM } },
	{ "swap_nice",
	  "swap the policy for one whose threads go before others",
	  swap_nice,
	  "probe",
	  true,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EACCES, -EPERM } },
	{ "link_by_id",
	  "get the link by its id",
	  link_by_id,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, -EPERM } },
	{ "detach_by_id",
	  "detach the link by its id",
	  detach_by_id,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, -EPERM } },
	{ "link_by_pin",
	  "get the pinned link",
	  link_by_pin,
	  NULL,
	  false,
	  { -EACCES, -EACCES, -EACCES, -EACCES, -EACCES, 0 } },
	{ "unpin",
	  "remove the pin",
	  unpin,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, 0 } },
	{ "map_by_id",
	  "get the policy's memory by its id",
	  map_by_id,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, -EPERM } },
	{ "map_by_pin",
	  "map the pinned memory of the policy",
	  map_by_pin,
	  NULL,
	  false,
	  { -EACCES, -EACCES, -EACCES, -EACCES, -EACCES, 0 } },
	{ "next_map",
	  "iterate over maps",
	  next_map,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, -EPERM } },
	{ "next_program",
	  "iterate over programs",
	  next_program,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, -EPERM } },
	{ "next_link",
	  "iterate over links",
	  next_link,
	  NULL,
	  false,
	  { -EPERM, -EPERM, -EPERM, -EPERM, -EPERM, -EPERM } },
	{ "read_dump",
	  "read the last dump",
	  read_dump,
	  NULL,
	  false,
	  { -EACCES, -EACCES, -EACCES, -EACCES, -EACCES, -EPERM } },
	{ "abort",
	  "abort the policy",
	  abort_policy,
	  NULL,
	  false,
	  { -EACCES, -EACCES, -EACCES, -EACCES, -EACCES, -EPERM } },
};

/* One person tries one thing. */
struct trial {
	const struct person *person;
	int (*attempt)(struct target *target);
	struct target *target;
};

static int try(void *arg)
{
	struct trial *trial = arg;

	trial->person->become();
	return -trial->attempt(trial->target);
}

static uint32_t link_id(struct tierx_policy *policy)
{
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);

	ASSERT_EQ(bpf_link_get_info_by_fd(tierx_link_fd(policy), &info, &len), 0);
	return info.id;
}

static uint32_t map_id(struct bpf_map *map)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	ASSERT_EQ(bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len), 0);
	return info.id;
}

static void remove_pin(void *path)
{
	unlink(path);
}

/* An attached policy with its link and its globals pinned. */
static volatile struct tierx_probe *start(struct target *target)
{
	volatile struct tierx_probe *probe;
	struct bpf_map *map;

	target->policy = probe_open("guarded", &probe);
	tierx_field_set(target->policy, "tick_ms", 10);
	tierx_start(target->policy);
	ASSERT_EQ(tierx_pin(target->policy, PIN_LINK), 0);
	map = bpf_object__find_map_by_name(tierx_object(target->policy), ".bss");
	ASSERT(map);
	remove_pin(PIN_MAP);
	ASSERT_EQ(bpf_obj_pin(bpf_map__fd(map), PIN_MAP), 0);
	tierx_defer(remove_pin, PIN_MAP);
	target->link_id = link_id(target->policy);
	target->map_id = map_id(map);
	return probe;
}

static void expect_goes_on(volatile struct tierx_probe *probe)
{
	int node = tierx_fast_node();
	uint64_t ticks = probe->nr_tick[node];

	ASSERT_STREQ(tierx_sys("root/ops"), "guarded");
	ASSERT_WAIT(probe->nr_tick[node] > ticks + 1, 5000);
	ASSERT_EQ(probe->nr_exit, 0);
}

/* Those who may do that have done it. */
static bool has_ended(const struct attempt *attempt, int result)
{
	if (result)
		return false;
	if (attempt->attempt == abort_policy) {
		ASSERT(!tierx_enabled());
		return true;
	}
	if (attempt->attempt == swap_passed)
		ASSERT_STREQ(tierx_sys("root/ops"), "probe");
	return attempt->attempt == swap_passed;
}

/* Whether the policy is still there. */
static bool run_trial(const struct attempt *attempt, size_t who, struct target *target,
		      volatile struct tierx_probe *probe)
{
	struct trial trial = { &persons[who], attempt->attempt, target };
	uint64_t enabled = tierx_sys_nr("enable_seq"), switched = tierx_sys_nr("switch_seq");
	int got;

	target->other = attempt->object ? tierx_open(attempt->object) : NULL;
	if (attempt->attempt == swap_nice)
		tierx_field_set(target->other, "nice", -1);
	if (attempt->loaded)
		ASSERT_EQ(tierx_load(target->other), 0);
	got = -tierx_wait_child(tierx_fork(try, &trial), CHILD_MS);
	if (got != attempt->expected[who])
		FAIL("%s who tries to %s gets %d, not %d", persons[who].about, attempt->about, got,
		     attempt->expected[who]);
	if (has_ended(attempt, got))
		return false;
	expect_goes_on(probe);
	ASSERT_EQ(tierx_sys_nr("enable_seq"), enabled);
	ASSERT_EQ(tierx_sys_nr("switch_seq"), switched);
	return true;
}

static void run_attempt(const struct attempt *attempt)
{
	volatile struct tierx_probe *probe = NULL;
	struct target target = {};
	size_t who;

	for (who = 0; who < NR_PERSONS; who++) {
		if (!probe)
			probe = start(&target);
		if (run_trial(attempt, who, &target, probe) && !access(PIN_LINK, F_OK))
			continue;
		remove_pin(PIN_LINK);
		tierx_detach(target.policy);
		probe = NULL;
	}
}

static void run(void)
{
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(attempts); i++)
		if (!strcmp(attempts[i].name, tierx_case()))
			return run_attempt(&attempts[i]);
}

int main(int argc, char **argv)
{
	static struct tierx_test tests[TIERX_ARRAY_SIZE(attempts)];
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(tests); i++)
		tests[i] = (struct tierx_test){ attempts[i].name, attempts[i].about, run };
	return tierx_main(argc, argv, tests, TIERX_ARRAY_SIZE(tests), tierx_unmet);
}
