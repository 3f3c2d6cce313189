// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <tier_ext/heat.h>
#include <tier_ext/tags.h>

#include "attached.h"
#include "kernel.h"
#include "log.h"
#include "pins.h"
#include "tierx.h"

#define NR_PROGRAM_MAPS 64

static const char *const map_suffixes[NR_ATTACHED_MAPS] = {
	[ATTACHED_STATS] = TIERX_STATS_MAP,
	[ATTACHED_TUNE] = TIERX_TUNE_SECTION,
	[ATTACHED_RODATA] = ".rodata",
	[ATTACHED_HEAT] = TIERX_HEAT_MAP,
};

static int open_map(__u32 id, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);
	int fd;

	memset(info, 0, sizeof(*info));
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	if (!bpf_map_get_info_by_fd(fd, info, &len))
		return fd;

	close(fd);
	return -EINVAL;
}

/* Keep @fd if it is a map that commands need. */
static bool keep_map(struct attached *attached, const struct bpf_map_info *info, int fd)
{
	size_t len = strlen(info->name), suffix_len;
	const char *end;
	int i;

	for (i = 0; i < NR_ATTACHED_MAPS; i++) {
		suffix_len = strlen(map_suffixes[i]);
		end = info->name + (len > suffix_len ? len - suffix_len : 0);
		if (attached->map_fds[i] >= 0 || strcmp(end, map_suffixes[i]))
			continue;
		/* The name of a section follows that of the object. */
		if (*map_suffixes[i] != '.' && len != suffix_len)
			continue;
		attached->map_fds[i] = fd;
		attached->map_sizes[i] = info->value_size;
		return true;
	}
	return false;
}

static bool uses_map(const struct attached *attached, __u32 id)
{
	int i;

	for (i = 0; i < attached->nr_map_ids; i++)
		if (attached->map_ids[i] == id)
			return true;
	return false;
}

