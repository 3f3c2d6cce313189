/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIERX_SUGGEST_H
#define TIERX_SUGGEST_H

#include <stddef.h>

/**
 * struct suggestion - the known word that is most like a mistyped one
 * @word: the mistyped word
 * @best: the best of the words offered so far, NULL if none is close
 */
struct suggestion {
	const char *word;
	const char *best;
	size_t distance;
};

/** suggestion__offer() - consider a known word */
void suggestion__offer(struct suggestion *suggestion, const char *known);

#endif /* TIERX_SUGGEST_H */
