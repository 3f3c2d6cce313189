/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What outlives tierx, in the BPF file system. The link keeps the policy attached. The maps are
 * there for bpftool and the like: tierx itself finds them through the link.
 */
#ifndef TIERX_PINS_H
#define TIERX_PINS_H

#include <bpf/libbpf.h>

#include "place.h"

#define PIN_FS	     "/sys/fs/bpf"
#define PIN_ROOT     PIN_FS "/tier_ext"
#define PIN_SETTINGS PIN_ROOT "/settings"
#define PIN_CGROUPS  PIN_ROOT "/cgroup"
#define PIN_PATH_LEN 128

/**
 * struct pins - the paths of the pins of a place, in PIN_ROOT or in PIN_CGROUPS/ID
 * @folder: what they are in
 * @link: the link
 * @maps: folder of the maps
 * @new_maps: the same while the policy is being replaced
 */
struct pins {
	char folder[PIN_PATH_LEN];
	char link[PIN_PATH_LEN];
	char maps[PIN_PATH_LEN];
	char new_maps[PIN_PATH_LEN];
};

/** pins__of() - those of a place */
void pins__of(struct pins *pins, const struct place *place);

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

/** pins__exist() - is the link pinned? */
bool pins__exist(const struct pins *pins);

/** pins__add() - pin the link, and the maps of its loaded object; returns 0 or -errno */
int pins__add(const struct pins *pins, int link_fd, struct bpf_object *object);

/** pins__add_new_maps() - pin the maps of a loaded object beside the others; 0 or -errno */
int pins__add_new_maps(const struct pins *pins, struct bpf_object *object);

/** pins__remove_new_maps() - remove those again */
void pins__remove_new_maps(const struct pins *pins);

/** pins__replace_maps() - let the new maps take the place of the others; returns 0 or -errno */
int pins__replace_maps(const struct pins *pins);

/** pins__remove() - remove all of them, if they are there */
void pins__remove(const struct pins *pins);

/** pins__remove_all() - remove those of all places */
void pins__remove_all(void);

/** pins__prune() - remove those of cgroups of which the kernel knows nothing any more */
void pins__prune(void);

/** pins__end() - remove PIN_ROOT if nothing is left; the last thing to do under the lock */
void pins__end(void);

#endif /* TIERX_PINS_H */
