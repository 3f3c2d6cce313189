// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is taken offline and online again.
 */
#include <glob.h>

#include "tierx_hotplug.h"

static glob_t blocks_of(int node)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/devices/system/node/node%d/memory[0-9]*", node);
	glob(pattern, 0, NULL, &found);
	return found;
}

bool tierx_node_has_memory(int node)
{
	char list[64], word[16];

	snprintf(word, sizeof(word), "%d", node);
	if (tierx_read("/sys/devices/system/node/has_memory", list, sizeof(list)) <= 0)
		return false;
	return strstr(list, word);
}

int tierx_blocks_set(int node, const char *state)
{
	glob_t blocks = blocks_of(node);
	char path[128];
	size_t i;
	int err = 0;

	for (i = 0; i < blocks.gl_pathc && !err; i++) {
		snprintf(path, sizeof(path), "%s/state", blocks.gl_pathv[i]);
		err = tierx_write(path, state);
		/* It is in that state already. */
		if (err == -EINVAL)
			err = 0;
	}
	globfree(&blocks);
	return err;
}

int tierx_removable_node(void)
{
	int node = tierx_nr_nodes() - 1;

	return node >= 2 && tierx_node_has_memory(node) ? node : -1;
}
