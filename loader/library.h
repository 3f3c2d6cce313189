/* SPDX-License-Identifier: GPL-2.0-only */
/* Where policies are looked for. */
#ifndef TIERX_LIBRARY_H
#define TIERX_LIBRARY_H

/** struct library - policies that were found; to be released by library__clear() */
struct library {
	char **paths;
	int nr;
};

/** library__read() - look for all policies, sorted by name; returns a status */
int library__read(struct library *library);

/** library__clear() - release it */
void library__clear(struct library *library);

/**
 * library__find() - find one policy
 * @name: its name, or a path: something with a slash, or that ends in .o
 * @path: where it is, to be freed
 *
 * Return: a status.
 */
int library__find(const char *name, char **path);

/** library__name() - name of the policy in a file, to be freed */
char *library__name(const char *path);

#endif /* TIERX_LIBRARY_H */
