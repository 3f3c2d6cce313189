/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIERX_BENCH_THREADS_H
#define TIERX_BENCH_THREADS_H

#include "tier.h"

#define THREADS_MAX_NAMES 64

struct work {
	uint64_t instructions;
	uint64_t ns;
};

/* By number of thread name, of function, of group of functions. */
struct attribution {
	struct work threads[THREADS_MAX_NAMES];
	struct work functions[THREADS_MAX_NAMES];
	struct work groups[THREADS_MAX_NAMES];
	uint64_t calls[THREADS_MAX_NAMES];
};

/* A file of what machine/symbols prints. Without one, nothing is attributed. */
void threads_read_symbols(const char *path);
bool threads_known(void);

/* At translation: the number of the function that begins there, or -1. */
int threads_function_at(uint64_t address);
bool threads_switch_at(uint64_t address);

void threads_call(struct vcpu *v, unsigned int function, unsigned int counted, uint64_t return_to);
void threads_return(struct vcpu *v);
void threads_switch(struct vcpu *v);

void threads_start(void);
void threads_total(struct attribution *a);
void threads_reset(void);
void threads_write(FILE *f, const struct attribution *from, const struct attribution *to,
		   bool has_time);

#endif
