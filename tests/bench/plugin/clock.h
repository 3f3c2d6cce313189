/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's clock. QEMU's own advances by one nanosecond per instruction of any CPU
 * (-icount shift=0), and the plugin corrects it: latencies come on top, and CPUs work at the same
 * time although one thread runs them in turns.
 *
 * Each CPU has a local time, that of its own work. The clock is the greatest of them: it
 * advances with the CPU that is ahead, and stands still while another catches up. Nobody gets ahead
 * of a CPU that has work by more than a quantum. One that waited starts where the clock is.
 */
#ifndef TIERX_BENCH_CLOCK_H
#define TIERX_BENCH_CLOCK_H

#include "tier.h"

/* Also how late a timer can be. Times rig.slowdown, as it is so much work. */
#define CLOCK_QUANTUM_NS 50000
/* A kernel that boots waits for time to pass, an instruction at a time. */
#define CLOCK_SKIP_NS 2000

struct clock {
	uint64_t now_ns; /* greatest local time */
	uint64_t yield_ns; /* of the running CPU's local time */
	struct qemu_timers_state *timers;
	struct qemu_cpu **current; /* QEMU's, of the thread that runs all CPUs */
	struct qemu_cpu *cpus[MAX_VCPUS];
	struct qemu_cpu *running;
	struct vcpu *vcpu; /* likewise */
};

extern struct clock rig_clock;

void clock_set_up(void);
void clock_check(void);
void clock_start(void);
void clock_turn(void);
/* Let the CPU's turn end. */
void clock_yield(void);
/* An instruction that waits for others. */
void clock_wait(unsigned int index, void *data);
/* The same while nothing is counted. */
void clock_skip(unsigned int index, void *data);
void clock_wake(struct vcpu *v);
void clock_quantum(struct vcpu *v);

/* With one thread for all, QEMU's index is that of the CPU for which a block was translated. */
static inline struct vcpu *vcpu_running(unsigned int index)
{
	if (!rig.round_robin)
		return &rig.vcpus[index];
	if (unlikely(!rig_clock.current || *rig_clock.current != rig_clock.running))
		clock_turn();
	return rig_clock.vcpu;
}

/* Nobody else writes it while a CPU runs. */
static inline void clock_correct(int64_t ns)
{
	int64_t *bias = &rig_clock.timers->qemu_icount_bias;

	__atomic_store_n(bias, *bias + ns, __ATOMIC_RELAXED);
}

/* The CPU worked for so long, of which QEMU has counted some. */
static inline void clock_spend(struct vcpu *v, uint64_t counted_ns, uint64_t ns)
{
	uint64_t ahead = 0;

	v->counters.ns += ns;
	if (!rig.has_clock)
		return;
	if (unlikely(v->waiting))
		clock_wake(v);
	v->local_ns += ns;
	if (v->local_ns > rig_clock.now_ns) {
		ahead = v->local_ns - rig_clock.now_ns;
		rig_clock.now_ns = v->local_ns;
	}
	if (ahead != counted_ns)
		clock_correct(ahead - counted_ns);
	if (unlikely(v->local_ns >= rig_clock.yield_ns))
		clock_quantum(v);
}

#endif
