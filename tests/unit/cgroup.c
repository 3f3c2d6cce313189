// SPDX-License-Identifier: GPL-2.0-only
/* Cgroups by path and by id, and which policy is below which. */
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "kernel.h"
#include "ktap.h"
#include "log.h"
#include "place.h"
#include "testdir.h"
#include "tierx.h"
#include "tree.h"

static void test_find(void)
{
	struct place place = { .cgroup_id = 1 };

	ktap_ok(!place__find(&place, NULL) && !place.cgroup_id && !place.cgroup, "the machine");
	ktap_ok(place__find(&place, "/nonexistent") == STATUS_USAGE, "no such cgroup");
	ktap_ok(place__find(&place, "no/such/cgroup") == STATUS_USAGE, "nor a relative one");
	ktap_ok(place__find(&place, "") == STATUS_USAGE, "nor an empty one");
	ktap_ok(place__find(&place, "/tmp") == STATUS_USAGE, "a folder that is no cgroup");
	ktap_ok(place__find(&place, "/proc/version") == STATUS_USAGE, "a file");
}

/* Make a cgroup of a kind, and tell its id. */
static __u64 make_cgroup(const char *path)
{
	char file[PATH_MAX];
	struct stat stat_;

	snprintf(file, sizeof(file), CGROUP_ROOT "/%.1000s/cgroup.controllers", path);
	testdir__write(file, "memory\n");
	snprintf(file, sizeof(file), "%s" CGROUP_ROOT "/%.1000s", testdir, path);

	return stat(file, &stat_) ? 0 : stat_.st_ino;
}

static bool path_is(const char *path, const char *expected)
{
	return expected ? path && !strcmp(path, expected) : !path;
}

static void test_paths(void)
{
	struct cgroup_path paths[] = {
		{ .id = make_cgroup("web/a/b") }, { .id = make_cgroup("web") },
		{ .id = make_cgroup("") },	  { .id = ~0ULL },
		{ .id = make_cgroup("batch") },	  { .id = make_cgroup("web") },
	};
	const char *const expected[] = { "web/a/b", "web", "", NULL, "batch", "web" };
	const int nr = sizeof(paths) / sizeof(*paths);
	int i;

	cgroup__find_paths(paths, nr);
	for (i = 0; i < nr; i++) {
		ktap_ok(path_is(paths[i].path, expected[i]), "path of %s",
			expected[i] ? expected[i] : "a cgroup that is gone");
		free(paths[i].path);
	}
}

static const struct {
	struct tree_node node;
	int index;
	int parent;
	int depth;
} nodes[] = {
	{ { .has_policy = true }, 0, 0, 0 },
	{ { .cgroup_id = 2, .path = "web/a/b", .has_policy = true }, 3, 1, 2 },
	{ { .cgroup_id = 3, .path = "web", .has_policy = true }, 1, 0, 1 },
	/* Not below web, whose name it begins with. */
	{ { .cgroup_id = 4, .path = "web-2/a", .has_policy = true }, 5, 0, 1 },
	/* One without a policy has nothing below. */
	{ { .cgroup_id = 5, .path = "web/a" }, 2, 1, 2 },
	{ { .cgroup_id = 6, .path = "web/c", .has_policy = true }, 4, 1, 2 },
	{ { .cgroup_id = 9 }, 7, 0, 1 },
	{ { .cgroup_id = 8 }, 6, 0, 1 },
};

#define NR_NODES ((int)(sizeof(nodes) / sizeof(*(nodes))))

static void test_arrange(void)
{
	struct tree_node arranged[NR_NODES];
	const struct tree_node *node;
	int i;

	for (i = 0; i < NR_NODES; i++)
		arranged[i] = nodes[i].node;
	tree__arrange(arranged, NR_NODES);
	for (i = 0; i < NR_NODES; i++) {
		node = &arranged[nodes[i].index];
		ktap_ok(node->cgroup_id == nodes[i].node.cgroup_id &&
				node->parent == nodes[i].parent && node->depth == nodes[i].depth,
			"cgroup %llu is number %d, at depth %d", nodes[i].node.cgroup_id,
			nodes[i].index, nodes[i].depth);
	}
}

/* In a cgroup namespace, all cgroups are below its root, which is a cgroup like others. */
static void test_namespace(void)
{
	struct tree_node two[] = {
		{ .cgroup_id = 0 },
		{ .cgroup_id = 2, .path = "web", .has_policy = true },
		{ .cgroup_id = 3, .path = "", .has_policy = true },
	};

	tree__arrange(two, 3);
	ktap_ok(two[1].cgroup_id == 3 && two[2].parent == 1 && two[2].depth == 2,
		"the root of a cgroup namespace");
}

static void write_ops(__u64 id, const char *name)
{
	const struct place place = { .cgroup_id = id };
	char file[PLACE_FILE_LEN], path[PATH_MAX];

	snprintf(path, sizeof(path), KERNEL_DIR "/%s", place__file(&place, "ops", file));
	testdir__write(path, name);
}

static void test_read(void)
{
	__u64 web = make_cgroup("web"), below = make_cgroup("web/a/b");
	struct tree_node *read;
	int nr;

	nr = tree__read(&read);
	ktap_ok(nr == 1 && !read[0].cgroup_id && !read[0].has_policy,
		"the machine alone, on a kernel without policies of cgroups");
	tree__free(read, nr);

	write_ops(0, "tpp\n");
	write_ops(web, "fair\n");
	write_ops(below, "\n");
	write_ops(~0ULL, "lost\n");
	nr = tree__read(&read);
	ktap_ok(nr == 4 && read[0].has_policy, "four places");
	ktap_ok(nr == 4 && path_is(read[1].path, "web") && read[1].has_policy &&
			read[1].parent == 0,
		"one with a policy");
	ktap_ok(nr == 4 && path_is(read[2].path, "web/a/b") && !read[2].has_policy &&
			read[2].parent == 1,
		"one below, that has none any more");
	ktap_ok(nr == 4 && !read[3].path && read[3].cgroup_id == ~0ULL && read[3].parent == 0,
		"one that is gone");
	tree__free(read, nr);

	testdir__write(KERNEL_DIR "/last_exit", "kind 69\ncgroup_id 4711\n");
	nr = tree__read(&read);
	ktap_ok(nr == 5 && !read[3].path && read[3].cgroup_id == 4711 && !read[3].has_policy,
		"one that was removed, and its policy with it");
	tree__free(read, nr);
	testdir__write(KERNEL_DIR "/last_exit", "kind 64\ncgroup_id 4711\n");
	nr = tree__read(&read);
	ktap_ok(nr == 4, "but not after a policy was unloaded");
	tree__free(read, nr);
}

int main(void)
{
	log__init();
	if (testdir__create())
		return ktap_skip_all("no temporary folder");

	ktap_plan(6 + 6 + NR_NODES + 1 + 7);
	test_find();
	test_paths();
	test_arrange();
	test_namespace();
	test_read();
	testdir__remove();

	return ktap_end();
}
