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

/**
 * struct loading - a policy on its way into the kernel
 * @args: the command line
 * @place: what it is to govern
 * @pins: its pins
 * @policy: the policy
 * @link_fd: its link, -1 as long as there is none
 */
struct loading {
	const struct arguments *args;
	struct place place;
	struct pins pins;
	struct policy policy;
	int link_fd;
};

static int pin(struct loading *loading)
{
	int err = pins__add(&loading->pins, loading->link_fd, loading->policy.object);

	if (!err)
		return STATUS_DONE;

	log__error("cannot pin policy %s below %s: %s", loading->policy.name, loading->pins.folder,
		   strerror(-err));
	return STATUS_REFUSED;
}

static int report(const struct policy *policy, const struct place *place, bool as_json)
{
	__u64 seq = kernel__counter("enable_seq");
	char words[PLACE_WORDS_LEN];
	struct json_object *object;

	if (!as_json) {
		printf("attached %s%s (enable_seq %llu)\n", policy->name,
		       place__words(place, "to", words), seq);
		return output__flush();
	}

	object = json_object_new_object();
	json__add_string(object, "policy", policy->name);
	json__add_string(object, "cgroup", place->cgroup);
	json__add_u64(object, "enable_seq", seq);

	return json__print(object);
}

/* Take the policy out again, and leave the machine as it was. */
static void detach(struct loading *loading, struct settings_record *record)
{
	if (loading->link_fd >= 0) {
		/* It fails if the policy was ejected; then there is nothing to do. */
		bpf_link_detach(loading->link_fd);
		close(loading->link_fd);
		loading->link_fd = -1;
	}
	settings__release(record);
	/* Somebody else may have been quick. */
	if (attached__is_none(&loading->place))
		pins__remove(&loading->pins);
	pins__end();
}

/* Under the lock: all or nothing. */
static int attach(struct loading *loading, struct settings_record *record)
{
	__u32 enabled;
	int status;

	/* A policy that was ejected, or whose loader was killed, leaves pins and settings. */
	settings__load(record);
	pins__remove(&loading->pins);
	pins__prune();

	status = settings__enable(record, &loading->policy, &enabled);
	if (status)
		return status;
	if (settings__save(record))
		log__info("cannot pin " PIN_SETTINGS ": %m");

	status = policy__attach(&loading->policy, &loading->place, &loading->link_fd);
	if (!status && !loading->args->foreground)
		status = pin(loading);

	return status;
}

static int hold(struct loading *loading, bool *again)
{
	struct settings_record record;
	int status, lock_fd = -1;

	status = hold__until_end(loading->link_fd, loading->policy.name, &loading->place, again);
	if (!pins__lock(&lock_fd)) {
		settings__load(&record);
		detach(loading, &record);
		close(lock_fd);
	}
	return status;
}

static int load_and_attach(struct loading *loading, bool *again)
{
	const struct arguments *args = loading->args;
	struct settings_record record = {};
	int status, lock_fd = -1;

	status = policy__load(&loading->policy);
	if (!status)
		status = policy__fill(&loading->policy);
	if (!status)
		status = pins__lock(&lock_fd);
	if (!status)
		status = policy__refuse_second(&loading->policy, &loading->place);
	if (status)
		goto unlock;

	if (args->foreground)
		hold__block_signals();
	status = attach(loading, &record);
	if (!status)
		status = report(&loading->policy, &loading->place, args->json);
	if (status) {
		detach(loading, &record);
		goto unlock;
	}
	if (args->foreground) {
		close(lock_fd);
		return hold(loading, again);
	}
	close(loading->link_fd);
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
	struct loading loading = { .args = args, .link_fd = -1 };
	int status;

	*again = false;
	status = place__find(&loading.place, args->cgroup);
	if (status)
		return status;

	pins__of(&loading.pins, &loading.place);
	status = policy__prepare(&loading.policy, args, &loading.place);
	if (!status)
		status = policy__refuse_second(&loading.policy, &loading.place);
	if (!status)
		status = load_and_attach(&loading, again);
	if (!status && *again)
		status = allow_restart(&loading.policy, restarts);
	policy__close(&loading.policy);

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
