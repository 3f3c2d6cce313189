// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "attached.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "pins.h"
#include "settings.h"
#include "shared.h"
#include "tierx.h"

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Takes over @kept. */
static int report(const struct attached *old, const char *new, double ms, struct json_object *kept,
		  bool as_json)
{
	__u64 seq = kernel__counter("switch_seq");
	char words[PLACE_WORDS_LEN];
	struct json_object *object;
	size_t i;

	if (!as_json) {
		for (i = 0; i < json_object_array_length(kept); i++)
			log__info("%s goes on with map %s of %s", new,
				  json_object_get_string(json_object_array_get_idx(kept, i)),
				  old->name);
		json_object_put(kept);
		printf("swapped %s for %s%s (switch_seq %llu) in %.1f ms\n", old->name, new,
		       place__words(&old->place, "in", words), seq, ms);
		return output__flush();
	}

	object = json_object_new_object();
	json__add_string(object, "old", old->name);
	json__add_string(object, "new", new);
	json__add_string(object, "cgroup", old->place.cgroup);
	json__add_u64(object, "switch_seq", seq);
	json__add_double(object, "ms", ms);
	json_object_object_add(object, "kept", kept);

	return json__print(object);
}

/* The new pins wait beside the old ones until the kernel has said yes. */
static int exchange(struct policy *policy, const struct attached *old, double *ms)
{
	struct pins pins;
	int status, err;
	bool pinned;

	pins__of(&pins, &old->place);
	pinned = pins__exist(&pins);
	if (pinned) {
		err = pins__add_new_maps(&pins, policy->object);
		if (err) {
			log__error("cannot pin policy %s below %s: %s; %s goes on", policy->name,
				   pins.folder, strerror(-err), old->name);
			return STATUS_REFUSED;
		}
	}

	*ms = now_ms();
	status = policy__replace(policy, &old->place, &old->link);
	*ms = now_ms() - *ms;

	if (!pinned)
		return status;
	if (status)
		pins__remove_new_maps(&pins);
	else if (pins__replace_maps(&pins))
		log__info("the maps in %s are still those of %s: %m", pins.maps, old->name);

	return status;
}

static int swap(struct policy *policy, const struct attached *old, struct json_object *kept,
		bool as_json)
{
	struct settings_record record;
	__u32 enabled;
	double ms;
	int status;

	settings__load(&record);
	status = settings__enable(&record, policy, &enabled);
	/* Before the policy starts: that may take long, and be interrupted. */
	if (settings__save(&record))
		log__info("cannot write " PIN_SETTINGS ": %m");
	if (!status)
		status = exchange(policy, old, &ms);
	if (status) {
		settings__restore(&record, ~enabled);
		settings__save(&record);
		return status;
	}
	/* What only the old policy needed. */
	settings__release(&record);

	return report(old, policy->name, ms, json_object_get(kept), as_json);
}

/* Under the lock, so that the maps that are taken over are those of the policy that is replaced. */
static int load_and_swap(struct policy *policy, const struct place *place,
			 const struct arguments *args)
{
	struct json_object *kept = json_object_new_array();
	struct attached old;
	int status;

	status = attached__open(&old, place);
	if (!status && !args->reset)
		status = shared__take_over(policy, &old, kept);
	if (!status)
		status = policy__load(policy);
	if (!status)
		status = policy__fill(policy);
	if (!status)
		status = swap(policy, &old, kept, args->json);
	json_object_put(kept);
	attached__close(&old);

	return status;
}

int command__swap(const struct arguments *args)
{
	struct policy policy;
	struct place place;
	int status, lock_fd = -1;

	status = place__find(&place, args->cgroup);
	if (status)
		return status;

	status = policy__prepare(&policy, args, &place);
	if (!status)
		status = pins__lock(&lock_fd);
	if (!status)
		status = load_and_swap(&policy, &place, args);
	if (lock_fd >= 0)
		close(lock_fd);
	policy__close(&policy);

	return status;
}
