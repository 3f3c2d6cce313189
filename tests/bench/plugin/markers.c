// SPDX-License-Identifier: GPL-2.0-only
/* What the guest asks for: see count.h. */
#include <string.h>

#include "clock.h"
#include "threads.h"
#include "tier.h"

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
	static unsigned char data[COUNT_SEND_MAX];

	if (stream >= COUNT_STREAMS || length > sizeof(data))
		return;
	guest_read(vaddr, data, length);
	output_send(stream, data, length);
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
	static bool started;

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
	output_phase(guest_register(RDI));
}

static void on_read(unsigned int index, void *data)
{
	if (data)
		counters_total(answer_of(data));
}

static void on_send(unsigned int index, void *data)
{
	send(guest_register(RDX), guest_register(RDI), guest_register(RSI));
}

static void on_fetch(unsigned int index, void *data)
{
	if (data)
		fetch(guest_register(RDI), guest_register(RSI), answer_of(data));
}

static const qemu_exec_cb marker_callbacks[] = {
	[COUNT_START] = on_start, [COUNT_STOP] = on_stop, [COUNT_RESET] = on_reset_counters,
	[COUNT_PHASE] = on_phase, [COUNT_READ] = on_read, [COUNT_SEND] = on_send,
	[COUNT_FETCH] = on_fetch,
};

#define NR_MARKERS (sizeof(marker_callbacks) / sizeof(*marker_callbacks))

static bool is_marker(const uint8_t *code, size_t length)
{
	return length == 7 && code[0] == 0x0f && code[1] == 0x1f && code[2] == 0x80;
}

void markers_translate(struct qemu_plugin_insn *insn, const uint8_t *code, size_t length)
{
	uint32_t op;

	if (!is_marker(code, length))
		return;
	memcpy(&op, code + 3, sizeof(op));
	op -= COUNT_MARKER;
	if (op < NR_MARKERS && marker_callbacks[op])
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marker_callbacks[op], CB_R_REGS,
						       qemu_plugin_insn_haddr(insn));
}
