// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attached.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "tierx.h"

#define COUNTER_NAME_LEN 64

/**
 * struct sample - all counters at one time
 * @policy: name of the policy
 * @ops_id: which policy it is, also among those of the same name
 * @time_ns: monotonic time
 * @nr_counters: how many of @counters are the policy's; the kernel's follow
 * @nr: number of @counters
 * @counters: the counters
 */
struct sample {
	char policy[POLICY_NAME_LEN];
	__u32 ops_id;
	__u64 time_ns;
	int nr_counters;
	int nr;
	struct {
		char name[COUNTER_NAME_LEN];
		__u64 value;
	} *counters;
};

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void sample__add(struct sample *sample, const char *name, __u64 value)
{
	snprintf(sample->counters[sample->nr].name, COUNTER_NAME_LEN, "%s", name);
	sample->counters[sample->nr++].value = value;
}

static int sample__fill(struct sample *sample, const struct attached *attached)
{
	const struct description *description = &attached->description;
	struct kernel_pairs events = {};
	char path[PLACE_FILE_LEN];
	__u64 *values;
	int i, err;

	kernel_pairs__read(&events, place__file(&attached->place, "events", path));
	values = calloc(description->nr_counters + 1, sizeof(*values));
	sample->counters =
		calloc(description->nr_counters + events.nr + 1, sizeof(*sample->counters));
	err = !values || !sample->counters ? -1 : attached__counters(attached, values);
	for (i = 0; !err && i < description->nr_counters; i++)
		sample__add(sample, description->counters[i].name, values[i]);
	sample->nr_counters = sample->nr;
	for (i = 0; !err && i < events.nr; i++)
		sample__add(sample, events.pairs[i].name,
			    strtoull(events.pairs[i].value, NULL, 10));
	free(values);
	kernel_pairs__clear(&events);
	if (!err)
		return STATUS_DONE;

	log__error("cannot read the counters of %s: %m", attached->name);
	return STATUS_INTERNAL;
}

static int sample__read(struct sample *sample, const struct place *place)
{
	struct attached attached;
	int status;

	memset(sample, 0, sizeof(*sample));
	status = attached__open(&attached, place);
	if (!status) {
		sample->time_ns = now_ns();
		sample->ops_id = attached.link.ops_id;
		strcpy(sample->policy, attached.name);
		status = sample__fill(sample, &attached);
	}
	attached__close(&attached);

	return status;
}

static void sample__clear(struct sample *sample)
{
	free(sample->counters);
	memset(sample, 0, sizeof(*sample));
}

/* Per second since @last; negative if that cannot be said. */
static double rate(const struct sample *sample, const struct sample *last, int i)
{
	double seconds = (sample->time_ns - last->time_ns) / 1e9;

	if (!last->nr || last->ops_id != sample->ops_id || last->nr != sample->nr || seconds <= 0)
		return -1;
	if (sample->counters[i].value < last->counters[i].value)
		return -1;
	return (sample->counters[i].value - last->counters[i].value) / seconds;
}

static bool has_value(const struct sample *sample, int from, int to)
{
	for (; from < to; from++)
		if (sample->counters[from].value)
			return true;
	return false;
}

static void print_counter(const struct sample *sample, const struct sample *last, int i)
{
	double per_second = rate(sample, last, i);

	printf("  %-30s %16llu", sample->counters[i].name, sample->counters[i].value);
	if (per_second >= 0)
		printf(" %13.1f", per_second);
	putchar('\n');
}

static void print_text(const struct sample *sample, const struct sample *last, bool with_rates)
{
	const char *heading = with_rates ? "         per s" : "";
	int i;

	printf("%-32s %16s%s\n", sample->policy, "total", heading);
	for (i = 0; i < sample->nr_counters; i++)
		print_counter(sample, last, i);

	/* The kernel counts many things that do not happen with most policies. */
	if (!has_value(sample, sample->nr_counters, sample->nr))
		return;
	printf("%-32s %16s%s\n", "kernel", "total", heading);
	for (i = sample->nr_counters; i < sample->nr; i++)
		if (sample->counters[i].value)
			print_counter(sample, last, i);
}

/* Counters of the policy are part 0, those of the kernel part 1: both may have one of a name. */
static int part_begin(const struct sample *sample, int part)
{
	return part ? sample->nr_counters : 0;
}

static int part_end(const struct sample *sample, int part)
{
	return part ? sample->nr : sample->nr_counters;
}

static struct json_object *totals_json(const struct sample *sample, int part)
{
	struct json_object *totals = json_object_new_object();
	int i;

	for (i = part_begin(sample, part); i < part_end(sample, part); i++)
		json__add_u64(totals, sample->counters[i].name, sample->counters[i].value);
	return totals;
}

static struct json_object *rates_json(const struct sample *sample, const struct sample *last,
				      int part)
{
	struct json_object *rates = json_object_new_object();
	double per_second;
	int i;

	for (i = part_begin(sample, part); i < part_end(sample, part); i++) {
		per_second = rate(sample, last, i);
		if (per_second >= 0)
			json__add_double(rates, sample->counters[i].name, per_second);
	}
	return rates;
}

static int print_json(const struct sample *sample, const struct sample *last, bool with_rates)
{
	static const char *const keys[] = { "counters", "events" };
	struct json_object *object = json_object_new_object();
	struct json_object *rates = with_rates ? json_object_new_object() : NULL;
	int part;

	json__add_string(object, "policy", sample->policy);
	json__add_u64(object, "monotonic_ns", sample->time_ns);
	for (part = 0; part < 2; part++) {
		json_object_object_add(object, keys[part], totals_json(sample, part));
		if (rates)
			json_object_object_add(rates, keys[part], rates_json(sample, last, part));
	}
	if (rates)
		json_object_object_add(object, "per_second", rates);

	return json__print(object);
}

static int print(const struct sample *sample, const struct sample *last,
		 const struct arguments *args)
{
	if (args->json)
		return print_json(sample, last, args->interval);

	print_text(sample, last, args->interval);
	if (args->interval)
		putchar('\n');
	return output__flush();
}

int command__stats(const struct arguments *args)
{
	struct sample sample = {}, last = {};
	unsigned int nr = 0;
	struct place place;
	int status;

	status = place__find(&place, args->cgroup);
	if (!status)
		status = kernel__require();

	while (!status) {
		status = sample__read(&sample, &place);
		if (!status)
			status = print(&sample, &last, args);
		sample__clear(&last);
		last = sample;
		if (!args->interval || ++nr == args->count)
			break;
		if (!status)
			sleep(args->interval);
	}
	sample__clear(&last);

	return status;
}
