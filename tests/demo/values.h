/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the demo's client stores, and what pages looks for in the server's memory.
 *
 * Each value begins with a tag that tells whose it is, and is padded to VALUE_LEN: with
 * the server's own header that is a size class of 2 KiB, so a page holds two values.
 *
 * The hot keys are those written last. While a server is filled, the fast node is used
 * first; the keys written last are the ones that find it full.
 */
#ifndef DEMO_VALUES_H
#define DEMO_VALUES_H

#include <stdbool.h>

#define VALUE_LEN   2000
#define TAG_MAGIC   "tierdemo"
#define TAG_FORMAT  TAG_MAGIC ":%08u:"
#define TAG_LEN	    18
#define HOT_PERCENT 10

static inline bool key_is_hot(unsigned int key, unsigned int nr_keys)
{
	return key >= nr_keys - nr_keys / (100 / HOT_PERCENT);
}

#endif /* DEMO_VALUES_H */
