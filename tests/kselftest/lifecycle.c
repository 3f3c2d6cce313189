// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a policy comes and goes: attached, refused, detached, abandoned by its
 * loader, aborted, ended by itself or for what it did.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tierx_probe.h"

#define PIN "/sys/fs/bpf/tierx_lifecycle"
/* Loaders that race attach so often each, however often they are refused. */
#define RACE_TIMES 50

static void attach(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	uint64_t seq = tierx_sys_nr("enable_seq");

	tierx_start(policy);
	ASSERT(tierx_enabled());
	ASSERT_STREQ(tierx_sys("root/ops"), "probe");
	ASSERT_EQ(tierx_sys_nr("enable_seq"), seq + 1);
	ASSERT_EQ(probe->nr_init, 1);
	ASSERT_EQ(probe->enable_seq, seq);
	ASSERT_EQ(probe->replacing, 0);
	ASSERT_GT(probe->max_pfn, 0);
	ASSERT_GE(probe->nr_node_ids, tierx_nr_nodes());
	ASSERT_EQ(probe->nr_exit, 0);

	tierx_detach(policy);
	ASSERT(!tierx_enabled());
	ASSERT_STREQ(tierx_sys("root/ops"), "");
	ASSERT_EQ(probe->nr_exit, 1);
	ASSERT_EQ(probe->nr_dump, 0);
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_UNREG);
	ASSERT_STREQ((char *)probe->exit_reason, "unregistered from user space");
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), TIERX_EXIT_UNREG);
	ASSERT_STREQ(tierx_last_exit("policy"), "probe");
}

static void empty(void)
{
	static const char *const ops[] = { "init",	 "exit",     "dump",
					   "hint_fault", "reclaim",  "demote_target",
					   "admit",	 "migrated", "tick" };
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open("empty", &probe);
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(ops); i++)
		tierx_field_set(policy, ops[i], 0);
	tierx_start(policy);
	ASSERT_STREQ(tierx_sys("root/ops"), "empty");
	tierx_detach(policy);
	ASSERT(!tierx_enabled());
}

static void second(void)
{
	volatile struct tierx_probe *probe, *late;
	struct tierx_policy *policy = probe_open("first", &probe);
	struct tierx_policy *other = probe_open("second", &late);
	uint64_t seq, rejected, ticks;
	int node = tierx_fast_node();

	tierx_field_set(policy, "tick_ms", 20);
	tierx_start(policy);
	ASSERT_EQ(tierx_load(other), 0);
	seq = tierx_sys_nr("enable_seq");
	rejected = tierx_sys_nr("nr_rejected");

	ASSERT_EQ(tierx_attach(other), -EBUSY);
	ASSERT_EQ(tierx_sys_nr("nr_rejected"), rejected + 1);
	ASSERT_EQ(tierx_sys_nr("enable_seq"), seq);
	ASSERT_STREQ(tierx_sys("root/ops"), "first");
	ASSERT_EQ(late->nr_init, 0);
	ASSERT_EQ(late->nr_exit, 0);

	/* The first one is still asked. */
	ticks = probe->nr_tick[node];
	ASSERT_WAIT(probe->nr_tick[node] > ticks + 2, 3000);
	ASSERT_EQ(probe->nr_exit, 0);

	/* And the second one can come when the first has gone. */
	tierx_detach(policy);
	ASSERT_EQ(tierx_attach(other), 0);
	ASSERT_STREQ(tierx_sys("root/ops"), "second");
}

