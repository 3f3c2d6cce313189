// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which threads and which functions of the kernel the work is due to.
 *
 * Each CPU's work is known at any time, so only beginnings and ends have to be noticed: the end of
 * a task switch, the first instruction of a function, and the block that it returns to. Open calls
 * belong to a task, and go with it when another one runs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "threads.h"

#define MAX_DEPTH   16
#define NAME_LENGTH 48
#define COMM_LENGTH 16

struct function {
	char name[NAME_LENGTH];
	unsigned int group;
	uint64_t address;
};

struct call {
	unsigned int function;
	bool outermost; /* of its group */
	uint64_t return_to;
	struct work since;
};

struct task {
	uint64_t address;
	unsigned int depth;
	struct call calls[MAX_DEPTH];
};

/* What runs on a CPU. */
struct running {
	unsigned int thread;
	struct work since;
	struct task task;
};

static char threads[THREADS_MAX_NAMES][NAME_LENGTH] = { "other" };
static unsigned int nr_threads = 1;
static char groups[THREADS_MAX_NAMES][NAME_LENGTH];
static unsigned int nr_groups;
static struct function functions[THREADS_MAX_NAMES];
static unsigned int nr_functions;
static uint64_t switch_address, comm_offset, per_cpu_offset, pcpu_hot;

static struct running running[MAX_VCPUS];
/* Tasks that do not run, with open calls. */
static struct task *asleep;
static unsigned int nr_asleep, max_asleep;
static struct attribution total;

/* --- what the kernel has ---------------------------------------------------------------- */

static unsigned int find_group(const char *name)
{
	unsigned int g = 0;

	while (g < nr_groups && strcmp(groups[g], name))
		g++;
	if (g == THREADS_MAX_NAMES)
		die("too many groups of functions");
	if (g == nr_groups)
		snprintf(groups[nr_groups++], NAME_LENGTH, "%s", name);
	return g;
}

static void add_thread(const char *name)
{
	if (nr_threads == THREADS_MAX_NAMES)
		die("too many names of threads");
	snprintf(threads[nr_threads++], NAME_LENGTH, "%s", name);
}

static void add_function(const char *group, const char *name, uint64_t address)
{
	struct function *f = &functions[nr_functions];

	if (nr_functions++ == THREADS_MAX_NAMES)
		die("too many functions");
	snprintf(f->name, NAME_LENGTH, "%s", name);
	f->group = find_group(group);
	f->address = address;
}

static void add_symbol(const char *kind, const char *name, uint64_t value)
{
	if (!strcmp(kind, "switch"))
		switch_address = value;
	else if (!strcmp(name, "comm"))
		comm_offset = value;
	else if (!strcmp(name, "__per_cpu_offset"))
		per_cpu_offset = value;
	else if (!strcmp(name, "pcpu_hot"))
		pcpu_hot = value;
	else if (!strcmp(kind, "thread"))
		add_thread(name);
	else
		add_function(kind, name, value);
}

void threads_read_symbols(const char *path)
{
	char kind[NAME_LENGTH], name[NAME_LENGTH];
	FILE *f = fopen(path, "r");
	uint64_t value;

	if (!f)
		die("cannot read %s", path);
	while (fscanf(f, "%47s %47s %" SCNx64, kind, name, &value) == 3)
		add_symbol(kind, name, value);
	fclose(f);
	if (!switch_address || !comm_offset || !per_cpu_offset || !pcpu_hot)
		die("%s does not say where tasks are", path);
}

bool threads_known(void)
{
	return switch_address;
}

/* --- work ------------------------------------------------------------------------------- */

static struct work work_now(const struct vcpu *v)
{
	return (struct work){
		.instructions = v->counters.instructions[0] + v->counters.instructions[1],
		.ns = v->counters.ns,
	};
}

static void work_add(struct work *sum, const struct work *since, const struct work *now)
{
	sum->instructions += now->instructions - since->instructions;
	sum->ns += now->ns - since->ns;
}

static void call_account(struct call *call, const struct work *now)
{
	work_add(&total.functions[call->function], &call->since, now);
	if (call->outermost)
		work_add(&total.groups[functions[call->function].group], &call->since, now);
	call->since = *now;
}

static void account(struct vcpu *v)
{
	struct running *r = &running[v->index];
	struct work now = work_now(v);

	work_add(&total.threads[r->thread], &r->since, &now);
	r->since = now;
	for (unsigned int i = 0; i < r->task.depth; i++)
		call_account(&r->task.calls[i], &now);
}

/* --- calls ------------------------------------------------------------------------------ */

static void watch(struct vcpu *v)
{
	const struct task *task = &running[v->index].task;

	v->return_to = task->depth ? (uint32_t)task->calls[task->depth - 1].return_to : 0;
}

static bool is_outermost(const struct task *task, unsigned int group)
{
	for (unsigned int i = 0; i < task->depth; i++)
		if (functions[task->calls[i].function].group == group)
			return false;
	return true;
}

