// SPDX-License-Identifier: GPL-2.0-only
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/time.h>

#include "clock.h"

/* Of the versions whose struct qemu_timers_state is known. */
#define TIMERS_STATE_SIZE 96
static const char *const known_versions[] = { "10.0." };

struct clock rig_clock;

static struct qemu_cpu *(*get_cpu)(int index);
static void (*cpu_exit)(struct qemu_cpu *cpu);
static void (*tlb_flush)(struct qemu_cpu *cpu);

/* Whoever is ahead of a CPU with work yields at once, until that one has caught up. */
static void set_yield(struct vcpu *v)
{
	uint64_t least = v->local_ns;

	for (unsigned int i = 0; i < rig.nr_vcpus; i++)
		if (!rig.vcpus[i].waiting && rig.vcpus[i].local_ns < least)
			least = rig.vcpus[i].local_ns;
	rig_clock.yield_ns = least + CLOCK_QUANTUM_NS * rig.slowdown;
}

void clock_turn(void)
{
	struct clock *c = &rig_clock;

	if (!c->current)
		c->current = dlsym(RTLD_DEFAULT, "current_cpu");
	c->running = *c->current;
	for (unsigned int i = 0; i < rig.nr_vcpus; i++) {
		if (!c->cpus[i])
			c->cpus[i] = get_cpu(i);
		if (c->cpus[i] == c->running)
			c->vcpu = &rig.vcpus[i];
	}
	set_yield(c->vcpu);
}

/* CPUs that halted before it was counted did so unseen. */
void clock_start(void)
{
	for (unsigned int i = 0; i < rig.nr_vcpus; i++)
		rig.vcpus[i].waiting = true;
}

void clock_yield(void)
{
	if (rig.round_robin && rig_clock.running)
		cpu_exit(rig_clock.running);
}

void clock_wait(unsigned int index, void *data)
{
	vcpu_running(index)->waiting = true;
}

void clock_skip(unsigned int index, void *data)
{
	if (rig.has_clock)
		clock_correct(CLOCK_SKIP_NS);
}

void clock_wake(struct vcpu *v)
{
	v->waiting = false;
	if (v->local_ns < rig_clock.now_ns)
		v->local_ns = rig_clock.now_ns;
	set_yield(v);
}

/*
 * QEMU's TLB keeps what it has until the guest flushes it, and it only grows at a flush. A page
 * that is in it does not get its accessed bit again: policies that look for these bits would find
 * memory idle that is in use.
 */
static void flush_tlb(struct vcpu *v)
{
	if (!rig.tlb_ns || v->local_ns < v->tlb_flush_ns)
		return;
	v->tlb_flush_ns = v->local_ns + rig.tlb_ns;
	tlb_flush(rig_clock.running);
}

/* The size of that TLB depends on this clock of the host, and no guest may depend on it. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict time,
							void *restrict zone)
{
	*time = (struct timeval){ .tv_sec = 1 };
	return 0;
}

void clock_quantum(struct vcpu *v)
{
	flush_tlb(v);
	set_yield(v);
	cpu_exit(rig_clock.running);
}

static void *symbol(const char *name)
{
	void *address = dlsym(RTLD_DEFAULT, name);

	if (!address)
		die("this QEMU does not export '%s'", name);
	return address;
}

static bool version_is_known(void)
{
	for (size_t i = 0; i < sizeof(known_versions) / sizeof(*known_versions); i++)
		if (rig.qemu && !strncmp(rig.qemu, known_versions[i], strlen(known_versions[i])))
			return true;
	return false;
}

/* Called when there are CPUs: QEMU has read all its options. */
void clock_check(void)
{
	const int *use_icount = symbol("use_icount");

	if (rig.has_clock && (!*use_icount || rig_clock.timers->icount_time_shift))
		die("the clock needs -icount shift=0");
}

static void check_timers(void)
{
	const ElfW(Sym) * sym;
	Dl_info info;

	if (!dladdr1(rig_clock.timers, &info, (void **)&sym, RTLD_DL_SYMENT) || !sym ||
	    sym->st_size != TIMERS_STATE_SIZE)
		die("the clock of this QEMU is not as expected");
}

void clock_set_up(void)
{
	if (!rig.round_robin) {
		rig.has_clock = false;
		return;
	}
	get_cpu = symbol("qemu_get_cpu");
	cpu_exit = symbol("cpu_exit");
	tlb_flush = symbol("tlb_flush");
	if (!rig.has_clock)
		return;
	if (!version_is_known())
		die("the clock of QEMU %s is not known", rig.qemu ?: "without a version");
	rig_clock.timers = symbol("timers_state");
	check_timers();
}