static void init_fails(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	uint64_t seq = tierx_sys_nr("enable_seq"), rejected = tierx_sys_nr("nr_rejected");

	probe->init_error = -ENOTTY;
	ASSERT_EQ(tierx_load(policy), 0);
	ASSERT_EQ(tierx_attach(policy), -ENOTTY);
	ASSERT(!tierx_enabled());
	ASSERT_EQ(tierx_sys_nr("nr_rejected"), rejected + 1);
	ASSERT_EQ(tierx_sys_nr("enable_seq"), seq);
	ASSERT_EQ(probe->nr_init, 1);
	ASSERT_EQ(probe->nr_exit, 0);

	/* What is no errno is none to user space either. */
	probe->init_error = 5;
	ASSERT_EQ(tierx_attach(policy), -EINVAL);
	ASSERT(!tierx_enabled());

	probe->init_error = 0;
	ASSERT_EQ(tierx_attach(policy), 0);
	ASSERT(tierx_enabled());
}

/* Attach a policy with one field out of range. */
static void expect_refused(const char *field, uint64_t value, int err)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	int got;

	tierx_field_set(policy, field, value);
	got = tierx_load(policy);
	if (!got)
		got = tierx_attach(policy);
	if (got != err)
		FAIL("%s = %llu gives %d, not %d", field, (unsigned long long)value, got, err);
	ASSERT(!tierx_enabled());
	ASSERT_EQ(probe->nr_init, 0);
}

static void expect_accepted(const char *field, uint64_t value)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);

	tierx_field_set(policy, field, value);
	tierx_start(policy);
	ASSERT(tierx_enabled());
	tierx_detach(policy);
}

static void fields(void)
{
	expect_refused("flags", 2, -EINVAL);
	expect_refused("flags", 1ULL << 63, -EINVAL);
	expect_refused("timeout_ms", 99, -ERANGE);
	expect_refused("timeout_ms", 30001, -ERANGE);
	expect_refused("tick_ms", 9, -ERANGE);
	expect_refused("tick_ms", 60001, -ERANGE);
	expect_refused("access_period", 3, -ERANGE);
	expect_refused("access_period", 1 << 17, -ERANGE);
	expect_refused("exit_dump_len", 1, -ERANGE);
	expect_refused("exit_dump_len", 63, -ERANGE);
	expect_refused("exit_dump_len", (1 << 20) + 1, -E2BIG);
	expect_refused("nice", -21, -ERANGE);
	expect_refused("nice", 20, -ERANGE);
	/* The root cgroup is the machine, which is 0. */
	expect_refused("cgroup_id", 1, -EINVAL);
	expect_refused("cgroup_id", ~0ULL, -ENOENT);
	expect_accepted("timeout_ms", 100);
	expect_accepted("timeout_ms", 30000);
	expect_accepted("tick_ms", 10);
	expect_accepted("tick_ms", 60000);
	expect_accepted("flags", 1);
	expect_accepted("access_period", 1);
	expect_accepted("access_period", 1 << 16);
	expect_accepted("exit_dump_len", 64);
	expect_accepted("exit_dump_len", 1 << 20);
	expect_accepted("rate_limit_bytes", 1 << 20);
	expect_accepted("node_rate_limit_bytes", ~0ULL);
	expect_accepted("nice", -20);
	expect_accepted("nice", 19);
}

static void expect_name(const char *name, size_t len, int err)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open("", &probe);
	int got;

	memcpy(tierx_field(policy, "name"), name, len);
	got = tierx_load(policy);
	if (!got)
		got = tierx_attach(policy);
	if (got != err)
		FAIL("name '%.*s' gives %d, not %d", (int)len, name, got, err);
	tierx_detach(policy);
	ASSERT(!tierx_enabled());
}

static void names(void)
{
	char name[64];

	memset(name, 'x', sizeof(name));
	expect_name("", 0, -EINVAL);
	expect_name(name, 64, -EINVAL);
	expect_name(name, 63, 0);
	expect_name("a b", 3, -EINVAL);
	expect_name("../ops", 6, -EINVAL);
	expect_name("two_tiers.v1", 12, 0);
}

/* ------------------------------------------------------------- loaders that vanish */

