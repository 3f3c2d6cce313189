// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broken policies. Each is a good one with one thing wrong, and a row of the table says what must
 * come of it:
 *
 *	refused		it is not loaded or not attached, with this errno and these words
 *	ejected		it is ended for this reason, with these words
 *	contained	it goes on under load, what it does wrong is counted by this event, and it
 *			can be unloaded like any other
 *	answered	a kfunc tells it that its arguments make no sense
 *
 * Memory that is in use meanwhile keeps its contents.
 */
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "tierx_file.h"
#include "tierx_probe.h"
#include "progs/f_running.h"

#define FEW_PAGES  16
#define PAGES	   512
#define MANY_PAGES 2048
#define FILE_PAGES 64
#define SEED	   7
#define WAIT_MS	   15000

/* In a row these stand for what is only known when it is run. */
#define SLOW	(-100)
#define FAST	(-101)
#define MEM_PFN (-102)
#define MAX_PFN (-103)
#define FAR_PFN (-104)

/* What happens while a policy runs. */
enum load {
	NO_LOAD,
	FAULTS,
	FILE_FAULTS,
	RECLAIMS,
	NR_LOADS,
};

struct mutant {
	const char *name;
	const char *about;
	void (*judge)(const struct mutant *mutant);
	const char *program;
	const char *op;
	enum load load;
	int error; /* refused: errno; ejected: kind; answered: what the kfunc returns */
	const char *says; /* a part of a message, or the name of an event */
	s32 answer;
	struct mutant_call call;
	/* More programs, or a field with a value. */
	const char *other_program;
	const char *other_op;
	const char *field;
	uint64_t value;
	const char *text; /* another name, or a part of the dump */
};

/* --- loads --- */

struct stress {
	enum load load;
	struct tierx_mem *mem;
	struct tierx_toucher *toucher;
	struct tierx_file *file;
	const char *cgroup;
};

static void stress_prepare(struct stress *stress, enum load load)
{
	stress->load = load;
	if (load == FAULTS) {
		tierx_set_all_hot();
		tierx_set_tiering();
		stress->mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	} else if (load == RECLAIMS) {
		tierx_set_demotion(true);
		stress->cgroup = tierx_cgroup_enter("tierx_mutants");
		stress->mem = tierx_mem_alloc(MANY_PAGES, tierx_fast_node());
	} else if (load == FILE_FAULTS) {
		stress->file =
			tierx_file_create(tierx_mount_tmpfs(NULL), FILE_PAGES, tierx_slow_node());
	} else {
		stress->mem = tierx_mem_alloc(FEW_PAGES, tierx_slow_node());
	}
	if (stress->mem)
		tierx_mem_fill(stress->mem, SEED);
}

/*
 * One more helping of it. Memory that is armed is not touched before there is a policy: of what
 * the kernel has promoted there are no more hint faults. It may have been armed as soon as it was
 * allocated.
 */
static void stress_go_on(struct stress *stress)
{
	if (stress->load == FAULTS && !stress->toucher) {
		tierx_mem_move(stress->mem, tierx_slow_node());
		stress->toucher = tierx_touch_start(stress->mem, -1, false);
	}
	if (stress->load == RECLAIMS)
		tierx_cgroup_reclaim(stress->cgroup, PAGES * TIERX_PAGE);
	if (stress->load == FILE_FAULTS) {
		tierx_file_map(stress->file, PROT_READ, MAP_SHARED);
		tierx_file_touch(stress->file, false);
		tierx_file_unmap(stress->file);
	}
}

static void stress_verify(struct stress *stress)
{
	if (stress->mem)
		ASSERT_EQ(tierx_mem_verify(stress->mem, SEED), 0);
	if (stress->file) {
		tierx_file_map(stress->file, PROT_READ, MAP_SHARED);
		ASSERT_EQ(tierx_file_verify(stress->file, 1), 0);
	}
}

#define STRESS(stress, condition)	TIERX_WAIT((stress_go_on(stress), condition), WAIT_MS)
#define STRESS_UNTIL(stress, condition) ASSERT(STRESS(stress, condition))

/* --- policies --- */

static void put_program(struct tierx_policy *policy, const char *op, const char *name)
{
	struct bpf_program *program;

	program = bpf_object__find_program_by_name(tierx_object(policy), name);
	if (!program)
		FAIL("no program %s", name);
	memcpy(tierx_field(policy, op), &program, sizeof(program));
}

