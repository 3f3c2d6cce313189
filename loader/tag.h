/* SPDX-License-Identifier: GPL-2.0-only */
/* Declaration tags without a text: what they are on, see tier_ext/tags.h. */
#ifndef TIERX_TAG_H
#define TIERX_TAG_H

#include <bpf/btf.h>

/**
 * tag__next_variable() - the variables that have a tag, one after the other
 * @btf: where to look
 * @tag: the whole tag
 * @id: 0 to begin with, then what the last call has left there
 *
 * Return: name of the variable, NULL if there are no more.
 */
const char *tag__next_variable(const struct btf *btf, const char *tag, __u32 *id);

/** tag__is_on() - is there a variable @name with this tag? */
bool tag__is_on(const struct btf *btf, const char *tag, const char *name);

#endif /* TIERX_TAG_H */
