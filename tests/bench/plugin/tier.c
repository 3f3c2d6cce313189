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

static bool counting, started;
static struct glib_array *bytes;
static struct qemu_plugin_register *rdi, *rsi, *rdx, *rsp;

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
	clock_spend(v, nr, nr);
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
	clock_spend(v, 0, rig.latency[v->initiator][node]);
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

/* --- threads and functions -------------------------------------------------------------- */

static uint64_t read_register(struct qemu_plugin_register *reg)
{
	uint64_t value;

	g_byte_array_set_size(bytes, 0);
	if (qemu_plugin_read_register(reg, bytes) != sizeof(value))
		die("cannot read a register of the guest");
	memcpy(&value, bytes->data, sizeof(value));
	return value;
}

void guest_read(uint64_t vaddr, void *data, size_t length)
{
	if (qemu_plugin_read_memory_vaddr(vaddr, bytes, length))
		memcpy(data, bytes->data, length);
	else
		memset(data, 0, length);
}

#define CALL_COUNTED_SHIFT 16

static void on_call(unsigned int index, void *data)
{
	uint64_t call = (uintptr_t)data, return_to;

	guest_read(read_register(rsp), &return_to, sizeof(return_to));
	threads_call(vcpu_running(index), call & 0xffff, call >> CALL_COUNTED_SHIFT, return_to);
}

static void on_switch(unsigned int index, void *data)
{
	threads_switch(vcpu_running(index));
}

/* --- markers ---------------------------------------------------------------------------- */

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

/* Blocks translated so far lack callbacks, or have too many: all are dropped. */
static void count_switch(bool on)
{
	if (counting == on)
		return;
	counting = on;
	if (on) {
		clock_start();
		threads_start();
	}
	qemu_plugin_reset(rig.id, register_callbacks);
	clock_yield();
}

static void clear_counters(void)
{
	for (unsigned int i = 0; i < rig.nr_vcpus; i++) {
		memset(&rig.vcpus[i].counters, 0, sizeof(rig.vcpus[i].counters));
		front_clear(&rig.vcpus[i].front);
	}
	for (unsigned int n = 0; n < MAP_NODES; n++)
		if (rig.caches[n].sets)
			cache_clear(&rig.caches[n]);
	threads_reset();
	output_reset();
}

static void send(uint64_t stream, uint64_t vaddr, uint64_t length)
{
	if (stream >= COUNT_STREAMS || !length || length > 1 << 20)
		return;
	if (!qemu_plugin_read_memory_vaddr(vaddr, bytes, length))
		die("cannot read what the guest sends");
	output_send(stream, bytes->data, length);
}

/* File N of the guest is IN/N. */
static void fetch(uint64_t file, uint64_t offset, struct count_chunk *chunk)
{
	char path[4096];
	FILE *f;

	if (!rig.in)
		return;
	snprintf(path, sizeof(path), "%s/%lu", rig.in, file);
	f = fopen(path, "r");
	if (!f)
		return;
	chunk->length = fseek(f, offset, SEEK_SET) ? 0 :
						     fread(chunk->data, 1, sizeof(chunk->data), f);
	chunk->magic = COUNT_MAGIC;
	fclose(f);
}

/* The address of the host that the marker is at is that of memory of the guest. */
static void *answer_of(void *marker)
{
	return (void *)(((uintptr_t)marker & ~4095ull) + COUNT_ANSWER_OFFSET);
}

static void on_start(unsigned int index, void *data)
{
	if (!started)
		output_phase(0);
	started = true;
	count_switch(true);
}

static void on_stop(unsigned int index, void *data)
{
	count_switch(false);
}

static void on_reset_counters(unsigned int index, void *data)
{
	clear_counters();
}

static void on_phase(unsigned int index, void *data)
{
	output_phase(read_register(rdi));
}

static void on_read(unsigned int index, void *data)
{
	if (data)
		counters_total(answer_of(data));
}

static void on_send(unsigned int index, void *data)
{
	send(read_register(rdx), read_register(rdi), read_register(rsi));
}

static void on_fetch(unsigned int index, void *data)
{
	if (data)
		fetch(read_register(rdi), read_register(rsi), answer_of(data));
}

