// SPDX-License-Identifier: GPL-2.0-only
/* Registers and memory of the guest's CPU that runs. */
#include <string.h>

#include "tier.h"

static const char *const register_names[NR_REGISTERS] = {
	[RDI] = "rdi",
	[RSI] = "rsi",
	[RDX] = "rdx",
	[RSP] = "rsp",
};

static struct qemu_plugin_register *registers[NR_REGISTERS];
static struct glib_array *bytes;

/* Called for each CPU when it is there. */
void guest_set_up(void)
{
	struct qemu_register_description *r;
	struct glib_array *all;

	if (bytes)
		return;
	bytes = g_byte_array_new();
	all = qemu_plugin_get_registers();
	r = all->data;
	for (unsigned int n = 0; n < NR_REGISTERS; n++) {
		for (unsigned int i = 0; i < all->length; i++)
			if (!strcmp(r[i].name, register_names[n]))
				registers[n] = r[i].handle;
		if (!registers[n])
			die("the guest has no register %s", register_names[n]);
	}
}

uint64_t guest_register(enum guest_register reg)
{
	uint64_t value;

	g_byte_array_set_size(bytes, 0);
	if (qemu_plugin_read_register(registers[reg], bytes) != sizeof(value))
		die("cannot read register %s of the guest", register_names[reg]);
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
