/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files of sysfs, procfs and the like. */
#ifndef TIERX_FILE_H
#define TIERX_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <linux/types.h>

/**
 * file__set_root() - read and write below another root
 * @root: prefix of every path, for tests
 */
void file__set_root(const char *root);

/** file__exists() - is it there? */
bool file__exists(const char *path);

/** file__read() - whole text without the last newline, to be freed; NULL and errno on an error */
char *file__read(const char *path);

/** file__read_u64() - read a file that holds a number first; returns 0 or -errno */
int file__read_u64(const char *path, __u64 *value);

/** file__open_folder() - as opendir() */
DIR *file__open_folder(const char *path);

/** file__write() - write @text; returns 0 or -errno */
int file__write(const char *path, const char *text);

#endif /* TIERX_FILE_H */
