// SPDX-License-Identifier: GPL-2.0-only
/* Lines of access counters are read strictly, and each is rejected for the right reason. */
#include <string.h>

#include "heat_line.h"
#include "ktap.h"

#define END 1000

static const struct {
	const char *line;
	enum heat_kind kind;
	struct heat_range range;
} cases[] = {
	{ "5 7\n", HEAT_RANGE, { 5, 5, 7 } },
	{ "5 7", HEAT_RANGE, { 5, 5, 7 } },
	{ "  5\t 7 \r\n", HEAT_RANGE, { 5, 5, 7 } },
	{ "0x10-0X1f 0x20\n", HEAT_RANGE, { 16, 31, 32 } },
	{ "010 010\n", HEAT_RANGE, { 10, 10, 10 } },
	{ "0 1\n", HEAT_RANGE, { 0, 0, 1 } },
	{ "0-999 4294967295\n", HEAT_RANGE, { 0, 999, 4294967295 } },
	{ "", HEAT_BLANK, {} },
	{ "\n", HEAT_BLANK, {} },
	{ " \t\n", HEAT_BLANK, {} },
	{ "# 5 7\n", HEAT_BLANK, {} },
	{ "  #\n", HEAT_BLANK, {} },
	{ "5\n", HEAT_SYNTAX, {} },
	{ "5 ", HEAT_SYNTAX, {} },
	{ "five 7\n", HEAT_SYNTAX, {} },
	{ "5,7\n", HEAT_SYNTAX, {} },
	{ "-5 7\n", HEAT_SYNTAX, {} },
	{ "+5 7\n", HEAT_SYNTAX, {} },
	{ "5- 7\n", HEAT_SYNTAX, {} },
	{ "5--6 7\n", HEAT_SYNTAX, {} },
	{ "5-6-7 7\n", HEAT_SYNTAX, {} },
	{ "5 - 6 7\n", HEAT_SYNTAX, {} },
	{ "0x 7\n", HEAT_SYNTAX, {} },
	{ "5k 7\n", HEAT_SYNTAX, {} },
	{ "ff 7\n", HEAT_SYNTAX, {} },
	{ "5 -7\n", HEAT_SYNTAX, {} },
	{ "5 x\n", HEAT_SYNTAX, {} },
	{ "5 7 9\n", HEAT_TRAILING, {} },
	{ "5 7x\n", HEAT_TRAILING, {} },
	{ "5 7.5\n", HEAT_TRAILING, {} },
	{ "5 7 # seven\n", HEAT_TRAILING, {} },
	{ "6-5 7\n", HEAT_ORDER, {} },
	{ "2000-5 7\n", HEAT_ORDER, {} },
	{ "1000 7\n", HEAT_NO_MEMORY, {} },
	{ "999-1000 7\n", HEAT_NO_MEMORY, {} },
	{ "18446744073709551615 7\n", HEAT_NO_MEMORY, {} },
	{ "18446744073709551617 7\n", HEAT_NO_MEMORY, {} },
	{ "0x10000000000000005 7\n", HEAT_NO_MEMORY, {} },
	{ "5 0\n", HEAT_COUNT, {} },
	{ "5 4294967296\n", HEAT_COUNT, {} },
	{ "5 18446744073709551617\n", HEAT_COUNT, {} },
};

#define NR_CASES (sizeof(cases) / sizeof(*cases))

static bool is_equal(const struct heat_range *a, const struct heat_range *b)
{
	return a->first == b->first && a->last == b->last && a->count == b->count;
}

static void test_case(size_t i)
{
	struct heat_range range;
	enum heat_kind kind = heat_line__parse(cases[i].line, END, &range);

	ktap_ok(kind == cases[i].kind && (kind || is_equal(&range, &cases[i].range)),
		"'%.*s' is %s", (int)strcspn(cases[i].line, "\r\n"), cases[i].line,
		kind == HEAT_RANGE ? "good" :
		kind == HEAT_BLANK ? "nothing" :
				     heat_kind__reason(kind));
}

int main(void)
{
	size_t i;
	int kind;

	ktap_plan(NR_CASES + 1);
	for (i = 0; i < NR_CASES; i++)
		test_case(i);
	for (kind = HEAT_SYNTAX; kind < NR_HEAT_KINDS; kind++)
		if (!heat_kind__key(kind) || !heat_kind__reason(kind))
			break;
	ktap_ok(kind == NR_HEAT_KINDS, "every reason has a name");

	return ktap_end();
}