/* In a child: attach, pin if asked to, and wait to be killed. */
static int abandon(void *arg)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open("orphan", &probe);

	if (tierx_load(policy) || tierx_attach(policy))
		return 1;
	if (arg && tierx_pin(policy, arg))
		return 2;
	pause();
	return 3;
}

static void unpin(void *path)
{
	unlink(path);
}

static void kill_loader(pid_t pid)
{
	ASSERT_EQ(kill(pid, SIGKILL), 0);
	ASSERT_EQ(tierx_wait_child(pid, 5000), 128 + SIGKILL);
}

static void killed(void)
{
	pid_t pid = tierx_fork(abandon, NULL);

	ASSERT_WAIT(tierx_enabled(), 5000);
	ASSERT_STREQ(tierx_sys("root/ops"), "orphan");
	kill_loader(pid);
	ASSERT_WAIT(!tierx_enabled(), 5000);
	ASSERT_WAIT(!strcmp(tierx_last_exit("policy"), "orphan"), 5000);
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), TIERX_EXIT_UNREG);
}

static void killed_pinned(void)
{
	pid_t pid;

	tierx_defer(unpin, PIN);
	unlink(PIN);
	pid = tierx_fork(abandon, PIN);
	ASSERT_WAIT(!access(PIN, F_OK), 5000);
	kill_loader(pid);
	tierx_sleep_ms(500);
	ASSERT(tierx_enabled());
	ASSERT_STREQ(tierx_sys("root/ops"), "orphan");

	ASSERT_EQ(unlink(PIN), 0);
	ASSERT_WAIT(!tierx_enabled(), 5000);
}

/* ------------------------------------------------------------------ ends with a reason */

static void expect_hangup(struct tierx_policy *policy)
{
	struct pollfd fd = { .fd = tierx_link_fd(policy), .events = POLLIN };

	ASSERT_EQ(poll(&fd, 1, 5000), 1);
	ASSERT(fd.revents & POLLHUP);
}

static void expect_no_hangup(struct tierx_policy *policy)
{
	struct pollfd fd = { .fd = tierx_link_fd(policy), .events = POLLIN };

	ASSERT_EQ(poll(&fd, 1, 0), 0);
}

/* What was told to exit is what sysfs tells, and it is told once. */
static void expect_exit(struct tierx_policy *policy, volatile struct tierx_probe *probe, int kind,
			const char *reason, const char *msg)
{
	expect_hangup(policy);
	ASSERT(!tierx_enabled());
	ASSERT_EQ(probe->nr_exit, 1);
	ASSERT_EQ(probe->exit_kind, kind);
	ASSERT_STREQ((char *)probe->exit_reason, reason);
	ASSERT_STREQ((char *)probe->exit_msg, msg);
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), kind);
	ASSERT_STREQ(tierx_last_exit("reason"), reason);
	ASSERT_STREQ(tierx_last_exit("msg"), msg);
	ASSERT_STREQ(tierx_last_exit("policy"), "probe");

	/* Closing what is left of it is no second end. */
	tierx_detach(policy);
	ASSERT_EQ(probe->nr_exit, 1);
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), kind);
}

static void abort_file(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	const char *path = "/sys/kernel/mm/tier_ext/abort";

	ASSERT_EQ(tierx_write(path, "1"), 0);
	tierx_start(policy);
	expect_no_hangup(policy);
	ASSERT_EQ(tierx_write(path, "perhaps"), -EINVAL);
	ASSERT_EQ(tierx_write(path, "0"), 0);
	tierx_sleep_ms(100);
	ASSERT(tierx_enabled());

	ASSERT_EQ(tierx_write(path, "1"), 0);
	ASSERT(!tierx_enabled());
	expect_exit(policy, probe, TIERX_EXIT_UNREG_ABORT, "aborted by the administrator", "");
	ASSERT_EQ(probe->nr_dump, 0);
}

