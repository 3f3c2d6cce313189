/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the plugin uses of QEMU. The header that declares this is in no package of Debian.
 *
 * The first part is QEMU's plugin interface, version 4. The second is not: Debian's QEMU exports
 * all its symbols, and clock.c looks these up, for the versions that it knows.
 */
#ifndef TIERX_BENCH_QEMU_H
#define TIERX_BENCH_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- plugin interface ------------------------------------------------------------------- */

#define QEMU_PLUGIN_VERSION 4

struct qemu_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus;
		int max_vcpus;
	} system;
};

enum { CB_NO_REGS, CB_R_REGS };
enum { MEM_R = 1, MEM_W, MEM_RW };

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;

struct qemu_register_description {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};

struct glib_array {
	void *data;
	unsigned int length;
};

typedef void (*qemu_simple_cb)(uint64_t id);
typedef void (*qemu_data_cb)(uint64_t id, void *data);
typedef void (*qemu_tb_cb)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_exec_cb)(unsigned int vcpu, void *data);
typedef void (*qemu_mem_cb)(unsigned int vcpu, uint32_t info, uint64_t vaddr, void *data);
typedef void (*qemu_vcpu_cb)(uint64_t id, unsigned int vcpu);

void qemu_plugin_reset(uint64_t id, qemu_simple_cb cb);
void qemu_plugin_register_vcpu_init_cb(uint64_t id, qemu_vcpu_cb cb);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_tb_cb cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_exec_cb cb, int flags,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_exec_cb cb,
					    int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_mem_cb cb, int flags,
				      int rw, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_data_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *data, size_t length);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
bool qemu_plugin_mem_is_store(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);
void qemu_plugin_outs(const char *text);
struct glib_array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct qemu_plugin_register *handle, struct glib_array *bytes);
bool qemu_plugin_read_memory_vaddr(uint64_t vaddr, struct glib_array *bytes, size_t length);

struct glib_array *g_byte_array_new(void);
struct glib_array *g_byte_array_set_size(struct glib_array *bytes, unsigned int length);

/* --- not the plugin interface ----------------------------------------------------------- */

struct qemu_cpu;

/* include/system/cpu-timers-internal.h: nothing in it changed from 9.0 to 10.0. */
struct qemu_timers_state {
	int64_t cpu_ticks_prev;
	int64_t cpu_ticks_offset;
	uint32_t vm_clock_seqlock;
	int32_t vm_clock_lock;
	int16_t cpu_ticks_enabled;
	int16_t icount_time_shift;
	int64_t last_delta;
	int64_t qemu_icount_bias;
	int64_t vm_clock_warp_start;
	int64_t cpu_clock_offset;
	int64_t qemu_icount;
};

#endif
