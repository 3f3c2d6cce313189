// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tier_ext/tags.h>

#include "describe.h"
#include "log.h"
#include "suggest.h"
#include "tierx.h"

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* The text after @prefix of a tag on @type, or on its member number @component. */
static const char *find_tag(const struct btf *btf, __u32 type, int component, const char *prefix)
{
	const struct btf_type *tag;
	const char *text;
	__u32 id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		tag = btf__type_by_id(btf, id);
		if (!btf_is_decl_tag(tag) || tag->type != type ||
		    btf_decl_tag(tag)->component_idx != component)
			continue;
		text = btf__name_by_offset(btf, tag->name_off);
		if (has_prefix(text, prefix))
			return text + strlen(prefix);
	}
	return NULL;
}

/* Which section a variable is in, and where. */
static int locate_variable(const struct btf *btf, __u32 variable, struct knob *knob)
{
	const struct btf_var_secinfo *info;
	const struct btf_type *section;
	__u32 id, i;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		section = btf__type_by_id(btf, id);
		if (!btf_is_datasec(section))
			continue;
		info = btf_var_secinfos(section);
		for (i = 0; i < btf_vlen(section); i++) {
			if (info[i].type != variable)
				continue;
			knob->section = btf__name_by_offset(btf, section->name_off);
			knob->offset = info[i].offset;
			knob->at_runtime = !strcmp(knob->section, TIERX_TUNE_SECTION);
			return 0;
		}
	}
	return -ENOENT;
}

/* The name that the policy uses, such as u64, without const and volatile. */
static const char *type_name(const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && btf_is_mod(type))
		type = btf__type_by_id(btf, type->type);
	return type ? btf__name_by_offset(btf, type->name_off) : "";
}

static int describe_knob(struct knob *knob, const struct btf *btf, __u32 variable, const char *tag)
{
	const struct btf_type *var = btf__type_by_id(btf, variable);
	const struct btf_type *type = btf__type_by_id(btf, btf__resolve_type(btf, variable));

	knob->name = btf__name_by_offset(btf, var->name_off);
	knob->type = type_name(btf, var->type);
	if (!type || !btf_is_int(type) || type->size > 8) {
		log__error("knob %s has type %s, not an integer type", knob->name, knob->type);
		return STATUS_USAGE;
	}
	knob->size = type->size;
	knob->is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
	knob->is_bool = btf_int_encoding(type) & BTF_INT_BOOL;

	if (knob__parse_tag(knob, tag) || !number__fits(knob->min, knob->size, knob->is_signed) ||
	    !number__fits(knob->max, knob->size, knob->is_signed)) {
		log__error("knob %s has a bad declaration tag: %s", knob->name, tag);
		return STATUS_USAGE;
	}
	if (locate_variable(btf, variable, knob)) {
		log__error("knob %s is in no section", knob->name);
		return STATUS_USAGE;
	}

	return STATUS_DONE;
}

static int read_knobs(struct description *description, const struct btf *btf)
{
	const struct btf_type *tag, *target;
	const char *text;
	int status;
	__u32 id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		tag = btf__type_by_id(btf, id);
		if (!btf_is_decl_tag(tag))
			continue;
		text = btf__name_by_offset(btf, tag->name_off);
		target = btf__type_by_id(btf, tag->type);
		if (!target || !btf_is_var(target) || !has_prefix(text, TIERX_TAG_KNOB))
			continue;
		status = describe_knob(&description->knobs[description->nr_knobs], btf, tag->type,
				       text);
		if (status)
			return status;
		description->nr_knobs++;
	}
	return STATUS_DONE;
}

static int read_counters(struct description *description, const struct btf *btf, __u32 stats_type)
{
	int struct_id = btf__resolve_type(btf, stats_type);
	const struct btf_type *type = btf__type_by_id(btf, struct_id);
	const struct btf_type *field;
	const struct btf_member *member;
	struct counter *counter;
	const char *help;
	__u32 i;

	if (!type || !btf_is_struct(type)) {
		log__error("the values of map %s are not a struct", TIERX_STATS_MAP);
		return STATUS_USAGE;
	}
	description->counters = calloc(btf_vlen(type) + 1, sizeof(*description->counters));
	if (!description->counters) {
		log__error("out of memory");
		return STATUS_INTERNAL;
	}

	for (i = 0; i < btf_vlen(type); i++) {
		member = btf_members(type) + i;
		field = btf__type_by_id(btf, btf__resolve_type(btf, member->type));
		counter = &description->counters[i];
		counter->name = btf__name_by_offset(btf, member->name_off);
		counter->offset = member->offset / 8;
		if (!field || !btf_is_int(field) || field->size != 8 || member->offset % 64) {
			log__error("counter %s is not a u64", counter->name);
			return STATUS_USAGE;
		}
		help = find_tag(btf, struct_id, i, TIERX_TAG_HELP);
		counter->help = help ? help : "";
	}
	description->nr_counters = btf_vlen(type);

	return STATUS_DONE;
}

/* The tag is on the variable that holds the ops. */
static const char *find_about(const struct btf *btf)
{
	const struct btf_type *var, *type;
	const char *about;
	__u32 id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		var = btf__type_by_id(btf, id);
		if (!btf_is_var(var))
			continue;
		type = btf__type_by_id(btf, btf__resolve_type(btf, id));
		if (!type || strcmp(btf__name_by_offset(btf, type->name_off), TIERX_OPS_TYPE))
			continue;
		about = find_tag(btf, id, -1, TIERX_TAG_ABOUT);
		if (about)
			return about;
	}
	return "";
}

int description__read(struct description *description, const struct btf *btf, __u32 stats_type)
{
	int status;

	memset(description, 0, sizeof(*description));
	description->about = find_about(btf);
	description->knobs = calloc(btf__type_cnt(btf), sizeof(*description->knobs));
	if (!description->knobs) {
		log__error("out of memory");
		return STATUS_INTERNAL;
	}

	status = read_knobs(description, btf);
	if (status || !stats_type)
		return status;

	return read_counters(description, btf, stats_type);
}

void description__clear(struct description *description)
{
	free(description->knobs);
	free(description->counters);
	memset(description, 0, sizeof(*description));
}

const struct knob *description__knob(const struct description *description, const char *name)
{
	int i;

	for (i = 0; i < description->nr_knobs; i++)
		if (!strcmp(description->knobs[i].name, name))
			return &description->knobs[i];
	return NULL;
}

const struct knob *description__find_knob(const struct description *description, const char *policy,
					  const char *name)
{
	const struct knob *knob = description__knob(description, name);
	struct suggestion suggestion = { .word = name };
	int i;

	if (knob)
		return knob;

	for (i = 0; i < description->nr_knobs; i++)
		suggestion__offer(&suggestion, description->knobs[i].name);
	if (suggestion.best)
		log__error("policy %s has no knob %s, did you mean %s?", policy, name,
			   suggestion.best);
	else
		log__error("policy %s has no knob %s; 'tierx info' shows those that it has", policy,
			   name);
	return NULL;
}
