// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier: a plugin for QEMU's emulation that counts which memory node serves what the caches of the
 * guest miss, and makes the guest's clock feel how far that node is.
 *
 * Nothing but markers (count.h) is looked for until the guest says start, so that it boots fast.
 * From then on each translated block and each access to memory calls back.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "threads.h"
#include "tier.h"

int qemu_plugin_version __attribute__((visibility("default"))) = QEMU_PLUGIN_VERSION;

struct rig rig;

static bool counting;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "tier: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

/* --- what is counted -------------------------------------------------------------------- */

/* A block in a pointer, so that nothing has to be allocated. */
#define BLOCK_KERNEL	  (1ull << 63)
#define BLOCK_INSNS_SHIFT 32

static bool is_kernel(uint64_t vaddr)
{
	return vaddr >> 63;
}

static void on_block(unsigned int index, void *data)
{
	struct vcpu *v = vcpu_running(index);
	uint64_t block = (uintptr_t)data;
	bool kernel = block & BLOCK_KERNEL;
	uint64_t nr = block >> BLOCK_INSNS_SHIFT & 0xffff;

	if (unlikely((uint32_t)block == v->return_to) && kernel && v->return_to)
		threads_return(v);
	v->counters.instructions[kernel] += nr;
	clock_spend(v, nr, nr * rig.insn_ns);
}

/* How long the CPU waits for a line. */
static uint64_t wait_ns(struct vcpu *v, int node, uint64_t paddr)
{
	if (rig.stream_ns[node] && streams_access(&v->streams, paddr))
		return rig.stream_ns[node];
	return rig.latency[v->initiator][node];
}

static void miss(struct vcpu *v, uint64_t paddr, bool write, enum count_class class)
{
	struct cache_result result = cache_access(v->cache, paddr, write);
	int node;

	if (result.hit)
		return;
	if (result.write_back) {
		node = map_node(&rig.map, result.victim);
		if (node >= 0)
			v->counters.write_backs[node]++;
	}
	node = map_node(&rig.map, paddr);
	if (node < 0)
		return;
	v->counters.misses[class][node]++;
	clock_spend(v, 0, wait_ns(v, node, paddr) * rig.slowdown);
}

static inline void access(struct vcpu *v, uint32_t info, uint64_t vaddr, bool kernel)
{
	bool write = qemu_plugin_mem_is_store(info);
	struct qemu_plugin_hwaddr *address;

	if (write)
		v->counters.stores[kernel]++;
	else
		v->counters.loads[kernel]++;
	if (likely(front_access(&v->front, vaddr, write)))
		return;
	address = qemu_plugin_get_hwaddr(info, vaddr);
	if (!address || qemu_plugin_hwaddr_is_io(address))
		return;
	miss(v, qemu_plugin_hwaddr_phys_addr(address), write,
	     !kernel	      ? COUNT_USER :
	     is_kernel(vaddr) ? COUNT_KERNEL :
				COUNT_KERNEL_USER);
}

static void on_user_access(unsigned int index, uint32_t info, uint64_t vaddr, void *data)
{
	access(vcpu_running(index), info, vaddr, false);
}

static void on_kernel_access(unsigned int index, uint32_t info, uint64_t vaddr, void *data)
{
	access(vcpu_running(index), info, vaddr, true);
}

static void on_tlb_flush(unsigned int index, void *data)
{
	front_flush(&vcpu_running(index)->front);
}

#define CALL_COUNTED_SHIFT 16

static void on_call(unsigned int index, void *data)
{
	uint64_t call = (uintptr_t)data, return_to;

	guest_read(guest_register(RSP), &return_to, sizeof(return_to));
	threads_call(vcpu_running(index), call & 0xffff, call >> CALL_COUNTED_SHIFT, return_to);
}

static void on_switch(unsigned int index, void *data)
{
	threads_switch(vcpu_running(index));
}

/* --- start and stop --------------------------------------------------------------------- */

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb);

static void on_exit_qemu(uint64_t id, void *data)
{
	output_write();
}

/* A reset drops callbacks of all kinds. */
static void register_callbacks(uint64_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_qemu, NULL);
}

/* What changed in memory while nothing was counted is unknown. */
void caches_empty(void)
{
	for (unsigned int i = 0; i < rig.nr_vcpus; i++)
		front_clear(&rig.vcpus[i].front);
	for (unsigned int n = 0; n < MAP_NODES; n++)
		if (rig.caches[n].sets)
			cache_clear(&rig.caches[n]);
}

/* Blocks translated so far lack callbacks, or have too many: all are dropped. */
void count_switch(bool on)
{
	if (counting == on)
		return;
	counting = on;
	if (on) {
		caches_empty();
		clock_start();
		threads_start();
	}
	qemu_plugin_reset(rig.id, register_callbacks);
	clock_yield();
}

