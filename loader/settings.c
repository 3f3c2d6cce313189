// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "file.h"
#include "log.h"
#include "pins.h"
#include "policy_link.h"
#include "settings.h"
#include "tierx.h"

/* Bit of kernel.numa_balancing: hint faults on slow tiers, and promotion. */
#define NUMA_BALANCING_TIERING 2

static const struct {
	const char *name;
	const char *key;
	const char *path;
	const char *config;
	const char *ops[2];
} settings[NR_SETTINGS] = {
	[SETTING_NUMA_BALANCING] = {
		.name = "kernel.numa_balancing",
		.key = "numa_balancing",
		.path = "/proc/sys/kernel/numa_balancing",
		.config = "CONFIG_NUMA_BALANCING",
		.ops = { "hint_fault" },
	},
	[SETTING_DEMOTION] = {
		.name = "demotion_enabled",
		.key = "demotion_enabled",
		.path = "/sys/kernel/mm/numa/demotion_enabled",
		.config = "CONFIG_NUMA and CONFIG_MIGRATION",
		.ops = { "reclaim", "demote_target" },
	},
};

const char *setting__name(enum setting_id id)
{
	return settings[id].name;
}

const char *setting__key(enum setting_id id)
{
	return settings[id].key;
}

int setting__read(enum setting_id id, __u32 *value)
{
	char *text = file__read(settings[id].path);

	if (!text)
		return -errno;

	*value = 0;
	if (!strcmp(text, "true"))
		*value = 1;
	else if (strcmp(text, "false"))
		sscanf(text, "%u", value);
	free(text);

	return 0;
}

static int write_setting(enum setting_id id, __u32 value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return file__write(settings[id].path, text);
}

static __u32 wanted(enum setting_id id, __u32 value)
{
	return id == SETTING_NUMA_BALANCING ? value | NUMA_BALANCING_TIERING : 1;
}

bool setting__is_on(enum setting_id id, __u32 value)
{
	return wanted(id, value) == value;
}

__u32 settings__needed(bool (*has_op)(const void *policy, const char *op), const void *policy)
{
	__u32 needed = 0;
	int id, i;

	for (id = 0; id < NR_SETTINGS; id++)
		for (i = 0; i < 2; i++)
			if (settings[id].ops[i] && has_op(policy, settings[id].ops[i]))
				needed |= 1U << id;
	return needed;
}

__u32 settings__in_use(void)
{
	struct policy_link link;
	__u32 needed = 0, id = 0;

	while (policy_link__next(&link, &id)) {
		needed |= settings__needed(ops__has, &link.ops);
		policy_link__close(&link);
	}
	return needed;
}

static bool has_program(const void *policy, const char *op)
{
	return policy__program(policy, op);
}

static int enable(enum setting_id id, struct setting_record *record, __u32 *enabled)
{
	__u32 value;
	int err;

	err = setting__read(id, &value);
	if (err) {
		log__error("the policy needs %s, which this kernel lacks (%s)", settings[id].name,
			   settings[id].config);
		return STATUS_UNSUPPORTED;
	}
	if (setting__is_on(id, value))
		return STATUS_DONE;

	err = write_setting(id, wanted(id, value));
	if (err) {
		log__error("cannot set %s to %u: %s", settings[id].name, wanted(id, value),
			   strerror(-err));
		return STATUS_REFUSED;
	}
	/* Whatever an earlier policy found there is what has to come back. */
	if (!record->changed || record->written != value)
		record->before = value;
	record->written = wanted(id, value);
	record->changed = 1;
	*enabled |= 1U << id;
	log__info("set %s to %u, it was %u", settings[id].name, record->written, value);

	return STATUS_DONE;
}

int settings__enable(struct settings_record *record, const struct policy *policy, __u32 *enabled)
{
	__u32 needed = settings__needed(has_program, policy);
	int id, status;

	*enabled = 0;
	for (id = 0; id < NR_SETTINGS; id++) {
		if (!(needed & 1U << id))
			continue;
		status = enable(id, &record->records[id], enabled);
		if (status)
			return status;
	}
	return STATUS_DONE;
}

static void restore(enum setting_id id, struct setting_record *record)
{
	__u32 value;
	int err;

	if (!record->changed)
		return;

	record->changed = 0;
	if (setting__read(id, &value) || value != record->written) {
		log__info("left %s alone, somebody else has changed it", settings[id].name);
		return;
	}
	err = write_setting(id, record->before);
	if (err)
		log__info("cannot set %s back to %u: %s", settings[id].name, record->before,
			  strerror(-err));
	else
		log__info("set %s back to %u", settings[id].name, record->before);
}

void settings__restore(struct settings_record *record, __u32 needed)
{
	int id;

	for (id = 0; id < NR_SETTINGS; id++)
		if (!(needed & 1U << id))
			restore(id, &record->records[id]);
}

void settings__release(struct settings_record *record)
{
	settings__restore(record, settings__in_use());
	settings__save(record);
}

/* As bits. */
static __u32 changed(const struct settings_record *record)
{
	__u32 changed = 0;
	int id;

	for (id = 0; id < NR_SETTINGS; id++)
		if (record->records[id].changed)
			changed |= 1U << id;
	return changed;
}

__u32 settings__left(const struct settings_record *record)
{
	return changed(record) & ~settings__in_use();
}

int settings__load(struct settings_record *record)
{
	__u32 key = 0;
	int fd, err;

	memset(record, 0, sizeof(*record));
	fd = bpf_obj_get(PIN_SETTINGS);
	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &key, record);
	close(fd);

	return err;
}

int settings__save(const struct settings_record *record)
{
	__u32 key = 0;
	int fd, err;

	if (!changed(record))
		return unlink(PIN_SETTINGS) && errno != ENOENT ? -errno : 0;

	fd = bpf_obj_get(PIN_SETTINGS);
	if (fd >= 0) {
		err = bpf_map_update_elem(fd, &key, record, BPF_ANY);
		close(fd);
		return err;
	}

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tierx_settings", sizeof(key), sizeof(*record), 1,
			    NULL);
	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(fd, &key, record, BPF_ANY);
	if (!err)
		err = bpf_obj_pin(fd, PIN_SETTINGS);
	close(fd);

	return err;
}
