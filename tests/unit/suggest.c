// SPDX-License-Identifier: GPL-2.0-only
/* Mistyped words get the right suggestion, or none. */
#include <string.h>

#include "ktap.h"
#include "suggest.h"

static const char *const commands[] = { "check", "topology", "list",   "info",	 "load",
					"swap",	 "set",	     "unload", "status", "stats" };

static const struct {
	const char *word;
	const char *best;
} cases[] = {
	{ "olad", "load" },  { "loadd", "load" },    { "unlod", "unload" }, { "statsu", "stats" },
	{ "infos", "info" }, { "frobnicate", NULL }, { "x", NULL },	    { "", NULL },
};

#define NR_CASES (sizeof(cases) / sizeof(*cases))

int main(void)
{
	struct suggestion suggestion;
	size_t i, j;

	ktap_plan(NR_CASES + 1);
	for (i = 0; i < NR_CASES; i++) {
		suggestion = (struct suggestion){ .word = cases[i].word };
		for (j = 0; j < sizeof(commands) / sizeof(*commands); j++)
			suggestion__offer(&suggestion, commands[j]);
		ktap_ok(cases[i].best ? suggestion.best && !strcmp(suggestion.best, cases[i].best) :
					!suggestion.best,
			"'%s': %s", cases[i].word, cases[i].best ? cases[i].best : "nothing");
	}
	suggestion = (struct suggestion){ .word = "a" };
	suggestion__offer(&suggestion, "a_word_that_is_longer_than_any_that_is_ever_compared");
	ktap_ok(!suggestion.best, "a very long word is passed over");

	return ktap_end();
}