static int note_map(struct attached *attached, __u32 id)
{
	__u32 *ids;

	if (uses_map(attached, id))
		return 0;
	ids = reallocarray(attached->map_ids, attached->nr_map_ids + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	ids[attached->nr_map_ids++] = id;
	attached->map_ids = ids;

	return 0;
}

/**
 * struct reading - programs of a policy that are being read
 * @attached: the policy
 * @stats_type: type of the value of the stats map, as soon as that is known
 */
struct reading {
	struct attached *attached;
	__u32 stats_type;
};

static int read_program(__u32 id, void *arg)
{
	struct reading *reading = arg;
	struct attached *attached = reading->attached;
	__u32 map_ids[NR_PROGRAM_MAPS] = {}, len, i;
	struct bpf_prog_info info = {
		.nr_map_ids = NR_PROGRAM_MAPS,
		.map_ids = (unsigned long)map_ids,
	};
	struct bpf_map_info map;
	int fd, err;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	len = sizeof(info);
	err = bpf_prog_get_info_by_fd(fd, &info, &len);
	close(fd);

	for (i = 0; !err && i < info.nr_map_ids && i < NR_PROGRAM_MAPS; i++) {
		err = note_map(attached, map_ids[i]);
		fd = open_map(map_ids[i], &map);
		if (fd < 0)
			continue;
		if (!keep_map(attached, &map, fd))
			close(fd);
		else if (fd == attached->map_fds[ATTACHED_STATS])
			reading->stats_type = map.btf_value_type_id;
	}
	return err;
}

int attached__open(struct attached *attached, const struct place *place)
{
	struct reading reading = { .attached = attached };
	char words[PLACE_WORDS_LEN];
	int err;

	memset(attached, 0, sizeof(*attached));
	memset(attached->map_fds, -1, sizeof(attached->map_fds));
	attached->place = *place;

	if (!policy_link__find(&attached->link, place)) {
		log__error("no policy is attached%s; 'tierx load' attaches one",
			   place__words(place, "to", words));
		return STATUS_REFUSED;
	}
	attached->btf = btf__load_from_kernel_by_id(attached->link.btf_id);
	if (!attached->btf) {
		log__error("the attached policy has no BTF: %m");
		return STATUS_INTERNAL;
	}
	strncpy(attached->name, ops__name(&attached->link.ops), POLICY_NAME_LEN - 1);
	err = ops__for_each_program(&attached->link.ops, read_program, &reading);
	if (err) {
		log__error("cannot read the attached policy: %s", strerror(-err));
		return STATUS_INTERNAL;
	}

	return description__read(&attached->description, attached->btf, reading.stats_type);
}

bool attached__is_none(const struct place *place)
{
	struct policy_link link;
	bool found = policy_link__find(&link, place);

	policy_link__close(&link);
	return !found;
}

bool attached__is_current(const struct attached *attached)
{
	char *name = kernel__policy(&attached->place);
	bool current = name && !strcmp(name, attached->name);

	/* The link of an ejected policy may still name its ops. */
	free(name);
	return current && policy_link__is_current(&attached->link);
}

void attached__close(struct attached *attached)
{
	int i;

	description__clear(&attached->description);
	btf__free(attached->btf);
	free(attached->map_ids);
	for (i = 0; i < NR_ATTACHED_MAPS; i++)
		if (attached->map_fds[i] >= 0)
			close(attached->map_fds[i]);
	policy_link__close(&attached->link);
}

/* Where the kernel has cut several names to the same, the pin has the whole one. */
static int open_pinned_map(const struct attached *attached, const char *name,
			   struct bpf_map_info *info)
{
	char path[PATH_MAX];
	struct pins pins;
	__u32 len = sizeof(*info);
	int fd;

	pins__of(&pins, &attached->place);
	snprintf(path, sizeof(path), "%s/%s", pins.maps, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -ENOTUNIQ;
	memset(info, 0, sizeof(*info));
	if (!bpf_map_get_info_by_fd(fd, info, &len) && uses_map(attached, info->id))
		return fd;

	close(fd);
	return -ENOTUNIQ;
}

int attached__open_map(const struct attached *attached, const char *name, struct bpf_map_info *info)
{
	int fd, found = -ENOENT, i;
	struct bpf_map_info other;

	for (i = 0; i < attached->nr_map_ids; i++) {
		fd = open_map(attached->map_ids[i], &other);
		if (fd < 0)
			return fd;
		if (strncmp(other.name, name, sizeof(other.name) - 1)) {
			close(fd);
			continue;
		}
		if (found >= 0) {
			close(found);
			close(fd);
			return open_pinned_map(attached, name, info);
		}
		found = fd;
		*info = other;
	}
	return found;
}

static int read_section(const struct attached *attached, enum attached_map map, void **data)
{
	__u32 key = 0;

	*data = NULL;
	if (attached->map_fds[map] < 0)
		return 0;
	*data = malloc(attached->map_sizes[map]);
	if (!*data)
		return -ENOMEM;

	return bpf_map_lookup_elem(attached->map_fds[map], &key, *data);
}

int attached__values(const struct attached *attached, struct number *values)
{
	enum attached_map map;
	const struct knob *knob;
	void *sections[NR_ATTACHED_MAPS] = {};
	int err, i;

	err = read_section(attached, ATTACHED_TUNE, &sections[ATTACHED_TUNE]);
	if (!err)
		err = read_section(attached, ATTACHED_RODATA, &sections[ATTACHED_RODATA]);

	for (i = 0; !err && i < attached->description.nr_knobs; i++) {
		knob = &attached->description.knobs[i];
		map = knob->at_runtime ? ATTACHED_TUNE : ATTACHED_RODATA;
		memset(&values[i], 0, sizeof(values[i]));
		/* A section that no program uses is not attached, and its knobs do nothing. */
		if (sections[map] && knob->offset + knob->size <= attached->map_sizes[map])
			values[i] = number__load(sections[map] + knob->offset, knob->size,
						 knob->is_signed);
	}
	free(sections[ATTACHED_TUNE]);
	free(sections[ATTACHED_RODATA]);

	return err;
}

/* Through memory, so that the policy's own writes to the knobs beside it are not undone. */
int attached__set(const struct attached *attached, const struct knob *knob, struct number value)
{
	__u32 size = attached->map_sizes[ATTACHED_TUNE];
	void *data;

	if (attached->map_fds[ATTACHED_TUNE] < 0 || knob->offset + knob->size > size)
		return -ENOENT;

	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    attached->map_fds[ATTACHED_TUNE], 0);
	if (data == MAP_FAILED)
		return -errno;
	number__store(data + knob->offset, knob->size, value);
	munmap(data, size);

	return 0;
}

int attached__counters(const struct attached *attached, __u64 *values)
{
	int nr_cpus = libbpf_num_possible_cpus();
	int nr = attached->description.nr_counters, err, cpu, i;
	size_t size = (attached->map_sizes[ATTACHED_STATS] + 7) / 8 * 8;
	__u32 key = 0;
	__u64 *value;
	char *data;

	memset(values, 0, nr * sizeof(*values));
	if (nr_cpus < 0)
		return nr_cpus;
	if (attached->map_fds[ATTACHED_STATS] < 0)
		return 0;

	data = calloc(nr_cpus, size);
	if (!data)
		return -ENOMEM;
	err = bpf_map_lookup_elem(attached->map_fds[ATTACHED_STATS], &key, data);
	for (cpu = 0; !err && cpu < nr_cpus; cpu++) {
		for (i = 0; i < nr; i++) {
			value = (void *)data + cpu * size +
				attached->description.counters[i].offset;
			values[i] += *value;
		}
	}
	free(data);

	return err;
}
