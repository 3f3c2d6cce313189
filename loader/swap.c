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
#include "tierx.h"

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int report(const char *old, const char *new, double ms, bool as_json)
{
	__u64 seq = kernel__counter("switch_seq");
	struct json_object *object;

	if (!as_json) {
		printf("swapped %s for %s (switch_seq %llu) in %.1f ms\n", old, new, seq, ms);
		return output__flush();
	}

	object = json_object_new_object();
	json__add_string(object, "old", old);
	json__add_string(object, "new", new);
	json__add_u64(object, "switch_seq", seq);
	json__add_double(object, "ms", ms);

	return json__print(object);
}

/* The new pins wait beside the old ones until the kernel has said yes. */
static int exchange(struct policy *policy, const struct attached *old, double *ms)
{
	bool pinned = !access(PIN_LINK, F_OK);
	int status, err;

	if (pinned) {
		err = pins__add_maps(policy->object, PIN_MAPS_NEW);
		if (err) {
			log__error("cannot pin policy %s below " PIN_ROOT ": %s; %s goes on",
				   policy->name, strerror(-err), old->name);
			return STATUS_REFUSED;
		}
	}

	*ms = now_ms();
	status = policy__replace(policy, old->link_fd, old->ops_fd);
	*ms = now_ms() - *ms;

	if (!pinned)
		return status;
	if (status)
		pins__remove_maps(PIN_MAPS_NEW);
	else if (pins__replace_maps())
		log__info("the maps in " PIN_MAPS " are still those of %s: %m", old->name);

	return status;
}

static int swap(struct policy *policy, const struct arguments *args)
{
	struct settings_record record, before;
	struct attached old;
	double ms;
	int status;

	status = attached__open(&old);
	if (status)
		goto close;

	settings__load(&record);
	before = record;
	status = settings__enable(&record, policy);
	if (!status)
		status = exchange(policy, &old, &ms);
	if (status) {
		settings__revert(&record, &before);
		goto close;
	}

	record.since = time(NULL);
	if (settings__save(&record))
		log__info("cannot write " PIN_SETTINGS ": %m");
	status = report(old.name, policy->name, ms, args->json);
close:
	attached__close(&old);
	return status;
}

int command__swap(const struct arguments *args)
{
	struct policy policy;
	int status, lock_fd = -1;

	status = policy__prepare(&policy, args);
	if (!status)
		status = policy__load(&policy);
	if (!status)
		status = policy__fill(&policy);
	if (!status)
		status = pins__lock(&lock_fd);
	if (!status)
		status = swap(&policy, args);
	if (lock_fd >= 0)
		close(lock_fd);
	policy__close(&policy);

	return status;
}
