/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the synthetic workloads share. Each of them is a program of one file, wl-NAME.c, that
 * defines "workload": its memory, what is hot in it, and how it is used. The rest is common:
 * where memory lies at the start, intervals, counters and what is printed.
 *
 * Between two intervals the clock stands still: to look where pages are, or to let the oracle
 * put them where they belong, is not charged to the workload.
 */
#ifndef WL_H
#define WL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define WL_PAGE	     4096UL
#define WL_LINE	     64UL
#define WL_MIB_PAGES (1048576UL / WL_PAGE)
#define WL_FAST	     0
#define WL_SLOW	     1
#define WL_CHUNK     64 /* pages: hot memory comes in pieces of this size */
/* Of the accesses. Of the others each cold page gets one in some ten seconds of a run. */
#define WL_HOT_PERCENT 99
/* From here on the fast node has 1 GiB to spare, and is not filled with cold pages. */
#define WL_LARGE_MIB 1536

enum wl_placement {
	WL_GIVEN, /* as the workload says: hot pages are where they do not belong */
	WL_ORACLE, /* hot pages on the fast node, and moved there when others become hot */
	WL_ALL_FAST, /* everything on the fast node, which has to be large enough */
	WL_INTERLEAVE, /* page by page, on all nodes in turn */
};

struct wl_options {
	uint64_t seed;
	unsigned int fast_mib;
	unsigned int slow_mib;
	unsigned int intervals;
	uint64_t ops;
	enum wl_placement placement;
	const char *begin;
	const char *end;
};

extern struct wl_options wl;

struct wl_page {
	pid_t pid; /* 0: this process */
	void *addr;
};

struct workload {
	const char *name;
	unsigned int intervals;
	uint64_t ops; /* in an interval */
	/* Reserve memory, touch none. Unless said otherwise it will be on the slow node. */
	void (*reserve)(void);
	/* An interval begins: is another set of pages hot from here on? */
	bool (*shift)(unsigned int interval);
	void (*run)(uint64_t ops);
	/* The true hot set, as it is now. */
	size_t (*nr_hot)(void);
	struct wl_page (*hot_page)(size_t i);
	/* If it cannot be asked page by page: its size, and its share on the fast node. */
	size_t (*hot_bytes)(void);
	double (*hot_fast)(void);
	/* More of this interval, as members of a JSON object. */
	void (*print)(void);
	/* Let the memory come to be, if not by this process touching it. */
	void (*populate_hot)(void);
	void (*populate)(void);
	/* The accesses that matter are made by the kernel, on kernel addresses. */
	bool kernel_accesses;
	/* Fast memory that cold pages shall leave free when the oracle places pages. */
	size_t oracle_reserve;
	/* Hot pages are on the fast node from the start. */
	bool settled;
};

extern const struct workload workload;

/* --- memory --- */

struct wl_region {
	char *addr;
	size_t pages;
};

struct wl_region *wl_region(size_t pages, bool huge);
void wl_place(void);
/* Cold pages on what is free of the fast node. */
void wl_fill(void);
void wl_populate_region(const struct wl_region *region);
void wl_populate_regions(void);
void wl_populate_pages(size_t nr, struct wl_page (*page)(size_t i));
/* New pages of this task: from one node (-1: as usual), preferably from it, from all in turn. */
void wl_bind(int node);
void wl_prefer(int node);
void wl_interleave(void);
void wl_oracle_follow(void);
double wl_hot_fast(void);

/* --- cgroups --- */

/* This process, into a cgroup that is made if need be. */
void wl_cgroup_enter(const char *cgroup);
/* Of a line of memory.numa_stat, "file" for example: bytes on @node. */
uint64_t wl_cgroup_bytes(const char *cgroup, const char *name, int node);

/* --- random numbers --- */

/* Copied while accesses are made, or each of them would be three. */
extern uint64_t wl_random_state;

/* Few instructions, and the upper half of the state, which is the better one, is in both halves. */
static inline uint64_t wl_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state ^ *state >> 32;
}

/* 0 .. n - 1 out of the upper half of @random. */
static inline size_t wl_pick(uint64_t random, size_t n)
{
	return ((random >> 32) * n) >> 32;
}

/* One line of a page, chosen by low bits of @random; one access of four writes. */
static inline void wl_access(char *page, uint64_t random)
{
	volatile uint64_t *word =
		(volatile uint64_t *)(page + (random >> 2) % (WL_PAGE / WL_LINE) * WL_LINE);

	if (random & 3)
		(void)*word;
	else
		*word += 1;
}

