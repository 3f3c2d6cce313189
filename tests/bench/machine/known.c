// SPDX-License-Identifier: GPL-2.0-only
/*
 * known: loads whose misses and time are known beforehand, one line of JSON each.
 *
 *   known misses NODE MIB           one load of each line of an array that is bound to NODE
 *   known parallel THREADS MIB      the same on node 0 by several threads, each on a CPU and array of its own
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

#define LINE	    64
#define ROUNDS	    4
#define MAX_THREADS 16

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

/* The next line is far away, as no cache has it; each line once per round. */
static void touch(const struct array *array)
{
	size_t lines = array->size / LINE;

	for (unsigned int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < lines; i++)
			(void)array->memory[i * LINE];
}

static void print(const struct counters *before, const struct counters *after, uint64_t loads,
		  uint64_t ns)
{
	uint64_t instructions = 0, work_ns = after->ns - before->ns;

	for (int i = 0; i < 2; i++)
		instructions += after->instructions[i] - before->instructions[i];
	printf("{\"loads\":%lu,\"ns\":%lu,\"work_ns\":%lu,\"instructions\":%lu,\"user_misses\":[",
	       loads, ns, work_ns, instructions);
	for (unsigned int n = 0; n < COUNT_NODES; n++)
		printf("%s%lu", n ? "," : "",
		       after->misses[COUNT_USER][n] - before->misses[COUNT_USER][n]);
	printf("],\"misses\":[");
	for (unsigned int n = 0; n < COUNT_NODES; n++) {
		uint64_t sum = 0;

		for (unsigned int c = 0; c < COUNT_CLASSES; c++)
			sum += after->misses[c][n] - before->misses[c][n];
		printf("%s%lu", n ? "," : "", sum);
	}
	printf("]}\n");
}

static int misses(unsigned int node, size_t size)
{
	struct array array = { .memory = allocate(size, node), .size = size };
	struct counters before, after;
	uint64_t begin, ns;

	count_start();
	touch(&array);
	begin = now_ns();
	if (!count_read(&before))
		error(1, 0, "nothing counts here");
	touch(&array);
	count_read(&after);
	ns = now_ns() - begin;
	count_stop();
	print(&before, &after, ROUNDS * (size / LINE), ns);
	return 0;
}

static void *run_thread(void *data)
{
	struct array *array = data;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(array->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		error(1, errno, "CPU %u", array->cpu);
	pthread_barrier_wait(&barrier);
	array->ns = now_ns();
	touch(array);
	array->ns = now_ns() - array->ns;
	return NULL;
}

static int parallel(unsigned int nr, size_t size)
{
	static struct array arrays[MAX_THREADS];
	struct counters before, after;
	pthread_t threads[MAX_THREADS];
	uint64_t ns = 0;

	if (!nr || nr > MAX_THREADS)
		error(2, 0, "1 to %d threads", MAX_THREADS);
	pthread_barrier_init(&barrier, NULL, nr);
	count_start();
	count_read(&before);
	for (unsigned int i = 0; i < nr; i++) {
		arrays[i] = (struct array){ .memory = allocate(size, 0), .size = size, .cpu = i };
		pthread_create(&threads[i], NULL, run_thread, &arrays[i]);
	}
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
		ns = arrays[i].ns > ns ? arrays[i].ns : ns;
	}
	count_read(&after);
	count_stop();
	print(&before, &after, nr * ROUNDS * (size / LINE), ns);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int number = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	size_t size = argc == 4 ? strtoull(argv[3], NULL, 10) << 20 : 0;

	if (argc == 4 && !strcmp(argv[1], "misses"))
		return misses(number, size);
	if (argc == 4 && !strcmp(argv[1], "parallel"))
		return parallel(number, size);
	error(2, 0, "usage: known misses NODE MIB | parallel THREADS MIB");
}
