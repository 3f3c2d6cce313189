/* SPDX-License-Identifier: GPL-2.0-only */
/* What targets.bpf.c and targets.c share. */
#ifndef TARGETS_H
#define TARGETS_H

#define TARGETS_MAX_NODES 5
#define TARGETS_NR_ITEMS  11

#endif /* TARGETS_H */
