// SPDX-License-Identifier: GPL-2.0-only
/* The options that QEMU passes on, and what they set in the rig. */
#include <stdlib.h>
#include <string.h>

#include "threads.h"
#include "tier.h"

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

void options_parse(char *option)
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
	} else if (!strcmp(option, "stream")) {
		parse_list(value, rig.stream_ns, MAP_NODES);
	} else if (!strcmp(option, "slowdown")) {
		rig.slowdown = strtoull(value, NULL, 10) ?: 1;
	} else if (!strcmp(option, "insn_ns")) {
		rig.insn_ns = strtoull(value, NULL, 10) ?: 1;
	} else if (!strcmp(option, "tlb_us")) {
		rig.tlb_ns = strtoull(value, NULL, 10) * 1000;
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
