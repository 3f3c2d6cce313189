// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "suggest.h"

#define WORD_LEN 32

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Number of letters to insert, delete or replace. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t len_b = strlen(b), row[WORD_LEN + 1];
	size_t i, j, diagonal, above;

	for (j = 0; j <= len_b; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (j = 1; j <= len_b; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len_b];
}

void suggestion__offer(struct suggestion *suggestion, const char *known)
{
	size_t distance;

	if (strlen(known) > WORD_LEN)
		return;

	distance = edit_distance(suggestion->word, known);
	if (distance > 1 + strlen(known) / 3 || distance >= strlen(known))
		return;
	if (suggestion->best && suggestion->distance <= distance)
		return;

	suggestion->best = known;
	suggestion->distance = distance;
}
