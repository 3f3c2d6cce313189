// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "cgroup.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "pins.h"
#include "policy.h"
#include "policy_link.h"
#include "settings.h"
#include "tierx.h"

static int detach(const struct policy_link *link, char name[POLICY_NAME_LEN])
{
	int err;

	snprintf(name, POLICY_NAME_LEN, "%.*s", POLICY_NAME_LEN - 1, ops__name(&link->ops));
	err = bpf_link_detach(link->fd);
	if (!err)
		return STATUS_DONE;

	log__error("cannot detach %s: %s", name, strerror(-err));
	return STATUS_REFUSED;
}

static int report_one(const struct place *place, const char *name, bool as_json)
{
	char words[PLACE_WORDS_LEN];
	struct json_object *object;

	if (!as_json) {
		if (*name)
			printf("detached %s%s\n", name, place__words(place, "from", words));
		else
			printf("no policy is attached%s\n", place__words(place, "to", words));
		return output__flush();
	}

	object = json_object_new_object();
	json__add_string(object, "detached", *name ? name : NULL);

	return json__print(object);
}

/* The policy of one place. */
static int unload_one(const struct place *place, bool as_json)
{
	char name[POLICY_NAME_LEN] = "";
	struct policy_link link;
	struct pins pins;
	int status = STATUS_DONE;

	if (policy_link__find(&link, place))
		status = detach(&link, name);
	policy_link__close(&link);
	if (status)
		return status;

	pins__of(&pins, place);
	pins__remove(&pins);

	return report_one(place, name, as_json);
}

static void add_report(struct json_object *list, const char *name, __u64 cgroup_id)
{
	struct json_object *object = json_object_new_object();
	struct cgroup_path path = { .id = cgroup_id };

	if (cgroup_id)
		cgroup__find_paths(&path, 1);
	json__add_string(object, "policy", name);
	json__add_string(object, "cgroup", path.path);
	json__add_u64(object, "cgroup_id", cgroup_id);
	json_object_array_add(list, object);
	free(path.path);
}

/* The machine goes without saying. */
static void print_detached(struct json_object *entry)
{
	const char *name = json_object_get_string(json_object_object_get(entry, "policy"));
	const char *cgroup = json_object_get_string(json_object_object_get(entry, "cgroup"));
	__u64 id = json_object_get_uint64(json_object_object_get(entry, "cgroup_id"));

	if (cgroup)
		printf("detached %s from cgroup %s\n", name, *cgroup ? cgroup : ".");
	else if (id)
		printf("detached %s from cgroup (gone) %llu\n", name, id);
	else
		printf("detached %s\n", name);
}

static int report_all(struct json_object *list, bool as_json)
{
	struct json_object *object;
	size_t i;

	if (as_json) {
		object = json_object_new_object();
		json_object_object_add(object, "policies", json_object_get(list));
		return json__print(object);
	}

	if (!json_object_array_length(list))
		puts("no policy is attached");
	for (i = 0; i < json_object_array_length(list); i++)
		print_detached(json_object_array_get_idx(list, i));
	return output__flush();
}

/* Pins are removed whether they hold something or not. */
static int unload_all(bool as_json)
{
	struct json_object *list = json_object_new_array();
	int status = STATUS_DONE, detached, print_status;
	char name[POLICY_NAME_LEN];
	struct policy_link link;
	__u32 id = 0;

	while (policy_link__next(&link, &id)) {
		detached = detach(&link, name);
		if (detached == STATUS_DONE)
			add_report(list, name, ops__cgroup_id(&link.ops));
		else
			status = detached;
		policy_link__close(&link);
	}
	pins__remove_all();
	print_status = report_all(list, as_json);
	json_object_put(list);

	return status ? status : print_status;
}

int command__unload(const struct arguments *args)
{
	struct settings_record record;
	int status, lock_fd = -1;
	struct place place;

	if (args->all && args->cgroup) {
		log__error(
			"--all unloads the policies of all cgroups; leave out --cgroup or --all");
		return STATUS_USAGE;
	}
	status = place__find(&place, args->cgroup);
	if (!status)
		status = kernel__require();
	/* Without a BPF file system nothing can have been pinned, but a process may hold one. */
	if (!status && pins__is_mounted())
		status = pins__lock(&lock_fd);
	if (status)
		return status;

	status = args->all ? unload_all(args->json) : unload_one(&place, args->json);
	settings__load(&record);
	settings__release(&record);
	pins__end();
	if (lock_fd >= 0)
		close(lock_fd);

	return status;
}