static const qemu_exec_cb marker_callbacks[] = {
	[COUNT_START] = on_start, [COUNT_STOP] = on_stop, [COUNT_RESET] = on_reset_counters,
	[COUNT_PHASE] = on_phase, [COUNT_READ] = on_read, [COUNT_SEND] = on_send,
	[COUNT_FETCH] = on_fetch,
};

#define NR_MARKERS (sizeof(marker_callbacks) / sizeof(*marker_callbacks))

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

static void translate_marker(struct qemu_plugin_insn *insn, const uint8_t *code)
{
	uint32_t op;

	memcpy(&op, code + 3, sizeof(op));
	op -= COUNT_MARKER;
	if (op < NR_MARKERS && marker_callbacks[op])
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marker_callbacks[op], CB_R_REGS,
						       qemu_plugin_insn_haddr(insn));
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

	if (length == 7 && code[0] == 0x0f && code[1] == 0x1f && code[2] == 0x80)
		translate_marker(insn, code);
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

/* --- start and end ---------------------------------------------------------------------- */

static void on_vcpu_init(uint64_t id, unsigned int index)
{
	struct glib_array *registers;
	struct qemu_register_description *r;

	if (rdi)
		return;
	clock_check();
	registers = qemu_plugin_get_registers();
	r = registers->data;
	for (unsigned int i = 0; i < registers->length; i++) {
		if (!strcmp(r[i].name, "rdi"))
			rdi = r[i].handle;
		else if (!strcmp(r[i].name, "rsi"))
			rsi = r[i].handle;
		else if (!strcmp(r[i].name, "rdx"))
			rdx = r[i].handle;
		else if (!strcmp(r[i].name, "rsp"))
			rsp = r[i].handle;
	}
	if (!rdi || !rsi || !rdx || !rsp)
		die("this is no x86-64 guest");
}

/* Numbers with colons between them. Returns how many. */
static unsigned int parse_list(const char *text, uint64_t *list, unsigned int max)
{
	unsigned int nr = 0;
	char *end;

	do {
		if (nr == max)
			die("too many numbers in '%s'", text);
		list[nr++] = strtoull(text, &end, 10);
		if (end == text)
			die("no number in '%s'", text);
		text = end + 1;
	} while (*end == ':');
	return nr;
}

/* "80:250/140:310": a row for each initiator. Rows that are not given are as the first. */
static void parse_latency(const char *text)
{
	unsigned int row = 0;

	while (text && row < MAP_NODES) {
		parse_list(text, rig.latency[row++], MAP_NODES);
		text = strchr(text, '/');
		text = text ? text + 1 : NULL;
	}
	for (; row < MAP_NODES; row++)
		memcpy(rig.latency[row], rig.latency[0], sizeof(rig.latency[0]));
}

static void parse_option(char *option)
{
	uint64_t list[MAX_VCPUS];
	char *value = strchr(option, '=');
	unsigned int nr;

	if (!value)
		die("option '%s' has no value", option);
	*value++ = 0;
	if (!strcmp(option, "mem")) {
		nr = parse_list(value, list, MAP_NODES);
		map_init(&rig.map, list, nr);
	} else if (!strcmp(option, "cpus")) {
		nr = parse_list(value, list, MAX_VCPUS);
		for (unsigned int i = 0; i < nr; i++)
			rig.vcpus[i].initiator = list[i] % MAP_NODES;
	} else if (!strcmp(option, "lat")) {
		parse_latency(value);
	} else if (!strcmp(option, "llc")) {
		rig.llc_kib = strtoull(value, NULL, 10);
	} else if (!strcmp(option, "rr")) {
		rig.round_robin = *value == '1';
	} else if (!strcmp(option, "clock")) {
		rig.has_clock = *value == '1';
	} else if (!strcmp(option, "time")) {
		rig.time = value;
	} else if (!strcmp(option, "symbols")) {
		threads_read_symbols(value);
	} else if (!strcmp(option, "out")) {
		rig.out = value;
	} else if (!strcmp(option, "in")) {
		rig.in = value;
	} else if (!strcmp(option, "qemu")) {
		rig.qemu = value;
	} else {
		die("unknown option '%s'", option);
	}
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
	rig.time = "none";
	for (int i = 0; i < argc; i++)
		parse_option(argv[i]);
	if (!rig.map.nr_nodes)
		die("mem= is missing");
	set_up_caches();
	clock_set_up();
	bytes = g_byte_array_new();
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
	register_callbacks(id);
	return 0;
}
