// SPDX-License-Identifier: GPL-2.0-only
/* What is told of a verifier log. */
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "verifier.h"

static const char log_text[] = "0: R1=ctx() R10=fp0\n"
			       "; tierx_bpf_folio_demote(folio, 1, 0);\n"
			       "7: (85) call tierx_bpf_folio_demote#1\n"
			       "calling kernel function tierx_bpf_folio_demote is not allowed\n"
			       "processed 8 insns (limit 1000000)\n";

static bool tail_is(const char *log, int nr, const char *expected)
{
	char *tail = verifier__tail(log, nr);
	bool same = tail && !strcmp(tail, expected);

	free(tail);
	return same;
}

int main(void)
{
	char name[32] = "", small[8];

	ktap_plan(8);
	ktap_ok(verifier__kfunc(log_text, name, sizeof(name)) &&
			!strcmp(name, "tierx_bpf_folio_demote"),
		"the kfunc is named");
	ktap_ok(!verifier__kfunc(log_text, small, sizeof(small)), "a name that is too long");
	ktap_ok(!verifier__kfunc("R1 invalid mem access", name, sizeof(name)), "another reason");
	ktap_ok(tail_is(log_text, 1,
			"calling kernel function tierx_bpf_folio_demote is not allowed\n"),
		"last line, without statistics");
	ktap_ok(tail_is("a\nb\nc\n", 2, "b\nc\n"), "last two lines");
	ktap_ok(tail_is("a\nb\nc", 2, "b\nc"), "last line without newline");
	ktap_ok(tail_is("a\nb\n", 10, "a\nb\n"), "a short log");
	ktap_ok(tail_is("", 10, ""), "an empty log");

	return ktap_end();
}