static void error(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);

	tierx_field_set(policy, "tick_ms", 10);
	probe->dump_lines = 3;
	tierx_start(policy);
	probe->order = PROBE_ERROR;
	expect_hangup(policy);
	ASSERT_HAS((char *)probe->exit_msg, "probe gives up on node ");
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_ERROR_BPF);
	ASSERT_EQ(probe->dump_kind, TIERX_EXIT_ERROR_BPF);
	ASSERT_EQ(probe->nr_dump, 1);
	ASSERT_HAS((char *)probe->exit_dump, "policy probe\nkind 1025\n");

	ASSERT_HAS(tierx_sys("last_exit_dump"), "reason error raised by the policy\n");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "msg probe gives up on node ");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "event tick ");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "probe line 1 of 3\n");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "probe line 3 of 3");
	expect_exit(policy, probe, TIERX_EXIT_ERROR_BPF, "error raised by the policy",
		    (char *)probe->exit_msg);
}

static void policy_exits(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);

	tierx_field_set(policy, "tick_ms", 10);
	tierx_start(policy);
	probe->order = PROBE_EXIT;
	expect_exit(policy, probe, TIERX_EXIT_UNREG_BPF, "unregistered by the policy",
		    "probe is done with everything");
	ASSERT_EQ(probe->exit_code, 4711);
	ASSERT_EQ(strtoll(tierx_last_exit("code"), NULL, 10), 4711);
	ASSERT_EQ(probe->nr_dump, 0);
}

static void dump_cut(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	const char *dump;

	tierx_field_set(policy, "tick_ms", 10);
	tierx_field_set(policy, "exit_dump_len", 512);
	probe->dump_lines = 1000;
	tierx_start(policy);
	probe->order = PROBE_ERROR;
	expect_hangup(policy);

	dump = tierx_sys("last_exit_dump");
	ASSERT_LT(strlen(dump), 512);
	ASSERT_GT(strlen(dump), 400);
	ASSERT_HAS(dump, "policy probe\n");
	ASSERT_HAS(dump, "probe line 1 of 1000\n");
	ASSERT_STREQ(dump + strlen(dump) - 3, "...");
}

static void dump_long(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);

	/* More than the default of 32 KiB and than a page of sysfs. */
	tierx_field_set(policy, "tick_ms", 10);
	tierx_field_set(policy, "exit_dump_len", 60000);
	probe->dump_lines = 2000;
	tierx_start(policy);
	probe->order = PROBE_ERROR;
	expect_hangup(policy);
	ASSERT_HAS(tierx_sys("last_exit_dump"), "probe line 2000 of 2000");
}

static void again(void)
{
	volatile struct tierx_probe *probe, *next;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_policy *other = probe_open("next", &next);
	int i;

	/* At once, so that the worker may still be busy with the end. */
	tierx_field_set(policy, "tick_ms", 10);
	tierx_start(policy);
	ASSERT_EQ(tierx_load(other), 0);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/abort", "1"), 0);
		ASSERT_EQ(tierx_attach(other), 0);
		ASSERT_STREQ(tierx_sys("root/ops"), "next");
		ASSERT_EQ(probe->nr_exit, i + 1);
		tierx_detach(policy);
		tierx_detach(other);
		ASSERT_EQ(tierx_attach(policy), 0);
	}
	ASSERT_EQ(next->nr_exit, 20);
}

/* The same policy, while the link that it was ejected from is still to hang up. */
static void again_itself(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	int map, link, i;

	ASSERT_EQ(tierx_load(policy), 0);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(tierx_attach(policy), 0);
		ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/abort", "1"), 0);
		map = bpf_map__fd(tierx_ops_map(policy));
		link = bpf_link_create(map, 0, BPF_STRUCT_OPS, NULL);
		ASSERT_GE(link, 0);
		expect_hangup(policy);
		ASSERT(tierx_enabled());
		tierx_detach(policy);
		ASSERT(tierx_enabled());
		ASSERT_EQ(probe->nr_exit, 2 * i + 1);
		close(link);
		ASSERT(!tierx_enabled());
		ASSERT_EQ(probe->nr_exit, 2 * i + 2);
	}
}

