// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "attach.h"
#include "attached.h"
#include "hold.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "pins.h"
#include "restart.h"
#include "settings.h"
#include "tierx.h"

/* Is there a policy already? */
static int refuse_second(const struct policy *policy)
{
	char *other = kernel__policy();
	int status = STATUS_DONE;

	if (other && *other) {
		log__error("policy %s is attached; replace it with 'tierx swap %s'", other,
			   policy->name);
		status = STATUS_REFUSED;
	}
	free(other);

	return status;
}

static int pin(struct policy *policy, int link_fd)
{
	int err;

	err = pins__add_maps(policy->object, PIN_MAPS);
	if (!err)
		err = bpf_obj_pin(link_fd, PIN_LINK);
	if (!err)
		return STATUS_DONE;

	log__error("cannot pin policy %s below " PIN_ROOT ": %s", policy->name, strerror(-err));
	return STATUS_REFUSED;
}

static int report(const struct policy *policy, bool as_json)
{
	__u64 seq = kernel__counter("enable_seq");
	struct json_object *object;

	if (!as_json) {
		printf("attached %s (enable_seq %llu)\n", policy->name, seq);
		return output__flush();
	}

	object = json_object_new_object();
	json__add_string(object, "policy", policy->name);
	json__add_u64(object, "enable_seq", seq);

	return json__print(object);
}

/* Take the policy out again, and leave the machine as it was. */
static void detach(int link_fd, struct settings_record *record)
{
	if (link_fd >= 0) {
		/* It fails if the policy was ejected; then there is nothing to do. */
		bpf_link_detach(link_fd);
		close(link_fd);
	}
	/* Somebody else may have been quick. */
	if (!attached__is_none())
		return;
	settings__restore(record);
	pins__clear();
}

/* Under the lock: all or nothing. */
static int load(struct policy *policy, const struct arguments *args, struct settings_record *record,
		int *link_fd)
{
	int status;

	/* A policy that was ejected, or whose loader was killed, leaves pins and settings. */
	settings__load(record);
	pins__remove_maps(PIN_MAPS);
	pins__remove_maps(PIN_MAPS_NEW);
	unlink(PIN_LINK);

	status = settings__enable(record, policy);
	if (status)
		return status;
	record->since = time(NULL);
	if (settings__save(record))
		log__info("cannot pin " PIN_SETTINGS ": %m");

	status = policy__attach(policy, link_fd);
	if (!status && !args->foreground)
		status = pin(policy, *link_fd);

	return status;
}

static int hold(const struct policy *policy, int link_fd, bool *again)
{
	struct settings_record record;
	int status, lock_fd = -1;

	status = hold__until_end(link_fd, policy->name, again);
	if (!pins__lock(&lock_fd)) {
		settings__load(&record);
		detach(link_fd, &record);
		close(lock_fd);
	}
	return status;
}

static int load_and_attach(struct policy *policy, const struct arguments *args, bool *again)
{
	struct settings_record record = {};
	int status, lock_fd = -1, link_fd = -1;

	status = policy__load(policy);
	if (!status)
		status = policy__fill(policy);
	if (!status)
		status = pins__lock(&lock_fd);
	if (!status)
		status = refuse_second(policy);
	if (status)
		goto unlock;

	if (args->foreground)
		hold__block_signals();
	status = load(policy, args, &record, &link_fd);
	if (!status)
		status = report(policy, args->json);
	if (status) {
		detach(link_fd, &record);
		goto unlock;
	}
	if (args->foreground) {
		close(lock_fd);
		return hold(policy, link_fd, again);
	}
	close(link_fd);
unlock:
	if (lock_fd >= 0)
		close(lock_fd);
	return status;
}

static int allow_restart(const struct policy *policy, struct restarts *restarts)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (restarts__allow(restarts, now.tv_sec)) {
		log__info("policy %s wants to be loaded again", policy->name);
		return STATUS_DONE;
	}
	log__error("policy %s has ended in order to be loaded again, and was %d times within %d s",
		   policy->name, RESTART_MAX, RESTART_SECONDS);
	return STATUS_EJECTED;
}

static int load_once(const struct arguments *args, struct restarts *restarts, bool *again)
{
	struct policy policy;
	int status;

	*again = false;
	status = policy__prepare(&policy, args);
	if (!status)
		status = refuse_second(&policy);
	if (!status)
		status = load_and_attach(&policy, args, again);
	if (!status && *again)
		status = allow_restart(&policy, restarts);
	policy__close(&policy);

	return status;
}

int command__load(const struct arguments *args)
{
	struct restarts restarts = {};
	bool again;
	int status;

	do
		status = load_once(args, &restarts, &again);
	while (!status && again);

	return status;
}
