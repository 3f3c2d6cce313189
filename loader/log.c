// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "log.h"

#define LOG_BEGIN "-- BEGIN PROG LOAD LOG --\n"
#define LOG_END	  "-- END PROG LOAD LOG --"

static bool verbose;
static char *first_warning;
static char *verifier_log;
static char verifier_prog[128];

static void say(const char *prefix, const char *fmt, va_list args)
{
	fputs(prefix, stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void log__error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("tierx: error: ", fmt, args);
	va_end(args);
}

void log__info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("tierx: ", fmt, args);
	va_end(args);
}

/* libbpf says: prog 'NAME': -- BEGIN PROG LOAD LOG --\n...-- END PROG LOAD LOG -- */
static bool keep_verifier_log(const char *message)
{
	const char *begin = strstr(message, LOG_BEGIN);
	const char *end;

	if (!begin)
		return false;

	begin += strlen(LOG_BEGIN);
	end = strstr(begin, LOG_END);
	free(verifier_log);
	verifier_log = end ? strndup(begin, end - begin) : strdup(begin);

	verifier_prog[0] = '\0';
	begin = strstr(message, "prog '");
	if (begin)
		sscanf(begin, "prog '%127[^']", verifier_prog);

	return true;
}

static int keep_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char *message = NULL;
	int len;

	if (level == LIBBPF_DEBUG && !verbose)
		return 0;

	len = vasprintf(&message, fmt, args);
	if (len < 0)
		return 0;

	if (verbose)
		fputs(message, stderr);
	if (level != LIBBPF_WARN || keep_verifier_log(message) || first_warning) {
		free(message);
		return len;
	}

	message[strcspn(message, "\n")] = '\0';
	first_warning = message;

	return len;
}

void log__init(void)
{
	libbpf_set_print(keep_message);
}

void log__set_verbose(void)
{
	verbose = true;
}

bool log__is_verbose(void)
{
	return verbose;
}

void log__forget(void)
{
	free(first_warning);
	free(verifier_log);
	first_warning = NULL;
	verifier_log = NULL;
}

const char *log__first_warning(void)
{
	const char *prefix = "libbpf: ";

	if (first_warning && !strncmp(first_warning, prefix, strlen(prefix)))
		return first_warning + strlen(prefix);
	return first_warning;
}

const char *log__verifier(const char **prog)
{
	*prog = verifier_prog;
	return verifier_log;
}
