/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIERX_BENCH_TIER_H
#define TIERX_BENCH_TIER_H

#include <stdint.h>
#include <stdio.h>

#include "../count.h"
#include "cache.h"
#include "map.h"
#include "qemu.h"

#define MAX_VCPUS 16

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct vcpu {
	unsigned int index;
	unsigned int initiator; /* its own node */
	struct cache *cache; /* shared by the CPUs of one node */
	struct counters counters; /* ns: what this CPU worked */
	uint64_t local_ns; /* clock.h */
	uint64_t tlb_flush_ns; /* of local time */
	bool waiting;
	struct streams streams;
	uint32_t return_to; /* threads.c: where the innermost open call ends, low half */
	struct front front;
};

struct rig {
	uint64_t id;
	struct map map;
	unsigned int nr_vcpus;
	struct vcpu vcpus[MAX_VCPUS];
	struct cache caches[MAP_NODES];
	uint64_t latency[MAP_NODES][MAP_NODES]; /* initiator, target; ns */
	uint64_t stream_ns[MAP_NODES]; /* of a line that was prefetched; 0: nothing ever is */
	uint64_t slowdown; /* of the whole machine: of instructions and latencies */
	uint64_t insn_ns; /* of an instruction, with the slowdown */
	bool round_robin; /* one thread runs all CPUs */
	bool has_clock; /* the guest feels latencies */
	const char *time; /* of it: "verified", "unverified", "none": not to be reported */
	const char *out; /* folder of results */
	const char *in; /* folder of files that the guest may fetch */
	const char *qemu; /* version */
	uint64_t llc_kib; /* per CPU */
	uint64_t tlb_ns; /* how long a TLB keeps what it has */
};

extern struct rig rig;

/* tier.c */
void count_switch(bool on);
void caches_empty(void);

/* guest.c: of the CPU that runs; registers in callbacks that have asked for them. */
enum guest_register { RDI, RSI, RDX, RSP, NR_REGISTERS };
void guest_set_up(void);
uint64_t guest_register(enum guest_register reg);
/* Memory that the guest has no page for reads as zeroes. */
void guest_read(uint64_t vaddr, void *data, size_t length);

/* markers.c */
void markers_translate(struct qemu_plugin_insn *insn, const uint8_t *code, size_t length);

/* options.c */
void options_parse(char *option);

/* output.c */
void output_send(enum count_stream stream, const void *data, size_t length);
void output_phase(uint32_t tag);
void output_reset(void);
void output_write(void);
void counters_total(struct counters *total);

/* Messages go to QEMU's standard error: this ends QEMU. */
void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...);

#endif
