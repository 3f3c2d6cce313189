/* SPDX-License-Identifier: GPL-2.0-only */
/* What a policy governs: the whole machine, or the memory of a cgroup and of those below it. */
#ifndef TIERX_PLACE_H
#define TIERX_PLACE_H

#include <linux/types.h>

#define PLACE_FILE_LEN	 64
#define PLACE_WORDS_LEN	 256
#define PLACE_OPTION_LEN 256

/**
 * struct place - the machine or a cgroup; all zeroes is the machine
 * @cgroup_id: id of the cgroup, 0 for the machine
 * @cgroup: how users name it, NULL for the machine
 */
struct place {
	__u64 cgroup_id;
	const char *cgroup;
};

/** place__find() - what the user named by --cgroup, or the machine if @cgroup is NULL; a status */
int place__find(struct place *place, const char *cgroup);

/** place__file() - name of a file of the kernel about it, below KERNEL_DIR; returns @path */
char *place__file(const struct place *place, const char *name, char path[PLACE_FILE_LEN]);

/**
 * place__words() - for messages
 * @place: the place
 * @before: a preposition and the like
 * @text: @before and "cgroup NAME", with a space in front; "" for the machine
 *
 * Return: @text.
 */
char *place__words(const struct place *place, const char *before, char text[PLACE_WORDS_LEN]);

/** place__option() - " --cgroup NAME" for hints, "" for the machine; returns @text */
char *place__option(const struct place *place, char text[PLACE_OPTION_LEN]);

#endif /* TIERX_PLACE_H */