/* --- a hot window in a region --- */

/*
 * @nr hot pages in pieces of WL_CHUNK, one piece in @spread; the first of them is @first, and
 * after the end of the region comes its start. hot_percent of the accesses go there, the others
 * anywhere.
 */
struct wl_window {
	struct wl_region *region;
	size_t first;
	size_t nr;
	size_t spread;
	unsigned int hot_percent;
};

static inline char *wl_window_page(const struct wl_window *window, size_t i)
{
	size_t page = window->first + i / WL_CHUNK * window->spread * WL_CHUNK + i % WL_CHUNK;

	if (page >= window->region->pages)
		page -= window->region->pages;
	return window->region->addr + page * WL_PAGE;
}

static inline char *wl_window_any(const struct wl_window *window, uint64_t random)
{
	return window->region->addr + wl_pick(random, window->region->pages) * WL_PAGE;
}

/* By bits that choose neither the line nor, but for its last digits, the page. */
static inline bool wl_chance(uint64_t random, unsigned int percent)
{
	return (uint16_t)(random >> 8) < percent * 65536 / 100;
}

static inline void wl_window_access(const struct wl_window *window, uint64_t random)
{
	if (wl_chance(random, window->hot_percent))
		wl_access(wl_window_page(window, wl_pick(random, window->nr)), random);
	else
		wl_access(wl_window_any(window, random), random);
}

void wl_window_use(const struct wl_window *window, uint64_t ops);
/* Of how many pieces one is hot, so that the region fits on the slow node; 8 if it can be. */
size_t wl_window_spread(size_t nr);

/* The window of a workload that has one, and what its struct workload needs for it. */
extern struct wl_window wl_window;
/* A quarter of the fast node, in one piece or in many, of an array that is larger. */
void wl_window_reserve(void);
void wl_window_reserve_spread(void);
/* An eighth of it, and as much that is cold: a tenant that shall not notice another. */
void wl_window_reserve_quiet(void);
void wl_window_run(uint64_t ops);
/* The same in requests of a few accesses each, whose time is noted. */
void wl_window_serve(uint64_t ops);
size_t wl_window_nr_hot(void);
struct wl_page wl_window_hot_page(size_t i);

/* --- Zipf --- */

struct wl_zipf;

struct wl_zipf *wl_zipf_new(size_t n, double exponent);
/* A rank, 0 is the most frequent. */
size_t wl_zipf_pick(const struct wl_zipf *zipf, uint64_t random);
/* The page that has a rank: a permutation without a pattern. */
size_t wl_scatter(size_t rank, size_t n);

/* --- a file system on a RAM disk that takes no memory for what is written here --- */

/* Where it is mounted; it takes what compresses well for a little more. */
const char *wl_mount(void);
/*
 * A file of equal words per page, clean, in the page cache where the placement has what is hot, or
 * cold; charged to @cgroup if any.
 */
int wl_file(const char *name, size_t pages, bool hot, const char *cgroup);

/* --- servers: started, and how long requests take --- */

/* @run does not return, unless it cannot be run. The server ends with this process. */
void wl_server_start(void (*run)(void));

/* What is noted from here on by processes that this one starts is known to all of them. */
void wl_latency_share(void);
void wl_latency_note(uint64_t ns);
/* For a workload's print(): quantiles of this interval, and of all of them. */
void wl_latency_print(void);
/* Rank by rank of hot and cold records: 90 % of the requests go to the first nr_hot. */
size_t wl_record(uint64_t random, size_t nr_hot, size_t nr);

/* --- other processes --- */

struct wl_member {
	void (*populate_hot)(unsigned int member);
	void (*populate)(unsigned int member);
	void (*run)(unsigned int member, uint64_t ops);
	const char *(*cgroup)(unsigned int member);
};

/* Starts @nr processes that share all regions reserved so far, each with pages of its own. */
void wl_crew_start(unsigned int nr, const struct wl_member *member);
void wl_crew_populate_hot(void);
void wl_crew_populate(void);
/* All of them do their share, at the same time. */
void wl_crew_run(uint64_t ops);
pid_t wl_crew_pid(unsigned int member);
/* How long a member took for its share of the last wl_crew_run(). */
uint64_t wl_crew_ns(unsigned int member);

uint64_t wl_now_ns(void);
void wl_command(const char *command);
void wl_write(const char *path, const char *text);

#endif /* WL_H */
