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
#include "pins.h"
#include "settings.h"
#include "status_tree.h"
#include "tierx.h"

static const char *const counters[] = { "enable_seq", "switch_seq", "nr_rejected" };

static void print_knobs(const struct attached *attached, const struct number *values)
{
	const struct description *description = &attached->description;
	char text[NUMBER_TEXT_LEN];
	const struct knob *knob;
	int i;

	for (i = 0; i < description->nr_knobs; i++) {
		knob = &description->knobs[i];
		printf("knob        %s=%s%s%s%s\n", knob->name,
		       knob__value_text(knob, values[i], text), *knob->unit ? " " : "", knob->unit,
		       knob->at_runtime ? "" : " (fixed)");
	}
}

static struct json_object *knobs_json(const struct attached *attached, const struct number *values)
{
	const struct description *description = &attached->description;
	struct json_object *object = json_object_new_object();
	int i;

	for (i = 0; i < description->nr_knobs; i++)
		json_object_object_add(object, description->knobs[i].name,
				       knob__value_json(&description->knobs[i], values[i]));
	return object;
}

/* The policy of @place, which has one. */
static int show_policy(const struct place *place, struct json_object *object)
{
	char since[STATUS_TIME_LEN];
	struct attached attached;
	struct number *values = NULL;
	struct pins pins;
	int status;

	status = attached__open(&attached, place);
	if (status)
		goto close;

	pins__of(&pins, place);
	values = calloc(attached.description.nr_knobs + 1, sizeof(*values));
	if (!values || attached__values(&attached, values)) {
		log__error("cannot read the knobs of %s: %m", attached.name);
		status = STATUS_INTERNAL;
	} else if (object) {
		json__add_string(object, "policy", attached.name);
		json__add_string(object, "about", attached.description.about);
		json__add_u64(object, "since", ops__since(&attached.link.ops));
		json__add_bool(object, "pinned", pins__exist(&pins));
		json_object_object_add(object, "knobs", knobs_json(&attached, values));
	} else {
		status__format_time(ops__since(&attached.link.ops), since);
		printf("policy      %s: %s\n", attached.name, attached.description.about);
		printf("since       %s\n", since);
		printf("held by     %s\n",
		       pins__exist(&pins) ? pins.link : "a process, or a pin of another program");
		print_knobs(&attached, values);
	}
	free(values);
close:
	attached__close(&attached);
	return status;
}

static void show_none(const struct place *place, struct json_object *object)
{
	struct settings_record record;

	if (object) {
		json__add_string(object, "policy", NULL);
		return;
	}

	puts(place->cgroup_id ? "policy      none of its own" :
				"policy      none, the kernel decides");
	settings__load(&record);
	if (settings__left(&record))
		log__info(
			"the last policy has left settings behind; 'tierx unload' puts them back");
}

static void show_settings(struct json_object *object)
{
	struct json_object *list = object ? json_object_new_object() : NULL;
	__u32 value;
	int id;

	for (id = 0; id < NR_SETTINGS; id++) {
		if (setting__read(id, &value)) {
			if (!object)
				printf("setting     %s is missing\n", setting__name(id));
			continue;
		}
		if (object)
			json__add_u64(list, setting__key(id), value);
		else
			printf("setting     %s=%u\n", setting__name(id), value);
	}
	if (object)
		json_object_object_add(object, "settings", list);
}

static void show_counters(struct json_object *object)
{
	__u64 value;
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		value = kernel__counter(counters[i]);
		if (object)
			json__add_u64(object, counters[i], value);
		else
			printf("%-11s %llu\n", counters[i], value);
	}
}

static void show_events(const struct place *place, struct json_object *object)
{
	struct json_object *list = object ? json_object_new_object() : NULL;
	struct kernel_pairs events;
	char path[PLACE_FILE_LEN];
	__u64 value;
	int i;

	if (!kernel_pairs__read(&events, place__file(place, "events", path))) {
		for (i = 0; i < events.nr; i++) {
			value = strtoull(events.pairs[i].value, NULL, 10);
			if (object)
				json__add_u64(list, events.pairs[i].name, value);
			else if (value)
				printf("event       %s %llu\n", events.pairs[i].name, value);
		}
		kernel_pairs__clear(&events);
	}
	if (object)
		json_object_object_add(object, "events", list);
}

static void show_exit(const struct place *place, struct json_object *object)
{
	struct kernel_exit exit;

	kernel_exit__read(&exit, place);
	if (object) {
		json_object_object_add(object, "last_exit", kernel_exit__json(&exit));
	} else if (exit.kind) {
		fputs("last exit   ", stdout);
		status__print_exit(&exit);
		putchar('\n');
		if (exit.dump && *exit.dump)
			printf("%s\n", exit.dump);
	}
	kernel_exit__clear(&exit);
}

static int show(const struct place *place, struct json_object *object)
{
	int status = STATUS_DONE;

	if (object && place->cgroup_id) {
		json__add_string(object, "cgroup", place->cgroup);
		json__add_u64(object, "cgroup_id", place->cgroup_id);
	} else if (place->cgroup_id) {
		printf("cgroup      %s\n", place->cgroup);
	}
	if (attached__is_none(place))
		show_none(place, object);
	else
		status = show_policy(place, object);
	if (status)
		return status;

	show_settings(object);
	show_counters(object);
	show_events(place, object);
	show_exit(place, object);

	return place->cgroup_id ? STATUS_DONE : status_tree__show(object);
}

int command__status(const struct arguments *args)
{
	struct json_object *object;
	struct place place;
	int status;

	status = place__find(&place, args->cgroup);
	if (!status)
		status = kernel__require();
	if (status)
		return status;

	object = args->json ? json_object_new_object() : NULL;
	status = show(&place, object);
	if (status) {
		json_object_put(object);
		return status;
	}
	return object ? json__print(object) : output__flush();
}
