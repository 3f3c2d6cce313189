// SPDX-License-Identifier: GPL-2.0-only
/*
 * known: loads whose misses and time are known beforehand, one line of JSON each.
 *
 *   known misses NODE MIB CPU       loads of each line of an array that is bound to NODE
 *   known parallel NODE MIB THREADS the same by several threads, each on a CPU of its own
 *   known hot NODE MIB SEED         random loads and stores, 9 of 10 in a tenth of an array that is on
 *                                   NODE to begin with and may be moved
 */
#include <errno.h>
#include <error.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../count.h"

#define LINE	     64
#define PAGE	     4096
#define HOT_LOADS    8000000
#define ROUNDS	     4
#define INSTRUCTIONS 4
#define MAX_THREADS  16

struct array {
	volatile char *memory;
	size_t size;
	unsigned int cpu;
	uint64_t ns;
};

static pthread_barrier_t barrier;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static volatile char *allocate(size_t size, unsigned int node)
{
	unsigned long mask = 1ul << node;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		error(1, errno, "mmap");
	if (syscall(SYS_mbind, memory, size, MPOL_BIND, &mask, 64, 0))
		error(1, errno, "mbind to node %u", node);
	memset(memory, 1, size);
	return memory;
}

/* INSTRUCTIONS per line, of which one loads; no cache holds the array until the next round. */
static void touch(const struct array *array)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		volatile char *line = array->memory, *end = line + array->size;

		asm volatile("1:	movb (%0), %%al\n"
			     "	addq %2, %0\n"
			     "	cmpq %1, %0\n"
			     "	jne 1b"
			     : "+r"(line)
			     : "r"(end), "i"(LINE)
			     : "al", "cc", "memory");
	}
}

/* What the plugin saw, what the guest's clock saw, and what there was to see. */
static void print(const struct counters *before, const struct counters *after, uint64_t loads,
		  uint64_t ns)
{
	printf("{\"loads\":%lu,\"instructions_per_load\":%d,\"ns\":%lu,\"work_ns\":%lu,\"user_misses\":[",
	       loads, INSTRUCTIONS, ns, after->ns - before->ns);
	for (unsigned int n = 0; n < COUNT_NODES; n++)
		printf("%s%lu", n ? "," : "",
		       after->misses[COUNT_USER][n] - before->misses[COUNT_USER][n]);
	printf("]}\n");
}

static void run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		error(1, errno, "CPU %u", cpu);
}

static int misses(unsigned int node, size_t size, unsigned int cpu)
{
	struct array array = { .memory = allocate(size, node), .size = size };
	struct counters before, after;
	uint64_t ns;

	run_on(cpu);
	count_start();
	touch(&array);
	if (!count_read(&before))
		error(1, 0, "nothing counts here");
	ns = now_ns();
	touch(&array);
	ns = now_ns() - ns;
	count_read(&after);
	count_stop();
	print(&before, &after, ROUNDS * (size / LINE), ns);
	return 0;
}

static void *run_thread(void *data)
{
	struct array *array = data;

	run_on(array->cpu);
	pthread_barrier_wait(&barrier);
	array->ns = now_ns();
	touch(array);
	array->ns = now_ns() - array->ns;
	return NULL;
}

static int parallel(unsigned int node, size_t size, unsigned int nr)
{
	static struct array arrays[MAX_THREADS];
	struct counters before, after;
	pthread_t threads[MAX_THREADS];
	uint64_t ns = 0;

	if (!nr || nr > MAX_THREADS)
		error(2, 0, "1 to %d threads", MAX_THREADS);
	pthread_barrier_init(&barrier, NULL, nr);
	for (unsigned int i = 0; i < nr; i++)
		arrays[i] =
			(struct array){ .memory = allocate(size, node), .size = size, .cpu = i };
	count_start();
	if (!count_read(&before))
		error(1, 0, "nothing counts here");
	for (unsigned int i = 0; i < nr; i++)
		pthread_create(&threads[i], NULL, run_thread, &arrays[i]);
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
		ns = arrays[i].ns > ns ? arrays[i].ns : ns;
	}
	count_read(&after);
	count_stop();
	print(&before, &after, nr * ROUNDS * (size / LINE), ns);
	return 0;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 32;
}

static int hot(unsigned int node, size_t size, unsigned int seed)
{
	volatile char *memory = allocate(size, node);
	uint64_t state = seed, pages = size / PAGE, begin, ns;
	uint64_t first = next_random(&state) % (pages - pages / 10);
	struct counters before, after;

	if (syscall(SYS_mbind, memory, size, MPOL_DEFAULT, NULL, 0, 0))
		error(1, errno, "mbind");
	count_start();
	if (!count_read(&before))
		error(1, 0, "nothing counts here");
	begin = now_ns();
	for (unsigned int i = 0; i < HOT_LOADS; i++) {
		bool is_hot = next_random(&state) % 10;
		uint64_t page = is_hot ? first + next_random(&state) % (pages / 10) :
					 next_random(&state) % pages;

		memory[page * PAGE + next_random(&state) % PAGE]++;
	}
	ns = now_ns() - begin;
	count_read(&after);
	count_stop();
	print(&before, &after, HOT_LOADS, ns);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int node, number;
	size_t size;

	if (argc != 5)
		error(2, 0,
		      "usage: known misses NODE MIB CPU | parallel NODE MIB THREADS | hot NODE MIB SEED");
	node = strtoul(argv[2], NULL, 10);
	size = strtoull(argv[3], NULL, 10) << 20;
	number = strtoul(argv[4], NULL, 10);
	if (!strcmp(argv[1], "misses"))
		return misses(node, size, number);
	if (!strcmp(argv[1], "hot"))
		return hot(node, size, number);
	return parallel(node, size, number);
}