/* All of the block that it begins with has been counted already. */
void threads_call(struct vcpu *v, unsigned int function, unsigned int counted, uint64_t return_to)
{
	struct task *task = &running[v->index].task;
	struct call *call = &task->calls[task->depth];

	total.calls[function]++;
	if (task->depth == MAX_DEPTH)
		return;
	*call = (struct call){
		.function = function,
		.outermost = is_outermost(task, functions[function].group),
		.return_to = return_to,
		.since = work_now(v),
	};
	call->since.instructions -= counted;
	call->since.ns -= counted * rig.insn_ns;
	task->depth++;
	watch(v);
}

void threads_return(struct vcpu *v)
{
	struct task *task = &running[v->index].task;
	struct work now = work_now(v);

	while (task->depth && (uint32_t)task->calls[task->depth - 1].return_to == v->return_to)
		call_account(&task->calls[--task->depth], &now);
	watch(v);
}

int threads_function_at(uint64_t address)
{
	for (unsigned int i = 0; i < nr_functions; i++)
		if (functions[i].address == address)
			return i;
	return -1;
}

bool threads_switch_at(uint64_t address)
{
	return address == switch_address;
}

/* --- tasks ------------------------------------------------------------------------------ */

static unsigned int thread_of(uint64_t task)
{
	char comm[COMM_LENGTH + 1] = {};

	guest_read(task + comm_offset, comm, COMM_LENGTH);
	for (unsigned int i = 1; i < nr_threads; i++)
		if (!strncmp(comm, threads[i], strlen(threads[i])))
			return i;
	return 0;
}

static uint64_t current_task(unsigned int cpu)
{
	uint64_t offset, task;

	guest_read(per_cpu_offset + cpu * sizeof(offset), &offset, sizeof(offset));
	guest_read(offset + pcpu_hot, &task, sizeof(task));
	return task;
}

static void put_to_sleep(const struct task *task)
{
	if (!task->depth)
		return;
	if (nr_asleep == max_asleep) {
		max_asleep += 64;
		asleep = realloc(asleep, max_asleep * sizeof(*asleep));
		if (!asleep)
			die("no memory for tasks");
	}
	asleep[nr_asleep++] = *task;
}

static void wake_up(struct task *task, uint64_t address)
{
	task->depth = 0;
	for (unsigned int i = 0; i < nr_asleep; i++) {
		if (asleep[i].address != address)
			continue;
		*task = asleep[i];
		asleep[i] = asleep[--nr_asleep];
		break;
	}
	task->address = address;
}

static void run_task(struct vcpu *v)
{
	struct running *r = &running[v->index];

	wake_up(&r->task, current_task(v->index));
	r->thread = thread_of(r->task.address);
	r->since = work_now(v);
	for (unsigned int i = 0; i < r->task.depth; i++)
		r->task.calls[i].since = r->since;
	watch(v);
}

void threads_switch(struct vcpu *v)
{
	account(v);
	put_to_sleep(&running[v->index].task);
	run_task(v);
}

/* --- phases ----------------------------------------------------------------------------- */

void threads_start(void)
{
	if (!threads_known())
		return;
	nr_asleep = 0;
	for (unsigned int i = 0; i < rig.nr_vcpus; i++) {
		running[i].task.depth = 0;
		run_task(&rig.vcpus[i]);
	}
}

void threads_total(struct attribution *a)
{
	if (threads_known())
		for (unsigned int i = 0; i < rig.nr_vcpus; i++)
			account(&rig.vcpus[i]);
	*a = total;
}

/* Counters begin at 0 again. Open calls stay open. */
void threads_reset(void)
{
	memset(&total, 0, sizeof(total));
	for (unsigned int i = 0; i < rig.nr_vcpus; i++) {
		running[i].since = (struct work){};
		for (unsigned int c = 0; c < running[i].task.depth; c++)
			running[i].task.calls[c].since = (struct work){};
	}
}

/* What did nothing is left out. */
struct list {
	FILE *f;
	bool has_time;
	bool begun;
};

static bool write_work(struct list *list, const char *name, const struct work *from,
		       const struct work *to)
{
	if (to->instructions == from->instructions)
		return false;
	fprintf(list->f, "%s\"%s\":{\"instructions\":%lu,\"work_ns\":", list->begun ? "," : "",
		name, to->instructions - from->instructions);
	if (list->has_time)
		fprintf(list->f, "%lu", to->ns - from->ns);
	else
		fprintf(list->f, "null");
	list->begun = true;
	return true;
}

void threads_write(FILE *f, const struct attribution *from, const struct attribution *to,
		   bool has_time)
{
	struct list list = { .f = f, .has_time = has_time };

	if (!threads_known())
		return;
	fprintf(f, ",\n   \"threads\":{");
	for (unsigned int i = 0; i < nr_threads; i++)
		if (write_work(&list, threads[i], &from->threads[i], &to->threads[i]))
			fprintf(f, "}");
	list.begun = false;
	fprintf(f, "},\n   \"groups\":{");
	for (unsigned int i = 0; i < nr_groups; i++)
		if (write_work(&list, groups[i], &from->groups[i], &to->groups[i]))
			fprintf(f, "}");
	list.begun = false;
	fprintf(f, "},\n   \"functions\":{");
	for (unsigned int i = 0; i < nr_functions; i++)
		if (write_work(&list, functions[i].name, &from->functions[i], &to->functions[i]))
			fprintf(f, ",\"calls\":%lu}", to->calls[i] - from->calls[i]);
	fprintf(f, "}");
}
