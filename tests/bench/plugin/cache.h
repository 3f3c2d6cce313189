/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of caches. In front, one small direct-mapped cache per CPU, by virtual address: it
 * takes most accesses without asking where they are. Behind it, the last level: physical
 * addresses, set-associative, true LRU, written back, one per socket.
 */
#ifndef TIERX_BENCH_CACHE_H
#define TIERX_BENCH_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SHIFT 6
#define LINE_SIZE  (1u << LINE_SHIFT)

/* --- first level ------------------------------------------------------------------------ */

#define FRONT_LINES 512
/* Virtual addresses have 48 bits, of which 42 tell lines apart. The rest is a generation. */
#define FRONT_LINE_BITS	  42
#define FRONT_GENERATIONS (1u << 21)

struct front {
	uint32_t generation; /* from 1: an entry of 0 fits no address */
	uint64_t lines[FRONT_LINES]; /* generation, line, written */
};

static inline void front_clear(struct front *f)
{
	memset(f->lines, 0, sizeof(f->lines));
	f->generation = 1;
}

/* Called when the guest flushes any of its TLB: a mapping may have changed. */
static inline void front_flush(struct front *f)
{
	if (++f->generation == FRONT_GENERATIONS)
		front_clear(f);
}

/* True: a hit. False: it is here now, ask the last level. A first write is passed on. */
static inline bool front_access(struct front *f, uint64_t vaddr, bool write)
{
	uint64_t line = (vaddr >> LINE_SHIFT) & ((1ull << FRONT_LINE_BITS) - 1);
	uint64_t *entry = &f->lines[line % FRONT_LINES];
	uint64_t want = (uint64_t)f->generation << (FRONT_LINE_BITS + 1) | line << 1;

	if (*entry == (want | 1) || (!write && *entry == want))
		return true;
	*entry = want | write;
	return false;
}

/* --- last level ------------------------------------------------------------------------- */

#define CACHE_WAYS 16

struct cache {
	uint64_t nr_sets;
	uint64_t (*sets)[CACHE_WAYS]; /* most recently used first; line + 1, dirty; 0 is empty */
};

static inline bool cache_init(struct cache *c, uint64_t bytes)
{
	c->nr_sets = bytes / LINE_SIZE / CACHE_WAYS;
	c->sets = c->nr_sets ? aligned_alloc(LINE_SIZE, c->nr_sets * sizeof(*c->sets)) : NULL;
	if (c->sets)
		memset(c->sets, 0, c->nr_sets * sizeof(*c->sets));
	return c->sets;
}

static inline void cache_clear(struct cache *c)
{
	memset(c->sets, 0, c->nr_sets * sizeof(*c->sets));
}

struct cache_result {
	bool hit;
	bool write_back; /* of the line that had to go */
	uint64_t victim; /* its physical address */
};

static inline struct cache_result cache_access(struct cache *c, uint64_t paddr, bool write)
{
	uint64_t line = paddr >> LINE_SHIFT, tag = (line + 1) << 1, old;
	uint64_t *set = c->sets[line % c->nr_sets];
	struct cache_result result = {};
	int way = 0;

	while (way < CACHE_WAYS - 1 && (set[way] & ~1ull) != tag)
		way++;
	old = set[way];
	memmove(set + 1, set, way * sizeof(*set));
	result.hit = (old & ~1ull) == tag;
	if (result.hit) {
		set[0] = old | write;
		return result;
	}
	set[0] = tag | write;
	result.write_back = old & 1;
	result.victim = ((old >> 1) - 1) << LINE_SHIFT;
	return result;
}

/* --- streams: what a prefetcher has under way -------------------------------------------- */

#define NR_STREAMS 8
/* No stream goes on into the next page, which may be anywhere. */
#define PAGE_LINES 64

struct streams {
	uint64_t next[NR_STREAMS]; /* line + 1; 0 is none */
	unsigned int oldest;
};

/* True: the line follows one that was missed before, and was on its way already. */
static inline bool streams_access(struct streams *s, uint64_t paddr)
{
	uint64_t line = paddr >> LINE_SHIFT;
	uint64_t next = (line + 1) % PAGE_LINES ? line + 2 : 0;

	for (unsigned int i = 0; i < NR_STREAMS; i++) {
		if (s->next[i] != line + 1)
			continue;
		s->next[i] = next;
		return true;
	}
	if (next)
		s->next[s->oldest++ % NR_STREAMS] = next;
	return false;
}

#endif
