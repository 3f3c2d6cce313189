// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attached.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "pins.h"
#include "tierx.h"

/**
 * struct change - one NAME=VALUE
 * @knob: the knob
 * @value: its new value
 */
struct change {
	const struct knob *knob;
	struct number value;
};

static int check_change(const struct attached *attached, const char *word, struct change *change)
{
	char option[PLACE_OPTION_LEN];
	const char *value;
	char *name;
	int status;

	status = assignment__split(word, &name, &value);
	if (status)
		return status;

	change->knob = description__find_knob(&attached->description, attached->name, name);
	if (!change->knob) {
		status = STATUS_USAGE;
	} else if (!change->knob->at_runtime) {
		log__error("knob %s is fixed when %s is loaded; use 'tierx swap %s %s%s'", name,
			   attached->name, attached->name, word,
			   place__option(&attached->place, option));
		status = STATUS_USAGE;
	} else {
		status = knob__parse_value(change->knob, value, &change->value);
	}
	free(name);

	return status;
}

static int report(const struct attached *attached, const struct change *changes, int nr,
		  bool as_json)
{
	struct json_object *object, *knobs;
	char text[NUMBER_TEXT_LEN];
	int i;

	if (!as_json) {
		for (i = 0; i < nr; i++)
			printf("%s=%s\n", changes[i].knob->name,
			       knob__value_text(changes[i].knob, changes[i].value, text));
		return output__flush();
	}

	object = json_object_new_object();
	knobs = json_object_new_object();
	json__add_string(object, "policy", attached->name);
	json_object_object_add(object, "knobs", knobs);
	for (i = 0; i < nr; i++)
		json_object_object_add(knobs, changes[i].knob->name,
				       knob__value_json(changes[i].knob, changes[i].value));

	return json__print(object);
}

/* All values are checked before the first one is written. */
static int set(const struct attached *attached, const struct arguments *args)
{
	int status = STATUS_DONE, err, i;
	struct change *changes;

	changes = calloc(args->nr_assignments, sizeof(*changes));
	if (!changes) {
		log__error("out of memory");
		return STATUS_INTERNAL;
	}

	for (i = 0; !status && i < args->nr_assignments; i++)
		status = check_change(attached, args->assignments[i], &changes[i]);
	for (i = 0; !status && i < args->nr_assignments; i++) {
		err = attached__set(attached, changes[i].knob, changes[i].value);
		if (err) {
			log__error("cannot set %s: %s", changes[i].knob->name, strerror(-err));
			status = STATUS_INTERNAL;
		}
	}
	if (!status)
		status = report(attached, changes, args->nr_assignments, args->json);
	free(changes);

	return status;
}

/* What can be said about the words before the policy is known. */
static int check_words(const struct arguments *args)
{
	const char *value;
	int status, i;
	char *name;

	for (i = 0; i < args->nr_assignments; i++) {
		status = assignment__split(args->assignments[i], &name, &value);
		if (status)
			return status;
		free(name);
	}
	return STATUS_DONE;
}

int command__set(const struct arguments *args)
{
	struct attached attached;
	int status, lock_fd = -1;
	struct place place;

	status = check_words(args);
	if (!status)
		status = place__find(&place, args->cgroup);
	if (!status)
		status = kernel__require();
	/* What is set is to be the policy that runs, not one that is being replaced. */
	if (!status && pins__is_mounted())
		status = pins__lock(&lock_fd);
	if (status)
		return status;

	status = attached__open(&attached, &place);
	if (!status)
		status = set(&attached, args);
	attached__close(&attached);
	if (lock_fd >= 0)
		close(lock_fd);

	return status;
}