static s64 real_value(s64 value, struct stress *stress)
{
	switch (value) {
	case SLOW:
		return tierx_slow_node();
	case FAST:
		return tierx_fast_node();
	case MEM_PFN:
		return tierx_mem_pfn(stress->mem, 0);
	case MAX_PFN:
		return tierx_max_pfn();
	case FAR_PFN:
		/* The rest of the last section has descriptors, too. */
		return tierx_max_pfn() + (1 << 16);
	}
	return value;
}

static struct tierx_policy *open_mutant(const struct mutant *mutant, const char *object)
{
	struct tierx_policy *policy = tierx_open(object);
	struct bpf_program *program;

	/* Those that are in the ops are loaded all the same. */
	bpf_object__for_each_program(program, tierx_object(policy))
		bpf_program__set_autoload(program, false);
	tierx_rename(policy, mutant->name);
	if (mutant->program)
		put_program(policy, mutant->op, mutant->program);
	if (mutant->other_program)
		put_program(policy, mutant->other_op, mutant->other_program);
	if (mutant->field)
		tierx_field_set(policy, mutant->field, mutant->value);
	return policy;
}

/* A policy that can be loaded, and what it will have to do with. */
static struct tierx_policy *prepare(const struct mutant *mutant, struct stress *stress)
{
	struct tierx_policy *policy = open_mutant(mutant, "f_running");
	struct mutant_call *call = tierx_global(policy, "call");
	size_t i;

	stress_prepare(stress, mutant->load);
	*call = mutant->call;
	for (i = 0; i < TIERX_ARRAY_SIZE(call->args); i++)
		call->args[i] = real_value(call->args[i], stress);
	*(s32 *)tierx_global(policy, "answer") = real_value(mutant->answer, stress);
	return policy;
}

/* --- judges --- */

static void refused(const struct mutant *mutant)
{
	struct tierx_policy *policy;
	const char *log;
	size_t len;
	int err;

	policy = mutant->program ? open_mutant(mutant, "f_refused") : tierx_open("f_licence");
	err = tierx_load(policy);
	log = tierx_log(policy);
	len = strlen(log);
	if (err != mutant->error || !strstr(log, mutant->says))
		FAIL("loading gives %d, not %d, or does not say '%s':\n%s", err, mutant->error,
		     mutant->says, log + (len > 700 ? len - 700 : 0));
}

/* The ops have no words for the user: an errno for each thing that can be wrong with them. */
static void not_attached(const struct mutant *mutant)
{
	struct stress stress = {};
	struct tierx_policy *policy = prepare(mutant, &stress);
	uint64_t seq = tierx_sys_nr("enable_seq");
	int err;

	if (mutant->text)
		tierx_rename(policy, mutant->text);

	err = tierx_load(policy);
	if (err)
		FAIL("load: %d: %s", err, tierx_log(policy));
	err = tierx_attach(policy);
	if (err != mutant->error)
		FAIL("attaching gives %d, not %d", err, mutant->error);
	ASSERT(!tierx_enabled());
	ASSERT_EQ(tierx_sys_nr("enable_seq"), seq);
}

static void start(const struct mutant *mutant, struct tierx_policy *policy)
{
	size_t len;

	if (!tierx_load(policy)) {
		ASSERT_EQ(tierx_attach(policy), 0);
		return;
	}
	len = strlen(tierx_log(policy));
	FAIL("load %s: %s", mutant->program, tierx_log(policy) + (len > 700 ? len - 700 : 0));
}

static void ejected(const struct mutant *mutant)
{
	struct stress stress = {};
	struct tierx_policy *policy = prepare(mutant, &stress);

	start(mutant, policy);
	if (!STRESS(&stress, !strcmp(tierx_last_exit("policy"), mutant->name)))
		FAIL("not ejected: %llu bad verdicts, %llu hint faults, %llu PTEs armed since boot",
		     (unsigned long long)tierx_event("bad_verdict"),
		     (unsigned long long)tierx_vmstat("numa_hint_faults"),
		     (unsigned long long)tierx_vmstat("numa_pte_updates"));
	ASSERT(!tierx_enabled());
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), mutant->error);
	ASSERT_HAS(tierx_last_exit("msg"), mutant->says);
	/* Who is gone decides nothing, and leaves nothing behind. */
	stress_go_on(&stress);
	stress_verify(&stress);
	tierx_detach(policy);
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), mutant->error);
}

/* It is still there, its harm is none, and it goes when it is told to. */
static void expect_contained(const struct mutant *mutant, struct tierx_policy *policy,
			     struct stress *stress)
{
	uint64_t end = tierx_now_ms() + 100;

