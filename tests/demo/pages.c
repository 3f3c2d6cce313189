// SPDX-License-Identifier: GPL-2.0-only
/*
 * pages PID KEYS: where the values of a Redis server live, and put them back.
 *
 * The memory of the server is searched once for the values of client. Then one command
 * per line is read:
 *	count	prints four numbers: hot values, hot values on node 0, cold values, cold
 *		values on node 0
 *	reset	puts each value's page back to the node that it was on at the start
 * The kernel is asked for the node of each value's page (move_pages), nothing is assumed.
 * The search reads each page once, which the kernel counts as an access; so it is done
 * before anything is measured. The load only reads: values do not change their address.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <numaif.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "values.h"

#define PAGE_SIZE   4096UL
#define CHUNK_LEN   (1UL << 20)
#define HEADER_LEN  5
#define HEADER_TYPE 2
#define OVERLAP	    (HEADER_LEN + VALUE_LEN)
#define FAST_NODE   0
#define SLOW_NODE   1
#define ATTEMPTS    50
#define ATTEMPT_US  20000

/**
 * struct values - the values of all keys
 * @pid: the server
 * @nr: number of keys
 * @pages: address of the page that holds the tag, by key
 * @first_nodes: where it was at the start
 * @nodes: where it is now
 */
struct values {
	pid_t pid;
	unsigned int nr;
	void **pages;
	int *first_nodes;
	int *nodes;
};

/*
 * Buffers of connections hold copies of values. The value itself is a Redis string: before
 * it are length, size and type (16, 16 and 8 bits), behind it is a NUL.
 */
static bool is_string(const char *value)
{
	uint16_t len;

	memcpy(&len, value - HEADER_LEN, sizeof(len));
	return len == VALUE_LEN && value[-1] == HEADER_TYPE && !value[VALUE_LEN];
}

static void take_tag(struct values *values, const char *tag, uintptr_t address)
{
	unsigned int key;

	if (!is_string(tag) || sscanf(tag, TAG_FORMAT, &key) != 1 || key >= values->nr)
		return;
	if (values->pages[key])
		errx(1, "two values of key %u", key);
	values->pages[key] = (void *)(address & ~(PAGE_SIZE - 1));
}

static void search_chunk(struct values *values, const char *chunk, size_t len, uintptr_t address)
{
	const char *tag = chunk + HEADER_LEN;

	while ((tag = memmem(tag, chunk + len - tag, TAG_MAGIC, strlen(TAG_MAGIC)))) {
		if (tag + VALUE_LEN < chunk + len)
			take_tag(values, tag, address + (tag - chunk));
		tag += TAG_LEN;
	}
}

/* Chunks overlap so that a value is whole in exactly one of them. */
static void search_range(struct values *values, int mem, uintptr_t start, uintptr_t end)
{
	static char chunk[CHUNK_LEN + OVERLAP];
	ssize_t len;

	for (; start < end; start += CHUNK_LEN) {
		len = end - start < sizeof(chunk) ? end - start : sizeof(chunk);
		len = pread(mem, chunk, len, start);
		if (len > HEADER_LEN)
			search_chunk(values, chunk, len, start);
	}
}

static void search(struct values *values)
{
	unsigned long start, end;
	char path[64], line[PATH_MAX + 128];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", values->pid);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/maps", values->pid);
	maps = fopen(path, "r");
	if (mem < 0 || !maps)
		err(1, "process %d", values->pid);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx rw-p", &start, &end) == 2 && strstr(line, " rw-p "))
			search_range(values, mem, start, end);
	fclose(maps);
	close(mem);
}

/* The first key whose page is nowhere, or the number of keys. */
static unsigned int first_absent(const struct values *values, const int *nodes)
{
	unsigned int key;

	for (key = 0; key < values->nr; key++)
		if (nodes[key] < 0)
			break;
	return key;
}

/* A page is not there while it is being moved, so ask again. */
static void look_up_nodes(struct values *values, int *nodes)
{
	unsigned int key, attempt;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (move_pages(values->pid, values->nr, values->pages, NULL, nodes, 0))
			err(1, "move_pages");
		key = first_absent(values, nodes);
		if (key == values->nr)
			return;
		usleep(ATTEMPT_US);
	}
	errx(1, "key %u: the page is not there: %s", key, strerror(-nodes[key]));
}

static void count(struct values *values)
{
	unsigned int nr[2] = {}, nr_fast[2] = {}, key;
	bool hot;

	look_up_nodes(values, values->nodes);
	for (key = 0; key < values->nr; key++) {
		hot = key_is_hot(key, values->nr);
		nr[hot]++;
		nr_fast[hot] += values->nodes[key] == FAST_NODE;
	}
	printf("%u %u %u %u\n", nr[1], nr_fast[1], nr[0], nr_fast[0]);
}

/* Move back what once was on node @nid and no longer is. */
static void reset_to(struct values *values, int nid)
{
	void **pages = calloc(values->nr, sizeof(*pages));
	int *targets = calloc(values->nr, sizeof(*targets));
	int *status = calloc(values->nr, sizeof(*status));
	unsigned int key, nr = 0;

	if (!pages || !targets || !status)
		err(1, "memory");
	for (key = 0; key < values->nr; key++) {
		if (values->first_nodes[key] != nid || values->nodes[key] == nid)
			continue;
		pages[nr] = values->pages[key];
		targets[nr++] = nid;
	}
	/* Pages that found no room are counted where they are. */
	if (nr && move_pages(values->pid, nr, pages, targets, status, MPOL_MF_MOVE) < 0)
		err(1, "move_pages");
	free(pages);
	free(targets);
	free(status);
}

static void reset(struct values *values)
{
	look_up_nodes(values, values->nodes);
	reset_to(values, SLOW_NODE);
	reset_to(values, FAST_NODE);
	puts("done");
}

static void find_values(struct values *values)
{
	unsigned int key;

	values->pages = calloc(values->nr, sizeof(*values->pages));
	values->first_nodes = calloc(values->nr, sizeof(*values->first_nodes));
	values->nodes = calloc(values->nr, sizeof(*values->nodes));
	if (!values->pages || !values->first_nodes || !values->nodes)
		err(1, "memory");
	search(values);
	for (key = 0; key < values->nr; key++)
		if (!values->pages[key])
			errx(1, "the value of key %u was not found", key);
	look_up_nodes(values, values->first_nodes);
}

int main(int argc, char **argv)
{
	struct values values = {};
	char line[16];

	if (argc != 3)
		errx(2, "usage: pages PID KEYS");
	values.pid = atoi(argv[1]);
	values.nr = strtoul(argv[2], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	find_values(&values);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "count\n"))
			count(&values);
		else if (!strcmp(line, "reset\n"))
			reset(&values);
		else
			errx(2, "unknown command %s", line);
	}

	return 0;
}
