// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "policy.h"
#include "tierx.h"

static bool is_field(const char *name, const struct btf_type *type)
{
	return btf_is_int(type) && strcmp(name, "name");
}

static struct number load_field(const struct btf_type *type, const void *value)
{
	return number__load(value, type->size, btf_int_encoding(type) & BTF_INT_SIGNED);
}

static void print_op(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	struct bpf_program *program;

	(void)arg;
	if (!policy__is_op(type))
		return;
	program = *(struct bpf_program *const *)value;
	if (program)
		printf("  %-24s %s\n", name, bpf_program__name(program));
}

static void print_field(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	char text[NUMBER_TEXT_LEN];

	(void)arg;
	if (is_field(name, type))
		printf("  ops.%-20s %s\n", name, number__format(load_field(type, value), text));
}

static void print_knob(const struct policy *policy, const struct knob *knob)
{
	char value[NUMBER_TEXT_LEN], min[NUMBER_TEXT_LEN], max[NUMBER_TEXT_LEN];

	printf("  %-24s %s\n", knob->name, knob->help);
	printf("  %-24s %s, default %s, from %s to %s%s%s, %s\n", "", knob->type,
	       knob__value_text(knob, policy__knob_value(policy, knob), value),
	       number__format(knob->min, min), number__format(knob->max, max),
	       *knob->unit ? " " : "", knob->unit,
	       knob->at_runtime ? "settable while it runs" : "fixed at load");
}

static int print_text(const struct policy *policy)
{
	const struct description *description = &policy->description;
	int i;

	printf("%s: %s\n", policy->name, description->about);
	printf("file: %s\n", policy->path);
	puts("ops:");
	policy__for_each_member(policy, print_op, NULL);
	puts("fields:");
	policy__for_each_member(policy, print_field, NULL);
	puts("knobs:");
	for (i = 0; i < description->nr_knobs; i++)
		print_knob(policy, &description->knobs[i]);
	puts("counters:");
	for (i = 0; i < description->nr_counters; i++)
		printf("  %-24s %s\n", description->counters[i].name,
		       description->counters[i].help);

	return output__flush();
}

static void op_json(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	struct bpf_program *program;

	if (!policy__is_op(type))
		return;
	program = *(struct bpf_program *const *)value;
	if (program)
		json__add_string(arg, name, bpf_program__name(program));
}

static void field_json(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	if (is_field(name, type))
		json__add_number(arg, name, load_field(type, value));
}

static struct json_object *knobs_json(const struct policy *policy)
{
	struct json_object *list = json_object_new_array();
	struct json_object *object;
	const struct knob *knob;
	int i;

	for (i = 0; i < policy->description.nr_knobs; i++) {
		knob = &policy->description.knobs[i];
		object = knob__json(knob);
		json_object_object_add(object, "default",
				       knob__value_json(knob, policy__knob_value(policy, knob)));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *counters_json(const struct policy *policy)
{
	struct json_object *list = json_object_new_array();
	struct json_object *object;
	int i;

	for (i = 0; i < policy->description.nr_counters; i++) {
		object = json_object_new_object();
		json__add_string(object, "name", policy->description.counters[i].name);
		json__add_string(object, "help", policy->description.counters[i].help);
		json_object_array_add(list, object);
	}
	return list;
}

static int print_json(const struct policy *policy)
{
	struct json_object *object = json_object_new_object();
	struct json_object *ops = json_object_new_object();
	struct json_object *fields = json_object_new_object();

	json__add_string(object, "name", policy->name);
	json__add_string(object, "about", policy->description.about);
	json__add_string(object, "file", policy->path);
	policy__for_each_member(policy, op_json, ops);
	policy__for_each_member(policy, field_json, fields);
	json_object_object_add(object, "ops", ops);
	json_object_object_add(object, "fields", fields);
	json_object_object_add(object, "knobs", knobs_json(policy));
	json_object_object_add(object, "counters", counters_json(policy));

	return json__print(object);
}

int command__info(const struct arguments *args)
{
	struct policy policy;
	int status;

	status = policy__open(&policy, args->policy);
	if (!status)
		status = args->json ? print_json(&policy) : print_text(&policy);
	policy__close(&policy);

	return status;
}