/* --- translation ------------------------------------------------------------------------ */

static bool is_pause(const uint8_t *code, size_t length)
{
	return length == 2 && code[0] == 0xf3 && code[1] == 0x90;
}

static bool is_wait(const uint8_t *code, size_t length)
{
	if (code[0] == 0xf4 || is_pause(code, length)) /* hlt */
		return true;
	return length == 3 && code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xc9; /* mwait */
}

static bool is_tlb_flush(const uint8_t *code, size_t length)
{
	size_t i = 0;

	while (i < length && ((code[i] & 0xf0) == 0x40 || code[i] == 0x66))
		i++;
	code += i;
	length -= i;
	if (length < 3 || code[0] != 0x0f)
		return false;
	if (code[1] == 0x01) /* invlpg */
		return (code[2] & 0x38) == 0x38 && (code[2] & 0xc0) != 0xc0;
	if (code[1] == 0x22) /* mov to cr0, cr3, cr4 */
		return true;
	return length >= 4 && code[1] == 0x38 && code[2] == 0x82; /* invpcid */
}

/* So many instructions of the block are left, which has been counted when this one runs. */
static void translate_kernel_insn(struct qemu_plugin_insn *insn, uint64_t vaddr, uint64_t left)
{
	int function = threads_function_at(vaddr);

	if (function >= 0)
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_call, CB_R_REGS, (void *)(left << CALL_COUNTED_SHIFT | function));
	else if (threads_switch_at(vaddr))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_switch, CB_NO_REGS, NULL);
}

static void translate_insn(struct qemu_plugin_insn *insn, uint64_t left)
{
	uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
	bool kernel = is_kernel(vaddr);
	uint8_t code[15];
	size_t length = qemu_plugin_insn_data(insn, code, sizeof(code));

	markers_translate(insn, code, length);
	if (!counting && is_pause(code, length))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, clock_skip, CB_NO_REGS, NULL);
	if (!counting)
		return;
	if (kernel && threads_known())
		translate_kernel_insn(insn, vaddr, left);
	if (kernel && is_tlb_flush(code, length))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_tlb_flush, CB_NO_REGS, NULL);
	if (is_wait(code, length))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, clock_wait, CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_mem_cb(insn, kernel ? on_kernel_access : on_user_access,
					 CB_NO_REGS, MEM_RW, NULL);
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t vaddr = qemu_plugin_tb_vaddr(tb);
	uint64_t nr = qemu_plugin_tb_n_insns(tb);
	uint64_t block = nr << BLOCK_INSNS_SHIFT | (uint32_t)vaddr;

	if (is_kernel(vaddr))
		block |= BLOCK_KERNEL;
	if (counting)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, CB_NO_REGS, (void *)block);
	for (uint64_t i = 0; i < nr; i++)
		translate_insn(qemu_plugin_tb_get_insn(tb, i), nr - i);
}

/* --- beginning ----------------------------------------------------------------------------- */

static void on_vcpu_init(uint64_t id, unsigned int index)
{
	guest_set_up();
	clock_check();
}

/* A cache for each node that has CPUs, as large as all of theirs. */
static void set_up_caches(void)
{
	uint64_t cpus[MAP_NODES] = {};

	for (unsigned int i = 0; i < rig.nr_vcpus; i++)
		cpus[rig.vcpus[i].initiator]++;
	for (unsigned int n = 0; n < MAP_NODES; n++)
		if (cpus[n] && !cache_init(&rig.caches[n], cpus[n] * rig.llc_kib * 1024))
			die("no cache of %lu KiB", rig.llc_kib);
	for (unsigned int i = 0; i < rig.nr_vcpus; i++) {
		rig.vcpus[i].index = i;
		rig.vcpus[i].cache = &rig.caches[rig.vcpus[i].initiator];
		front_clear(&rig.vcpus[i].front);
	}
}

__attribute__((visibility("default"))) int
qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	if (!info->system_emulation || strcmp(info->target_name, "x86_64"))
		die("this is for guests of qemu-system-x86_64");
	if (info->system.smp_vcpus > MAX_VCPUS)
		die("more than %d CPUs", MAX_VCPUS);
	rig.id = id;
	rig.nr_vcpus = info->system.smp_vcpus;
	rig.llc_kib = 1024;
	rig.slowdown = 1;
	rig.insn_ns = 1;
	rig.tlb_ns = 4000000;
	rig.time = "none";
	for (int i = 0; i < argc; i++)
		options_parse(argv[i]);
	if (!rig.map.nr_nodes)
		die("mem= is missing");
	set_up_caches();
	clock_set_up();
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
	register_callbacks(id);
	return 0;
}