struct contender {
	const char *name;
	uint64_t attempts;
};

/* In a child: attach and detach until that worked so often. Its status tells what went wrong. */
static int contend(void *arg)
{
	struct contender *me = arg;
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(me->name, &probe);
	uint64_t attached = 0;
	int err;

	ASSERT_EQ(tierx_load(policy), 0);
	for (; attached < RACE_TIMES; me->attempts++) {
		err = tierx_attach(policy);
		if (err == -EBUSY)
			continue;
		ASSERT_EQ(err, 0);
		attached++;
		ASSERT_STREQ(tierx_sys("root/ops"), me->name);
		tierx_detach(policy);
		ASSERT_EQ(probe->nr_exit, attached);
	}
	ASSERT_EQ(probe->nr_init, attached);
	return 0;
}

static void race(void)
{
	uint64_t seq = tierx_sys_nr("enable_seq"), rejected = tierx_sys_nr("nr_rejected");
	struct contender *both = tierx_map_shared(TIERX_PAGE, -1);
	pid_t one, two;

	both[0].name = "one";
	both[1].name = "two";
	one = tierx_fork(contend, &both[0]);
	two = tierx_fork(contend, &both[1]);
	ASSERT_EQ(tierx_wait_child(one, 60000), 0);
	ASSERT_EQ(tierx_wait_child(two, 60000), 0);
	ASSERT(!tierx_enabled());
	ASSERT_EQ(tierx_sys_nr("enable_seq") - seq, 2 * RACE_TIMES);
	/* Each of the attempts went one way or the other. */
	ASSERT_EQ(tierx_sys_nr("nr_rejected") - rejected,
		  both[0].attempts + both[1].attempts - 2 * RACE_TIMES);
	munmap(both, TIERX_PAGE);
}

static int try_unprivileged(void *arg)
{
	struct tierx_policy *policy = tierx_open("probe");

	(void)arg;
	ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
	ASSERT_EQ(tierx_load(policy), -EPERM);
	ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/abort", "1"), -EACCES);
	ASSERT_EQ(access("/sys/kernel/mm/tier_ext/last_exit_dump", R_OK), -1);
	ASSERT(tierx_enabled());
	return 0;
}

static void unprivileged(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);

	tierx_start(policy);
	ASSERT_EQ(tierx_wait_child(tierx_fork(try_unprivileged, NULL), 10000), 0);
	ASSERT(tierx_enabled());
}

static const struct tierx_test tests[] = {
	TIERX_TEST(attach, "a policy is attached and detached"),
	TIERX_TEST(empty, "a policy without any op is a policy"),
	TIERX_TEST(second, "a second policy is refused, the first goes on"),
	TIERX_TEST(init_fails, "init refuses with its own errno"),
	TIERX_TEST(fields, "fields of the ops are checked"),
	TIERX_TEST(names, "names are checked"),
	TIERX_TEST(killed, "a killed loader takes its policy along"),
	TIERX_TEST(killed_pinned, "a pinned policy outlives its loader"),
	TIERX_TEST(abort_file, "the abort file ends a policy, and its link hangs up"),
	TIERX_TEST(error, "an error of the policy ends it, with message and dump"),
	TIERX_TEST(policy_exits, "a policy ends itself with a code"),
	TIERX_TEST(dump_cut, "a dump that is too long is cut"),
	TIERX_TEST(dump_long, "a dump as long as was asked for is complete"),
	TIERX_TEST(again, "a policy can be attached right after an ejection"),
	TIERX_TEST(again_itself, "an ejected policy is attached again, and stays"),
	TIERX_TEST(race, "two loaders race, and each attempt works or is refused"),
	TIERX_TEST(unprivileged, "users may neither load a policy nor end one"),
};

TIERX_TEST_MAIN(tests, tierx_unmet)
