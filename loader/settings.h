/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel settings that policies need: switched on when the first of them is loaded, and put back
 * when the last of them is unloaded, unless somebody else has changed them in between.
 */
#ifndef TIERX_SETTINGS_H
#define TIERX_SETTINGS_H

#include "policy.h"

enum setting_id {
	SETTING_NUMA_BALANCING,
	SETTING_DEMOTION,
	NR_SETTINGS,
};

/**
 * struct setting_record - what was done to a setting
 * @before: value that was there
 * @written: value that we wrote
 * @changed: not 0 if we wrote
 */
struct setting_record {
	__u32 before;
	__u32 written;
	__u32 changed;
};

/**
 * struct settings_record - what is remembered between commands, in a pinned map
 * @records: the settings
 * @reserved: 0
 */
struct settings_record {
	struct setting_record records[NR_SETTINGS];
	__u32 reserved[4];
};

/** setting__name() - how users know it: a sysctl or a file */
const char *setting__name(enum setting_id id);

/** setting__key() - how programs know it, in JSON */
const char *setting__key(enum setting_id id);

/** setting__read() - value at present; returns 0 or -errno */
int setting__read(enum setting_id id, __u32 *value);

/** setting__is_on() - does this value suit a policy that needs the setting? */
bool setting__is_on(enum setting_id id, __u32 value);

/**
 * settings__needed() - settings that a policy needs
 * @has_op: does it have this op?
 * @policy: passed to @has_op
 *
 * Return: a bit for each &enum setting_id.
 */
__u32 settings__needed(bool (*has_op)(const void *policy, const char *op), const void *policy);

/** settings__in_use() - the same for all attached policies together */
__u32 settings__in_use(void);

/**
 * settings__enable() - switch on what a policy needs, and say so
 * @record: where that is noted
 * @policy: the policy
 * @enabled: what had to be switched on, a bit for each &enum setting_id; also after an error
 *
 * Return: a status.
 */
int settings__enable(struct settings_record *record, const struct policy *policy, __u32 *enabled);

/** settings__restore() - put back what was changed, except those in @needed, and say so */
void settings__restore(struct settings_record *record, __u32 needed);

/** settings__release() - put back what no attached policy needs, and remember the rest */
void settings__release(struct settings_record *record);

/** settings__left() - settings that were changed and that no attached policy needs */
__u32 settings__left(const struct settings_record *record);

/** settings__load() - what was remembered; returns 0, or -ENOENT if nothing was */
int settings__load(struct settings_record *record);

/** settings__save() - remember it, or forget it if nothing was changed; returns 0 or -errno */
int settings__save(const struct settings_record *record);

#endif /* TIERX_SETTINGS_H */
