// SPDX-License-Identifier: GPL-2.0-only
/*
 * memtoy: map memory, touch it, mark it lazy, and see where it is.
 *
 *	memtoy map 512 1 touch where lazy where touch where
 *
 *	map PAGES [NODE]	anonymous memory, on a node
 *	file PAGES [NODE]	a file on tmpfs whose page cache is there, mapped
 *	touch			read every page
 *	write			write every page
 *	lazy			the next touch is a hint fault: the attached policy decides
 *	where			how many pages are on each node
 *	wait			until standard input ends
 *
 * Without arguments it is a test: what it does under policy migrate_on_fault.
 * After the program of the same name that migrate-on-fault was tried with in
 * 2006.
 */
#include <sys/mman.h>

#include "tierx_file.h"

#define PAGES 512

static struct tierx_policy *arming;
static struct tierx_mem *mem;

struct memtoy_arm {
	int pid;
	unsigned long long start;
	unsigned long long len;
};

/* --- commands: each returns how many of @words it has used --- */

static int node_of(int nr, char **words)
{
	char *end;
	long node;

	if (nr < 3)
		return -1;
	node = strtol(words[2], &end, 10);
	return *words[2] && !*end ? node : -1;
}

static size_t pages_of(int nr, char **words)
{
	size_t pages = nr < 2 ? 0 : strtoul(words[1], NULL, 10);

	if (!pages)
		FAIL("%s needs a number of pages", words[0]);
	return pages;
}

static int map(int nr, char **words)
{
	int node = node_of(nr, words);

	mem = tierx_mem_alloc(pages_of(nr, words), node < 0 ? tierx_fast_node() : node);
	tierx_drain_lru();
	return node < 0 ? 2 : 3;
}

static int map_file(int nr, char **words)
{
	int node = node_of(nr, words);
	struct tierx_file *file;

	file = tierx_file_create(tierx_mount_tmpfs(""), pages_of(nr, words),
				 node < 0 ? tierx_fast_node() : node);
	tierx_file_map(file, PROT_READ | PROT_WRITE, MAP_SHARED);
	mem = &file->mem;
	return node < 0 ? 2 : 3;
}

static struct tierx_mem *mapped(const char *command)
{
	if (!mem)
		FAIL("%s needs memory: map it first", command);
	return mem;
}

static int touch(int nr, char **words)
{
	(void)nr;
	tierx_mem_touch(mapped(words[0]), false);
	return 1;
}

static int write_all(int nr, char **words)
{
	(void)nr;
	tierx_mem_touch(mapped(words[0]), true);
	return 1;
}

static int lazy(int nr, char **words)
{
	struct memtoy_arm arm = { .pid = getpid() };
	int armed;

	(void)nr;
	arm.start = (uintptr_t)mapped(words[0])->addr;
	arm.len = mem->pages * TIERX_PAGE;
	if (!arming) {
		arming = tierx_open("memtoy");
		if (tierx_load(arming))
			FAIL("load: %s", tierx_log(arming));
	}
	armed = tierx_call(arming, "memtoy_arm", &arm, sizeof(arm));
	if (armed == -EOPNOTSUPP)
		FAIL("lazy needs the tiering mode: sysctl kernel.numa_balancing=2");
	ASSERT_GE(armed, 0);
	tierx_note("lazy: %d pages armed", armed);
	return 1;
}

static int where(int nr, char **words)
{
	char line[256] = "where:";
	size_t count, len = strlen(line);
	int node;

	(void)nr;
	for (node = 0; node < tierx_nr_nodes(); node++) {
		count = tierx_mem_count(mapped(words[0]), node);
		len += snprintf(line + len, sizeof(line) - len, " node %d %zu", node, count);
		if (len >= sizeof(line))
			break;
	}
	tierx_note("%s", line);
	return 1;
}

static int wait_for_input(int nr, char **words)
{
	char byte;

	(void)nr;
	(void)words;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 1;
}

static const struct {
	const char *name;
	int (*run)(int nr, char **words);
} commands[] = {
	{ "map", map },	  { "file", map_file }, { "touch", touch },	    { "write", write_all },
	{ "lazy", lazy }, { "where", where },	{ "wait", wait_for_input },
};

static int run_command(int nr, char **words)
{
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, words[0]))
			return commands[i].run(nr, words);
	FAIL("no command %s: see the beginning of memtoy.c", words[0]);
}

static void run_commands(int nr, char **words)
{
	int used;

	for (; nr; nr -= used, words += used)
		used = run_command(nr, words);
}

/* --- as a tool --- */

static int tool_argc;
static char **tool_argv;

static void memtoy(void)
{
	run_commands(tool_argc - 1, tool_argv + 1);
}

static const struct tierx_test tool[] = {
	TIERX_TEST(memtoy, "the commands of the command line"),
};

/* --- as a test --- */

static void policy_start(void)
{
	tierx_start(tierx_open_shipped("migrate_on_fault"));
	tierx_set_tiering();
}

static void on_slow_node(const char *what)
{
	char pages[16], node[16];
	char *words[] = { (char *)what, pages, node };

	snprintf(pages, sizeof(pages), "%d", PAGES);
	snprintf(node, sizeof(node), "%d", tierx_slow_node());
	run_commands(3, words);
}

static void a4_memtoy_anon(void)
{
	char *first[] = { "touch", "where" }, *second[] = { "lazy", "where", "touch", "where" };

	policy_start();
	on_slow_node("map");
	run_commands(2, first);
	ASSERT_EQ(tierx_mem_count(mem, tierx_slow_node()), PAGES);
	run_commands(4, second);
	ASSERT_EQ(tierx_mem_count(mem, tierx_fast_node()), PAGES);
}

/* Unmapped page cache needs no arming. */
static void a1_memtoy_file(void)
{
	char *words[] = { "touch", "where" };

	policy_start();
	on_slow_node("file");
	run_commands(2, words);
	ASSERT_EQ(tierx_mem_count(mem, tierx_fast_node()), PAGES);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(a4_memtoy_anon, "memtoy: map, touch, mark lazy, touch again"),
	TIERX_TEST(a1_memtoy_file, "memtoy: page cache moves when it is touched first"),
};

int main(int argc, char **argv)
{
	tool_argc = argc;
	tool_argv = argv;
	/* Names of cases begin with an a, and no command does. */
	if (argc > 1 && argv[1][0] != 'a')
		return tierx_main(1, argv, tool, TIERX_ARRAY_SIZE(tool), tierx_unmet);
	return tierx_main(argc, argv, tests, TIERX_ARRAY_SIZE(tests), tierx_unmet_tiers);
}
