// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the hot pages are now, and the oracle that has them where they belong.
 */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wl.h"

#define MAX_SAMPLE 1024
#define MOVE_BATCH 512

static void ask_or_move(pid_t pid, void **pages, size_t nr, const int *nodes, int *status)
{
	if (syscall(SYS_move_pages, pid, nr, pages, nodes, status, nodes ? MPOL_MF_MOVE : 0) < 0)
		err(1, "move_pages");
}

/* Pages of one process at a time, evenly taken from all of them. */
double wl_hot_fast(void)
{
	size_t i, j, nr = workload.nr_hot(), step = nr / MAX_SAMPLE + 1, fast = 0, known = 0, n;
	int status[MOVE_BATCH];
	void *pages[MOVE_BATCH];
	struct wl_page page;
	pid_t pid;

	for (i = 0; i < nr;) {
		pid = workload.hot_page(i).pid;
		for (n = 0; i < nr && n < MOVE_BATCH; i += step, n++) {
			page = workload.hot_page(i);
			if (page.pid != pid)
				break;
			pages[n] = page.addr;
		}
		ask_or_move(pid, pages, n, NULL, status);
		for (j = 0; j < n; j++) {
			known += status[j] >= 0;
			fast += status[j] == WL_FAST;
		}
	}
	return known ? (double)fast / known : 0;
}

static void move_list(void **pages, size_t nr, int node)
{
	int nodes[MOVE_BATCH], status[MOVE_BATCH];
	size_t first, i, n;

	for (i = 0; i < MOVE_BATCH; i++)
		nodes[i] = node;
	for (first = 0; first < nr; first += n) {
		n = nr - first < MOVE_BATCH ? nr - first : MOVE_BATCH;
		ask_or_move(0, pages + first, n, nodes, status);
	}
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

static void **hot_now;
static size_t nr_hot_now;

static void note_hot(void)
{
	size_t i;

	nr_hot_now = workload.nr_hot();
	hot_now = malloc(nr_hot_now * sizeof(*hot_now));
	if (!hot_now)
		err(1, "hot pages");
	for (i = 0; i < nr_hot_now; i++)
		hot_now[i] = workload.hot_page(i).addr;
	qsort(hot_now, nr_hot_now, sizeof(*hot_now), by_address);
}

/* What is no longer hot makes room for what is hot now. */
void wl_oracle_follow(void)
{
	void **before = hot_now;
	size_t i, nr_before = nr_hot_now, gone = 0;

	if (!workload.hot_page)
		return;
	note_hot();
	for (i = 0; before && i < nr_before; i++)
		if (!bsearch(&before[i], hot_now, nr_hot_now, sizeof(*hot_now), by_address))
			before[gone++] = before[i];
	move_list(before, gone, WL_SLOW);
	if (before)
		move_list(hot_now, nr_hot_now, WL_FAST);
	free(before);
}
