// SPDX-License-Identifier: GPL-2.0-only
/* Counters by phase, and the files that the guest sends. */
#include <stdlib.h>
#include <string.h>

#include "threads.h"
#include "tier.h"

struct phase {
	uint32_t tag;
	struct counters at; /* its beginning */
	struct attribution work;
};

static const char *const stream_names[COUNT_STREAMS] = {
	[COUNT_OUT] = "out",
	[COUNT_ERR] = "err",
	[COUNT_DMESG] = "dmesg",
	[COUNT_STATUS] = "status",
};

static const char *const class_names[COUNT_CLASSES] = {
	[COUNT_USER] = "user",
	[COUNT_KERNEL_USER] = "kernel_on_user",
	[COUNT_KERNEL] = "kernel",
};

static struct phase *phases;
static unsigned int nr_phases;

static FILE *open_result(const char *name, const char *mode)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", rig.out ?: ".", name);
	f = fopen(path, mode);
	if (!f)
		die("cannot write %s", path);
	return f;
}

void output_send(enum count_stream stream, const void *data, size_t length)
{
	static FILE *streams[COUNT_STREAMS];

	if (!streams[stream])
		streams[stream] = open_result(stream_names[stream], "w");
	fwrite(data, 1, length, streams[stream]);
	fflush(streams[stream]);
}

/* All but the first two fields are sums of uint64_t. */
#define FIRST_SUM (offsetof(struct counters, ns) / sizeof(uint64_t))
#define NR_FIELDS (sizeof(struct counters) / sizeof(uint64_t))

static void counters_add(struct counters *sum, const struct counters *c, int64_t sign)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)c;

	for (size_t i = FIRST_SUM; i < NR_FIELDS; i++)
		to[i] += sign * from[i];
}

static bool has_time(void)
{
	return rig.has_clock && strcmp(rig.time, "none");
}

void counters_total(struct counters *total)
{
	memset(total, 0, sizeof(*total));
	for (unsigned int i = 0; i < rig.nr_vcpus; i++)
		counters_add(total, &rig.vcpus[i].counters, 1);
	total->has_time = has_time();
	total->magic = COUNT_MAGIC;
}

void output_phase(uint32_t tag)
{
	phases = realloc(phases, (nr_phases + 1) * sizeof(*phases));
	if (!phases)
		die("no memory for phases");
	phases[nr_phases].tag = tag;
	counters_total(&phases[nr_phases].at);
	threads_total(&phases[nr_phases++].work);
}

void output_reset(void)
{
	uint32_t tag = nr_phases ? phases[nr_phases - 1].tag : 0;

	nr_phases = 0;
	output_phase(tag);
}

static void write_array(FILE *f, const char *name, const uint64_t *values, unsigned int nr)
{
	fprintf(f, "\"%s\":[", name);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(f, "%s%lu", i ? "," : "", values[i]);
	fprintf(f, "]");
}

static void write_pair(FILE *f, const char *name, const uint64_t *values)
{
	fprintf(f, "\"%s\":{\"user\":%lu,\"kernel\":%lu},", name, values[0], values[1]);
}

static void write_counters(FILE *f, const struct counters *c)
{
	if (has_time())
		fprintf(f, "\"work_ns\":%lu,", c->ns);
	else
		fprintf(f, "\"work_ns\":null,");
	write_pair(f, "instructions", c->instructions);
	write_pair(f, "loads", c->loads);
	write_pair(f, "stores", c->stores);
	fprintf(f, "\"misses\":{");
	for (unsigned int i = 0; i < COUNT_CLASSES; i++) {
		write_array(f, class_names[i], c->misses[i], rig.map.nr_nodes);
		fprintf(f, "%s", i + 1 < COUNT_CLASSES ? "," : "},");
	}
	write_array(f, "write_backs", c->write_backs, rig.map.nr_nodes);
}

static void write_phases(FILE *f, const struct counters *end, const struct attribution *work)
{
	for (unsigned int i = 0; i < nr_phases; i++) {
		bool last = i + 1 == nr_phases;
		struct counters c = last ? *end : phases[i + 1].at;

		counters_add(&c, &phases[i].at, -1);
		fprintf(f, "%s\n  {\"tag\":%u,", i ? "," : "", phases[i].tag);
		write_counters(f, &c);
		threads_write(f, &phases[i].work, last ? work : &phases[i + 1].work, has_time());
		fprintf(f, "}");
	}
}

/* Node, first address and last, as the firmware tells the guest, too. */
static void write_memory(FILE *f)
{
	uint64_t start, end;

	for (unsigned int n = 0, nr = 0; n < rig.map.nr_nodes; n++)
		for (unsigned int above = 0; above < 2; above++)
			if (map_range(&rig.map, n, above, &start, &end))
				fprintf(f, "%s[%u,\"%#lx\",\"%#lx\"]", nr++ ? "," : "", n, start,
					end - 1);
}

void output_write(void)
{
	FILE *f = open_result("counters.json", "w");
	static const struct attribution none;
	struct attribution work;
	struct counters total;

	counters_total(&total);
	threads_total(&work);
	fprintf(f,
		"{\"qemu\":\"%s\",\"time\":\"%s\",\"llc_kib\":%lu,\"slowdown\":%lu,\"insn_ns\":%lu,",
		rig.qemu ?: "", has_time() ? rig.time : "none", rig.llc_kib, rig.slowdown,
		rig.insn_ns);
	fprintf(f, "\"memory\":[");
	write_memory(f);
	fprintf(f, "],\n \"total\":{");
	write_counters(f, &total);
	threads_write(f, &none, &work, has_time());
	fprintf(f, "},\n \"phases\":[");
	write_phases(f, &total, &work);
	fprintf(f, "\n]}\n");
	fclose(f);
}
