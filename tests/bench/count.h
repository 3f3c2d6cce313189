/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program in the guest talks to the plugin that counts outside of it (plugin/tier.c).
 *
 * A marker is an instruction that does nothing, with a number in it that the plugin knows. On a
 * machine without the plugin markers cost nothing, count_read() returns false and count_fetch() -1.
 */
#ifndef TIERX_BENCH_COUNT_H
#define TIERX_BENCH_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT_NODES 8
#define COUNT_MAGIC 0x31746e756f637874ull /* "txcount1" */

/* The marker is "nopl COUNT_MARKER + operation(%rax)"; arguments are in rdi, rsi and rdx. */
#define COUNT_MARKER 0x74780000

enum count_op {
	COUNT_START = 1, /* count from here on */
	COUNT_STOP,
	COUNT_RESET, /* all counters 0, caches empty; the phase begins again */
	COUNT_PHASE, /* rdi: tag of the phase that begins */
	COUNT_READ, /* fill the answer in the marker's page */
	COUNT_SEND, /* rdi: data, rsi: its length, at most COUNT_SEND_MAX, rdx: stream */
	COUNT_FETCH, /* rdi: file, rsi: offset; fills the answer in the marker's page */
};

/* Where what is sent goes: files of these names in the folder of results. */
enum count_stream { COUNT_OUT, COUNT_ERR, COUNT_DMESG, COUNT_STATUS, COUNT_STREAMS };

#define COUNT_SEND_MAX 65536

enum count_class {
	COUNT_USER, /* user code */
	COUNT_KERNEL_USER, /* kernel code on user addresses */
	COUNT_KERNEL, /* kernel code on kernel addresses, those of migration's copies among them */
	COUNT_CLASSES,
};

/* Sums over all CPUs since COUNT_RESET, or since the first COUNT_START. */
struct counters {
	uint64_t magic;
	uint64_t has_time; /* 0: ns is not to be reported, see machine/calibrate */
	uint64_t ns; /* that the CPUs worked, summed: instructions, and latency of misses */
	uint64_t instructions[2]; /* user, kernel */
	uint64_t loads[2]; /* user, kernel code */
	uint64_t stores[2];
	uint64_t misses[COUNT_CLASSES][COUNT_NODES]; /* by the node that served them */
	uint64_t write_backs[COUNT_NODES];
};

struct count_chunk {
	uint64_t magic;
	uint64_t length; /* 0: end of file */
	unsigned char data[2048];
};

/* The answer of a marker is at this offset of the page that holds it. */
#define COUNT_ANSWER_OFFSET 256

#if defined(__x86_64__) && !defined(COUNT_NO_MARKERS)

#include <string.h>
#include <sys/mman.h>

/* A macro, because the number has to be a constant even where nothing is optimized. */
#define count_marker(op, a, b, c)                                                                  \
	({                                                                                         \
		asm volatile(".byte 0x0f, 0x1f, 0x80; .long %c0"                                   \
			     :                                                                     \
			     : "i"(COUNT_MARKER + (op)), "D"((uint64_t)(a)), "S"((uint64_t)(b)),   \
			       "d"((uint64_t)(c))                                                  \
			     : "memory");                                                          \
	})

static inline void count_start(void)
{
	count_marker(COUNT_START, 0, 0, 0);
}

static inline void count_stop(void)
{
	count_marker(COUNT_STOP, 0, 0, 0);
}

static inline void count_reset(void)
{
	count_marker(COUNT_RESET, 0, 0, 0);
}

static inline void count_phase(uint32_t tag)
{
	count_marker(COUNT_PHASE, tag, 0, 0);
}

static inline void count_send(enum count_stream stream, const void *data, size_t length)
{
	const char *from = data;
	size_t part;

	for (; length; from += part, length -= part) {
		part = length < COUNT_SEND_MAX ? length : COUNT_SEND_MAX;
		count_marker(COUNT_SEND, (uintptr_t)from, part, stream);
	}
}

/*
 * The plugin can write to one place only, the page that the marker is in. It has to be a page of
 * our own that can be written: two markers and returns, then the answer.
 */
static inline unsigned char *count_page(void)
{
	static const unsigned char read_code[] = {
		0x0f, 0x1f, 0x80, COUNT_READ, 0, 0x78, 0x74, 0xc3
	};
	static const unsigned char fetch_code[] = { 0x0f, 0x1f, 0x80, COUNT_FETCH,
						    0,	  0x78, 0x74, 0xc3 };
	static unsigned char *page;

	if (page)
		return page;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (page == MAP_FAILED)
		return page = NULL;
	memcpy(page, read_code, sizeof(read_code));
	memcpy(page + sizeof(read_code), fetch_code, sizeof(fetch_code));
	return page;
}

/* Not from two threads at a time. */
static inline bool count_read(struct counters *counters)
{
	unsigned char *page = count_page();
	struct counters *answer = (struct counters *)(page + COUNT_ANSWER_OFFSET);

	if (!page)
		return false;
	/* The write also gives a child of fork() its own page, before the plugin looks. */
	answer->magic = 0;
	((void (*)(void))page)();
	memcpy(counters, answer, sizeof(*counters));
	return counters->magic == COUNT_MAGIC;
}

/* Returns the number of bytes, 0 at the end of the file, -1 without a plugin. */
static inline long count_fetch(uint64_t file, uint64_t offset, void *data)
{
	unsigned char *page = count_page();
	struct count_chunk *answer = (struct count_chunk *)(page + COUNT_ANSWER_OFFSET);

	if (!page)
		return -1;
	answer->magic = 0;
	((void (*)(uint64_t, uint64_t))(page + 8))(file, offset);
	asm volatile("" ::: "memory");
	if (answer->magic != COUNT_MAGIC)
		return -1;
	memcpy(data, answer->data, answer->length);
	return answer->length;
}

#else

static inline void count_start(void)
{
}

static inline void count_stop(void)
{
}

static inline void count_reset(void)
{
}

static inline void count_phase(uint32_t tag)
{
}

static inline void count_send(enum count_stream stream, const void *data, size_t length)
{
}

static inline bool count_read(struct counters *counters)
{
	return false;
}

static inline long count_fetch(uint64_t file, uint64_t offset, void *data)
{
	return -1;
}

#endif

#endif
