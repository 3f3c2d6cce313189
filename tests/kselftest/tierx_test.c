// SPDX-License-Identifier: GPL-2.0-only
/*
 * The runner: one case after the other, each with its own stack of things to
 * undo. Cases leave through longjmp(), so that helpers can end them, too.
 */
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>

#include "kselftest.h"
#include "tierx_test.h"

#define MAX_DEFERRED 512

enum outcome { RUNNING, PASSED, FAILED, SKIPPED };

static struct {
	void (*function)(void *arg);
	void *arg;
} deferred[MAX_DEFERRED];

static int nr_deferred;
static const char *running;
static pid_t runner;
static jmp_buf leave;
static enum outcome outcome;
static char skip_reason[256];

void tierx_defer(void (*function)(void *arg), void *arg)
{
	if (nr_deferred == MAX_DEFERRED) {
		function(arg);
		FAIL("too much to undo");
	}
	deferred[nr_deferred].function = function;
	deferred[nr_deferred].arg = arg;
	nr_deferred++;
}

/* Something that fails while it is being undone must not stop the rest. */
static void undo_all(void)
{
	volatile enum outcome before = outcome;

	setjmp(leave);
	while (nr_deferred > 0) {
		nr_deferred--;
		deferred[nr_deferred].function(deferred[nr_deferred].arg);
	}
	if (outcome != FAILED)
		outcome = before;
}

void tierx_note(const char *fmt, ...)
{
	char line[1024], *rest = line, *part;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);

	while ((part = strsep(&rest, "\n")))
		if (*part)
			ksft_print_msg("%s\n", part);
}

/* A child has nothing to undo and nowhere to go back to: its parent sees the status. */
static __attribute__((noreturn)) void leave_case(enum outcome how)
{
	if (getpid() != runner)
		_exit(how == SKIPPED ? KSFT_SKIP : KSFT_FAIL);
	outcome = how;
	longjmp(leave, 1);
}

void tierx_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	char text[900];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tierx_note("%s:%d: %s", base ? base + 1 : file, line, text);

	leave_case(FAILED);
}

void tierx_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(skip_reason, sizeof(skip_reason), fmt, args);
	va_end(args);

	leave_case(SKIPPED);
}

const char *tierx_dir(void)
{
	static char path[PATH_MAX];
	ssize_t len;

	if (!path[0]) {
		len = readlink("/proc/self/exe", path, sizeof(path) - 1);
		if (len < 0)
			return ".";
		path[len] = '\0';
		dirname(path);
	}
	return path;
}

const char *tierx_case(void)
{
	return running;
}

static void run_case(const struct tierx_test *test)
{
	outcome = RUNNING;
	running = test->name;
	if (!setjmp(leave)) {
		test->run();
		outcome = PASSED;
	}
	undo_all();

	switch (outcome) {
	case PASSED:
		ksft_test_result_pass("%s: %s\n", test->name, test->about);
		break;
	case SKIPPED:
		ksft_test_result_skip("%s: %s\n", test->name, skip_reason);
		break;
	default:
		ksft_test_result_fail("%s: %s\n", test->name, test->about);
	}
}

static bool wanted(const struct tierx_test *test, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], test->name))
			return true;
	return argc < 2;
}

int tierx_main(int argc, char **argv, const struct tierx_test *tests, size_t nr_tests,
	       const char *(*unmet)(void))
{
	unsigned int nr_wanted = 0;
	const char *why;
	size_t i;

	/* A case that crashes shall not take the lines before it along. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	runner = getpid();
	ksft_print_header();

	why = unmet ? unmet() : NULL;
	if (why)
		ksft_exit_skip("%s\n", why);

	for (i = 0; i < nr_tests; i++)
		nr_wanted += wanted(&tests[i], argc, argv);
	if (!nr_wanted)
		ksft_exit_fail_msg("no such test\n");

	ksft_set_plan(nr_wanted);
	for (i = 0; i < nr_tests; i++)
		if (wanted(&tests[i], argc, argv))
			run_case(&tests[i]);

	ksft_print_cnts();
	if (ksft_get_fail_cnt())
		return KSFT_FAIL;
	return ksft_get_pass_cnt() ? KSFT_PASS : KSFT_SKIP;
}
