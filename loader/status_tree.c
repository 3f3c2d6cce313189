// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "log.h"
#include "pins.h"
#include "policy_link.h"
#include "status_tree.h"
#include "tierx.h"
#include "tree.h"

#define LABEL_WIDTH 32
#define REFUSED	    "refused_"

enum sum {
	SUM_PROMOTED,
	SUM_DEMOTED,
	SUM_REFUSED,
	SUM_PINGPONG,
	NR_SUMS,
};

static const struct {
	const char *heading;
	const char *key;
} sums[NR_SUMS] = {
	[SUM_PROMOTED] = { "promoted", "promoted_pages" },
	[SUM_DEMOTED] = { "demoted", "demoted_pages" },
	[SUM_REFUSED] = { "refused", "refused_moves" },
	[SUM_PINGPONG] = { "pingpong", "pingpong_pages" },
};

/**
 * struct row - a node of the tree with what is shown about it
 * @place: the place
 * @name: its policy, NULL if it cannot be read
 * @since: when that was loaded, in seconds since 1970
 * @pinned: is it pinned?
 * @sums: its events, as in the table above, and in the last element those not in it
 */
struct row {
	struct place place;
	char *name;
	__u64 since;
	bool pinned;
	__u64 sums[NR_SUMS + 1];
};

void status__format_time(__u64 seconds, char text[STATUS_TIME_LEN])
{
	time_t t = seconds;
	struct tm tm;

	if (!seconds || !localtime_r(&t, &tm) || !strftime(text, STATUS_TIME_LEN, "%F %T %z", &tm))
		strcpy(text, "unknown");
}

void status__print_exit(const struct kernel_exit *exit)
{
	const char *policy = kernel_pairs__value(&exit->pairs, "policy");
	const char *reason = kernel_pairs__value(&exit->pairs, "reason");
	const char *msg = kernel_pairs__value(&exit->pairs, "msg");

	printf("%s: %s%s%s", policy ? policy : "?", reason ? reason : "?", msg && *msg ? ": " : "",
	       msg ? msg : "");
}

/* Which sum an event belongs to; NR_SUMS if to none. What was refused is counted by reason. */
static int find_sum(const char *event)
{
	int i;

	if (!strncmp(event, REFUSED, strlen(REFUSED)))
		return SUM_REFUSED;
	for (i = 0; i < NR_SUMS; i++)
		if (!strcmp(event, sums[i].key))
			return i;
	return NR_SUMS;
}

static void read_sums(struct row *row)
{
	struct kernel_pairs events;
	char path[PLACE_FILE_LEN];
	__u64 value;
	int i;

	if (kernel_pairs__read(&events, place__file(&row->place, "events", path)))
		return;
	for (i = 0; i < events.nr; i++) {
		value = strtoull(events.pairs[i].value, NULL, 10);
		row->sums[find_sum(events.pairs[i].name)] += value;
	}
	kernel_pairs__clear(&events);
}

static void row__read(struct row *row, const struct tree_node *node)
{
	struct policy_link link;
	struct pins pins;

	*row = (struct row){ .place.cgroup_id = node->cgroup_id };
	row->name = node->has_policy ? kernel__policy(&row->place) : NULL;
	pins__of(&pins, &row->place);
	row->pinned = row->name && pins__exist(&pins);
	if (policy_link__find(&link, &row->place))
		row->since = ops__since(&link.ops);
	policy_link__close(&link);
	read_sums(row);
}

/* As --cgroup takes it. */
static void format_label(const struct tree_node *node, char label[PATH_MAX])
{
	int indent = 2 * node->depth;

	if (!node->cgroup_id)
		strcpy(label, "machine");
	else if (!node->path)
		snprintf(label, PATH_MAX, "%*s(gone) %llu", indent, "", node->cgroup_id);
	else
		snprintf(label, PATH_MAX, "%*s%.4000s", indent, "", *node->path ? node->path : ".");
}

static void print_row(const struct tree_node *node, const struct row *row)
{
	char label[PATH_MAX], since[STATUS_TIME_LEN] = "-";
	struct kernel_exit exit;
	int i;

	format_label(node, label);
	if (row->name)
		status__format_time(row->since, since);
	printf("%-*s %-16s %-25s %-6s", LABEL_WIDTH, label, row->name ? row->name : "none", since,
	       row->pinned ? "yes" : "no");
	for (i = 0; i < NR_SUMS; i++)
		printf(" %10llu", row->sums[i]);
	putchar('\n');
	if (row->name)
		return;

	kernel_exit__read(&exit, &row->place);
	if (exit.kind) {
		printf("%*s  last exit: ", 2 * node->depth, "");
		status__print_exit(&exit);
		putchar('\n');
	}
	kernel_exit__clear(&exit);
}

static void print_heading(void)
{
	int i;

	printf("\n%-*s %-16s %-25s %-6s", LABEL_WIDTH, "governs", "policy", "since", "pinned");
	for (i = 0; i < NR_SUMS; i++)
		printf(" %10s", sums[i].heading);
	putchar('\n');
}

/* The machine has the first keys already. */
static void fill_object(struct json_object *object, const struct tree_node *node,
			const struct row *row)
{
	struct kernel_exit exit;
	int i;

	if (node->cgroup_id) {
		json__add_string(object, "cgroup", node->path);
		json__add_u64(object, "cgroup_id", node->cgroup_id);
		json__add_string(object, "policy", row->name);
		json__add_u64(object, "since", row->since);
		json__add_bool(object, "pinned", row->pinned);
		kernel_exit__read(&exit, &row->place);
		json_object_object_add(object, "last_exit",
				       row->name ? NULL : kernel_exit__json(&exit));
		kernel_exit__clear(&exit);
	}
	for (i = 0; i < NR_SUMS; i++)
		json__add_u64(object, sums[i].key, row->sums[i]);
	json_object_object_add(object, "cgroups", json_object_new_array());
}

static void show_node(struct json_object **objects, const struct tree_node *nodes, int i)
{
	struct json_object *siblings;
	struct row row;

	row__read(&row, &nodes[i]);
	if (!objects[0]) {
		print_row(&nodes[i], &row);
	} else {
		if (i)
			objects[i] = json_object_new_object();
		fill_object(objects[i], &nodes[i], &row);
		siblings = json_object_object_get(objects[nodes[i].parent], "cgroups");
		if (i)
			json_object_array_add(siblings, objects[i]);
	}
	free(row.name);
}

int status_tree__show(struct json_object *machine)
{
	struct json_object **objects = NULL;
	struct tree_node *nodes;
	int nr, i;

	nr = tree__read(&nodes);
	if (nr > 0)
		objects = calloc(nr, sizeof(*objects));
	if (!objects) {
		tree__free(nodes, nr);
		log__error("out of memory");
		return STATUS_INTERNAL;
	}

	objects[0] = machine;
	if (!machine)
		print_heading();
	for (i = 0; i < nr; i++)
		show_node(objects, nodes, i);
	free(objects);
	tree__free(nodes, nr);

	return STATUS_DONE;
}
