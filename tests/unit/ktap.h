/* SPDX-License-Identifier: GPL-2.0-only */
/* KTAP output of a test program. */
#ifndef KTAP_H
#define KTAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int ktap_nr_tests;
static int ktap_nr_failed;

/* Begin, with the number of tests that will be reported. */
static inline void ktap_plan(int nr)
{
	printf("KTAP version 1\n1..%d\n", nr);
}

/* Skip everything. */
static inline int ktap_skip_all(const char *why)
{
	printf("KTAP version 1\n1..0 # SKIP %s\n", why);
	return 4;
}

/* Report one test. */
__attribute__((format(printf, 2, 3))) static inline bool ktap_ok(bool ok, const char *fmt, ...)
{
	va_list args;

	printf("%s %d ", ok ? "ok" : "not ok", ++ktap_nr_tests);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	ktap_nr_failed += !ok;

	return ok;
}

/* Exit status of the program. */
static inline int ktap_end(void)
{
	return ktap_nr_failed ? 1 : 0;
}

#endif /* KTAP_H */
