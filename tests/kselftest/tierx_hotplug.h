/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is taken offline and online again. */
#ifndef TIERX_HOTPLUG_H
#define TIERX_HOTPLUG_H

#include "tierx_test.h"

bool tierx_node_has_memory(int node);
/* Write a state to all memory blocks of a node. 0 or a negative errno. */
int tierx_blocks_set(int node, const char *state);
/* The third node or one after it, whose memory can go offline as a whole; -1 if there is none. */
int tierx_removable_node(void);

#endif /* TIERX_HOTPLUG_H */
