// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "kernel.h"
#include "tree.h"

/* A slash is less than anything else in a name, so that nothing gets between a and a/b. */
static int compare_paths(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a - (unsigned char)*b;
}

static int compare_nodes(const void *a_, const void *b_)
{
	const struct tree_node *a = a_, *b = b_;

	if (a->path && b->path)
		return compare_paths(a->path, b->path);
	if (a->path || b->path)
		return a->path ? -1 : 1;
	return (a->cgroup_id > b->cgroup_id) - (a->cgroup_id < b->cgroup_id);
}

/* The root of a cgroup namespace has an empty path. */
static bool is_below(const char *path, const char *other)
{
	size_t len = strlen(other);

	return !len || (!strncmp(path, other, len) && path[len] == '/');
}

static int find_parent(const struct tree_node *nodes, int i)
{
	int j;

	for (j = i - 1; j > 0 && nodes[i].path; j--)
		if (nodes[j].has_policy && is_below(nodes[i].path, nodes[j].path))
			return j;
	return 0;
}

void tree__arrange(struct tree_node *nodes, int nr)
{
	int i;

	qsort(nodes + 1, nr - 1, sizeof(*nodes), compare_nodes);
	for (i = 1; i < nr; i++) {
		nodes[i].parent = find_parent(nodes, i);
		nodes[i].depth = nodes[nodes[i].parent].depth + 1;
	}
}

static bool has_policy(__u64 cgroup_id)
{
	return kernel__has_policy(&(struct place){ .cgroup_id = cgroup_id });
}

static bool has_id(const __u64 *ids, int nr, __u64 id)
{
	int i;

	for (i = 0; i < nr; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static int read_ids(__u64 **ids)
{
	__u64 removed = kernel__removed_cgroup(), *more;
	int nr = kernel__cgroups(ids);

	if (nr < 0 || !removed || has_id(*ids, nr, removed))
		return nr;
	more = reallocarray(*ids, nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[nr] = removed;
	*ids = more;

	return nr + 1;
}

int tree__read(struct tree_node **nodes)
{
	struct cgroup_path *paths = NULL;
	int nr, i;
	__u64 *ids;

	*nodes = NULL;
	nr = read_ids(&ids);
	if (nr < 0)
		goto free;
	paths = calloc(nr + 1, sizeof(*paths));
	*nodes = calloc(nr + 1, sizeof(**nodes));
	if (!paths || !*nodes) {
		nr = -ENOMEM;
		goto free;
	}

	for (i = 0; i < nr; i++)
		paths[i].id = ids[i];
	cgroup__find_paths(paths, nr);
	(*nodes)[0].has_policy = has_policy(0);
	for (i = 0; i < nr; i++)
		(*nodes)[i + 1] = (struct tree_node){
			.cgroup_id = ids[i],
			.path = paths[i].path,
			.has_policy = has_policy(ids[i]),
		};
	tree__arrange(*nodes, nr + 1);
free:
	free(ids);
	free(paths);
	return nr < 0 ? nr : nr + 1;
}

void tree__free(struct tree_node *nodes, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		free(nodes[i].path);
	free(nodes);
}
