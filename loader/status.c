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
#include "tierx.h"

#define TIME_LEN 32

static const char *const counters[] = { "enable_seq", "switch_seq", "nr_rejected" };

static void format_time(__u64 seconds, char text[TIME_LEN])
{
	time_t t = seconds;
	struct tm tm;

	if (!seconds || !localtime_r(&t, &tm) || !strftime(text, TIME_LEN, "%F %T %z", &tm))
		strcpy(text, "unknown");
}

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

/* The attached policy, if there is one. */
static int show_policy(struct json_object *object)
{
	struct settings_record record;
	struct attached attached;
	struct number *values = NULL;
	char since[TIME_LEN];
	bool pinned = !access(PIN_LINK, F_OK);
	int status;

	settings__load(&record);
	format_time(record.since, since);
	status = attached__open(&attached);
	if (status)
		goto close;

	values = calloc(attached.description.nr_knobs + 1, sizeof(*values));
	if (!values || attached__values(&attached, values)) {
		log__error("cannot read the knobs of %s: %m", attached.name);
		status = STATUS_INTERNAL;
	} else if (object) {
		json__add_string(object, "policy", attached.name);
		json__add_string(object, "about", attached.description.about);
		json__add_u64(object, "since", record.since);
		json__add_bool(object, "pinned", pinned);
		json_object_object_add(object, "knobs", knobs_json(&attached, values));
	} else {
		printf("policy      %s: %s\n", attached.name, attached.description.about);
		printf("since       %s\n", since);
		printf("held by     %s\n",
		       pinned ? PIN_LINK : "a process, or a pin of another program");
		print_knobs(&attached, values);
	}
	free(values);
close:
	attached__close(&attached);
	return status;
}

static void show_none(struct json_object *object)
{
	struct settings_record record;
	int id, left = 0;

	if (object) {
		json__add_string(object, "policy", NULL);
		return;
	}

	puts("policy      none, the kernel decides");
	settings__load(&record);
	for (id = 0; id < NR_SETTINGS; id++)
		left += record.records[id].changed;
	if (left)
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

static void show_events(struct json_object *object)
{
	struct json_object *list = object ? json_object_new_object() : NULL;
	struct kernel_pairs events;
	__u64 value;
	int i;

	if (!kernel_pairs__read(&events, "root/events")) {
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

static void show_exit(struct json_object *object)
{
	struct kernel_exit exit;
	const char *policy, *reason, *msg;

	kernel_exit__read(&exit);
	policy = kernel_pairs__value(&exit.pairs, "policy");
	reason = kernel_pairs__value(&exit.pairs, "reason");
	msg = kernel_pairs__value(&exit.pairs, "msg");
	if (object) {
		json_object_object_add(object, "last_exit", kernel_exit__json(&exit));
	} else if (exit.kind) {
		printf("last exit   %s: %s%s%s\n", policy ? policy : "?", reason ? reason : "?",
		       msg && *msg ? ": " : "", msg ? msg : "");
		if (exit.dump && *exit.dump)
			printf("%s\n", exit.dump);
	}
	kernel_exit__clear(&exit);
}

int command__status(const struct arguments *args)
{
	struct json_object *object;
	int status;

	status = kernel__require();
	if (status)
		return status;

	object = args->json ? json_object_new_object() : NULL;
	if (attached__is_none())
		show_none(object);
	else
		status = show_policy(object);
	if (status) {
		json_object_put(object);
		return status;
	}
	show_settings(object);
	show_counters(object);
	show_events(object);
	show_exit(object);

	return object ? json__print(object) : output__flush();
}
