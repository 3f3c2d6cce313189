/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What outlives tierx, in the BPF file system. The link keeps the policy attached. The maps are
 * there for bpftool and the like: tierx itself finds them through the link.
 */
#ifndef TIERX_PINS_H
#define TIERX_PINS_H

#include <bpf/libbpf.h>

#define PIN_FS	     "/sys/fs/bpf"
#define PIN_ROOT     PIN_FS "/tier_ext"
#define PIN_LINK     PIN_ROOT "/link"
#define PIN_SETTINGS PIN_ROOT "/settings"
#define PIN_MAPS     PIN_ROOT "/maps"
/* Names in the BPF file system have no dots. */
#define PIN_MAPS_NEW PIN_ROOT "/maps_new"

/** pins__is_mounted() - is there a BPF file system? */
bool pins__is_mounted(void);

/** pins__require() - the same, returns a status */
int pins__require(void);

/**
 * pins__lock() - keep other tierx commands from changing things
 * @fd: to be closed to unlock
 *
 * Return: a status.
 */
int pins__lock(int *fd);

/** pins__add_maps() - pin the maps of a loaded object below @folder; returns 0 or -errno */
int pins__add_maps(struct bpf_object *object, const char *folder);

/** pins__remove_maps() - remove them, if they are there */
void pins__remove_maps(const char *folder);

/** pins__replace_maps() - let PIN_MAPS_NEW become PIN_MAPS, at once; returns 0 or -errno */
int pins__replace_maps(void);

/** pins__clear() - remove everything; also PIN_ROOT */
void pins__clear(void);

#endif /* TIERX_PINS_H */
