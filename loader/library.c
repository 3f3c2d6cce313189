// SPDX-License-Identifier: GPL-2.0-only
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "log.h"
#include "suggest.h"
#include "tierx.h"

#define SUFFIX	      ".bpf.o"
#define PATH_VARIABLE "TIERX_POLICY_PATH"

/*
 * Colon-separated folders. Those next to the program come before the installed one, so that a
 * build tree finds its own policies.
 */
static char *search_path(void)
{
	const char *variable = getenv(PATH_VARIABLE);
	char program[PATH_MAX] = "";
	char *path, *folder = "";
	int len;

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0)
		folder = dirname(program);
	len = asprintf(&path, "%s:%s/../bpf:%s/../lib/tier_ext/bpf:%s", variable ? variable : "",
		       folder, folder, TIERX_POLICY_DIR);
	return len < 0 ? NULL : path;
}

static int by_name(const void *a, const void *b)
{
	const char *path_a = *(char *const *)a, *path_b = *(char *const *)b;

	return strcmp(strrchr(path_a, '/'), strrchr(path_b, '/'));
}

char *library__name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	return strndup(base, strcspn(base, "."));
}

/* In an earlier folder wins, as in $PATH. */
static bool is_known(const struct library *library, const char *path)
{
	int i;

	for (i = 0; i < library->nr; i++)
		if (!strcmp(strrchr(library->paths[i], '/'), strrchr(path, '/')))
			return true;
	return false;
}

static int read_folder(struct library *library, const char *folder)
{
	char pattern[PATH_MAX + sizeof("/*" SUFFIX)], real[PATH_MAX];
	char **paths;
	glob_t found;
	size_t i;

	if (!realpath(folder, real))
		return STATUS_DONE;
	snprintf(pattern, sizeof(pattern), "%s/*" SUFFIX, real);
	if (glob(pattern, 0, NULL, &found))
		return STATUS_DONE;

	paths = reallocarray(library->paths, library->nr + found.gl_pathc, sizeof(*paths));
	if (!paths) {
		globfree(&found);
		log__error("out of memory");
		return STATUS_INTERNAL;
	}
	library->paths = paths;
	/* A link has its own name, and may lead nowhere. */
	for (i = 0; i < found.gl_pathc; i++) {
		if (access(found.gl_pathv[i], F_OK) || is_known(library, found.gl_pathv[i]))
			continue;
		paths[library->nr] = strdup(found.gl_pathv[i]);
		library->nr += !!paths[library->nr];
	}
	globfree(&found);

	return STATUS_DONE;
}

int library__read(struct library *library)
{
	char *path = search_path();
	char *rest = path, *folder;
	int status = STATUS_DONE;

	memset(library, 0, sizeof(*library));
	if (!path) {
		log__error("out of memory");
		return STATUS_INTERNAL;
	}
	while (!status && (folder = strsep(&rest, ":")))
		if (*folder)
			status = read_folder(library, folder);
	free(path);
	if (library->nr)
		qsort(library->paths, library->nr, sizeof(*library->paths), by_name);

	return status;
}

void library__clear(struct library *library)
{
	int i;

	for (i = 0; i < library->nr; i++)
		free(library->paths[i]);
	free(library->paths);
	memset(library, 0, sizeof(*library));
}

static int find_file(const char *name, char **path)
{
	if (access(name, R_OK)) {
		log__error("%s: %m", name);
		return STATUS_USAGE;
	}
	*path = strdup(name);

	return *path ? STATUS_DONE : STATUS_INTERNAL;
}

static void report_unknown(const struct library *library, const char *name)
{
	struct suggestion suggestion = { .word = name };
	char *names[64];
	int i, nr = library->nr < 64 ? library->nr : 64;

	for (i = 0; i < nr; i++) {
		names[i] = library__name(library->paths[i]);
		suggestion__offer(&suggestion, names[i]);
	}
	if (suggestion.best)
		log__error("no policy %s, did you mean %s?", name, suggestion.best);
	else
		log__error("no policy %s; 'tierx list' shows those that were found", name);
	while (i--)
		free(names[i]);
}

int library__find(const char *name, char **path)
{
	struct library library;
	size_t len = strlen(name);
	char *known;
	int status, i;

	if (strchr(name, '/') || (len > 2 && !strcmp(name + len - 2, ".o")))
		return find_file(name, path);

	status = library__read(&library);
	for (i = 0; !status && !*path && i < library.nr; i++) {
		known = library__name(library.paths[i]);
		if (known && !strcmp(known, name))
			*path = strdup(library.paths[i]);
		free(known);
	}
	if (!status && !*path) {
		report_unknown(&library, name);
		status = STATUS_USAGE;
	}
	library__clear(&library);

	return status;
}
