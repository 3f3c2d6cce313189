// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

static const char *file_root = "";

void file__set_root(const char *root)
{
	file_root = root;
}

static int open_file(const char *path, int flags)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", file_root, path);
	return open(full, flags | O_CLOEXEC);
}

bool file__exists(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", file_root, path);
	return !access(full, F_OK);
}

DIR *file__open_folder(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", file_root, path);
	return opendir(full);
}

char *file__read(const char *path)
{
	size_t size = 4096, len = 0;
	char *text = NULL, *larger;
	ssize_t nr = 0;
	int fd;

	fd = open_file(path, O_RDONLY);
	if (fd < 0)
		return NULL;

	do {
		len += nr;
		if (!text || len + 1 >= size) {
			size *= 2;
			larger = realloc(text, size);
			if (!larger)
				goto error;
			text = larger;
		}
		nr = read(fd, text + len, size - len - 1);
	} while (nr > 0);
	if (nr < 0)
		goto error;

	close(fd);
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';

	return text;
error:
	free(text);
	close(fd);
	return NULL;
}

int file__read_u64(const char *path, __u64 *value)
{
	char *text = file__read(path);
	char *end;
	int err = 0;

	if (!text)
		return -errno;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || end == text)
		err = -EINVAL;
	free(text);

	return err;
}

int file__write(const char *path, const char *text)
{
	int fd, err = 0;

	fd = open_file(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);

	return err;
}