	do {
		stress_go_on(stress);
		tierx_sleep_ms(10);
	} while (tierx_now_ms() < end);
	ASSERT_STREQ(tierx_sys("root/ops"), mutant->name);
	stress_verify(stress);
	tierx_detach(policy);
	ASSERT(!tierx_enabled());
	ASSERT_STREQ(tierx_last_exit("policy"), mutant->name);
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), TIERX_EXIT_UNREG);
	stress_verify(stress);
}

static void contained(const struct mutant *mutant)
{
	struct stress stress = {};
	struct tierx_policy *policy = prepare(mutant, &stress);

	start(mutant, policy);
	STRESS_UNTIL(&stress, tierx_event(mutant->says) > 0);
	expect_contained(mutant, policy, &stress);
}

static void answered(const struct mutant *mutant)
{
	struct stress stress = {};
	struct tierx_policy *policy = prepare(mutant, &stress);
	volatile struct mutant_call *call = tierx_global(policy, "call");

	start(mutant, policy);
	STRESS_UNTIL(&stress, call->done);
	ASSERT_EQ(call->result, mutant->error);
	if (mutant->says)
		ASSERT_GT(tierx_event(mutant->says), 0);
	ASSERT_EQ(tierx_event("queued"), 0);
	expect_contained(mutant, policy, &stress);
}

/* --- pages that are nobody's to move --- */

#define KPF_SLAB	  7
#define KPF_ANON	  12
#define KPF_COMPOUND_HEAD 15
#define KPF_HUGE	  17
#define KPF_PGTABLE	  26

/* The first PFN with all of @flags. */
static uint64_t find_pfn(uint64_t flags)
{
	uint64_t pfn, words[512], max = tierx_max_pfn();
	ssize_t len, i;
	int fd;

	fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP("no /proc/kpageflags");
	for (pfn = 0; pfn < max; pfn += 512) {
		len = pread(fd, words, sizeof(words), pfn * sizeof(*words));
		for (i = 0; i < len / (ssize_t)sizeof(*words); i++) {
			if ((words[i] & flags) != flags)
				continue;
			close(fd);
			return pfn + i;
		}
	}
	close(fd);
	FAIL("no page with flags %#llx", (unsigned long long)flags);
}

static void huge_free(void *addr)
{
	munmap(addr, 2 << 20);
}

static uint64_t huge_pfn(void)
{
	struct tierx_mem mem = { .pages = 1 };

	tierx_set("/proc/sys/vm/nr_hugepages", "4");
	mem.addr = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (mem.addr == MAP_FAILED)
		SKIP("no hugetlb page to be had: %s", strerror(errno));
	tierx_defer(huge_free, mem.addr);
	*mem.addr = 1;
	return tierx_mem_pfn(&mem, 0);
}

/* A move of somebody else's page is queued, and refused when it is to be made. */
static void foreign(const struct mutant *mutant)
{
	struct stress stress = {};
	struct tierx_policy *policy = prepare(mutant, &stress);
	volatile struct mutant_call *call = tierx_global(policy, "call");

	call->args[0] = mutant->value ? find_pfn(mutant->value) : huge_pfn();
	start(mutant, policy);
	ASSERT_WAIT(call->done, WAIT_MS);
	ASSERT_EQ(call->result, mutant->error);
	ASSERT_WAIT(tierx_event(mutant->says) > 0, WAIT_MS);
	ASSERT_EQ(tierx_event("promoted_pages") + tierx_event("demoted_pages"), 0);
	expect_contained(mutant, policy, &stress);
}

/* --- others --- */

/* What the dump op wrote is there, as far as there is room. */
static void dumped(const struct mutant *mutant)
{
	const char *dump;

	ejected(mutant);
	dump = tierx_sys("last_exit_dump");
	ASSERT_HAS(dump, mutant->text);
	ASSERT_LE(strlen(dump), 32 << 10);
}

/* It takes its time to end, but it ends. */
static void ends(const struct mutant *mutant)
{
	struct stress stress = {};
	struct tierx_policy *policy = prepare(mutant, &stress);

	start(mutant, policy);
	expect_contained(mutant, policy, &stress);
}

#include "f_mutants_table.h"

static void run(void)
{
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(mutants); i++)
		if (!strcmp(mutants[i].name, tierx_case()))
			return mutants[i].judge(&mutants[i]);
}

int main(int argc, char **argv)
{
	static struct tierx_test tests[TIERX_ARRAY_SIZE(mutants)];
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(mutants); i++)
		tests[i] = (struct tierx_test){ mutants[i].name, mutants[i].about, run };
	return tierx_main(argc, argv, tests, TIERX_ARRAY_SIZE(tests), tierx_unmet_tiers);
}
