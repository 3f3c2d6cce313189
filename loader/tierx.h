/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tierx: what every command shares.
 *
 * A function whose return value is described as a status returns one of enum
 * status and has told the user why. Any other int is 0 or a negative errno, and
 * nothing has been said.
 */
#ifndef TIERX_H
#define TIERX_H

#include <stdbool.h>

/** enum status - exit statuses of tierx; documented in tierx(8) */
enum status {
	STATUS_DONE,
	STATUS_INTERNAL,
	STATUS_USAGE,
	STATUS_REFUSED,
	STATUS_EJECTED,
	STATUS_UNSUPPORTED,
};

/**
 * struct arguments - the command line, checked as far as possible without opening anything
 * @policy: policy by name or file, or NULL
 * @assignments: NAME=VALUE words
 * @nr_assignments: number of @assignments
 * @file: file to read, "-" for standard input, or NULL
 * @cgroup: argument of --cgroup, or NULL
 * @foreground: hold the policy until a signal
 * @all: of all places
 * @reset: hand on no state
 * @json: print JSON
 * @interval: seconds between samples, 0 for one sample
 * @count: number of samples, 0 for no end
 */
struct arguments {
	const char *policy;
	char **assignments;
	int nr_assignments;
	const char *file;
	const char *cgroup;
	bool foreground;
	bool all;
	bool reset;
	bool json;
	unsigned int interval;
	unsigned int count;
};

/* Commands: one per file, each returns a status. */
int command__check(const struct arguments *args);
int command__heat(const struct arguments *args);
int command__info(const struct arguments *args);
int command__list(const struct arguments *args);
int command__load(const struct arguments *args);
int command__set(const struct arguments *args);
int command__shmem(const struct arguments *args);
int command__stats(const struct arguments *args);
int command__status(const struct arguments *args);
int command__swap(const struct arguments *args);
int command__topology(const struct arguments *args);
int command__unload(const struct arguments *args);

#endif /* TIERX_H */
