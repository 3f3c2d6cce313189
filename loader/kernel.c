// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <tier_ext/tags.h>

#include "file.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "tierx.h"

#define PATH_LEN 128

/* PROC_USER_INIT_INO of the kernel, which lsns(8) relies on, too. */
#define INIT_USER_NS_INODE 0xEFFFFFFDUL

struct btf *kernel__btf(void)
{
	static struct btf *btf;

	if (!btf)
		btf = btf__load_vmlinux_btf();
	return btf;
}

static int require_support(void)
{
	struct btf *btf = kernel__btf();

	if (!btf) {
		log__error("cannot read the kernel's BTF: %m; it needs CONFIG_DEBUG_INFO_BTF=y");
		return STATUS_UNSUPPORTED;
	}
	if (btf__find_by_name_kind(btf, TIERX_OPS_TYPE, BTF_KIND_STRUCT) < 0) {
		log__error("this kernel has no tier_ext (no struct %s in its BTF); build one "
			   "with 'make kernel-deb', see kfuncs-patch/README.md",
			   TIERX_OPS_TYPE);
		return STATUS_UNSUPPORTED;
	}

	return STATUS_DONE;
}

static bool has_capability(const struct __user_cap_data_struct *data, int capability)
{
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* In another one than the first user namespace, capabilities are those of its root only. */
static bool capabilities_count(void)
{
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino == INIT_USER_NS_INODE;
}

const char *kernel__missing_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
	static char missing[64];

	missing[0] = '\0';
	if (!capabilities_count() || syscall(SYS_capget, &header, data))
		return "CAP_SYS_ADMIN";
	if (has_capability(data, CAP_SYS_ADMIN))
		return missing;

	/* Objects are found by their ids, and that takes CAP_SYS_ADMIN whatever else is there. */
	snprintf(missing, sizeof(missing), "%s%sCAP_SYS_ADMIN",
		 has_capability(data, CAP_BPF) ? "" : "CAP_BPF ",
		 has_capability(data, CAP_PERFMON) ? "" : "CAP_PERFMON ");
	return missing;
}

int kernel__require(void)
{
	const char *missing;
	int status;

	status = require_support();
	if (status)
		return status;

	missing = kernel__missing_capabilities();
	if (!*missing)
		return STATUS_DONE;

	log__error("not permitted: run as root (missing: %s)", missing);
	return STATUS_REFUSED;
}

char *kernel__policy(const struct place *place)
{
	char file[PLACE_FILE_LEN], path[PATH_LEN];

	snprintf(path, sizeof(path), KERNEL_DIR "/%s", place__file(place, "ops", file));
	return file__read(path);
}

bool kernel__has_policy(const struct place *place)
{
	char *name = kernel__policy(place);
	bool has = name && *name;

	free(name);
	return has;
}

bool kernel__knows(const struct place *place)
{
	char *name = kernel__policy(place);

	free(name);
	return name;
}

int kernel__cgroups(__u64 **ids)
{
	DIR *folder = file__open_folder(KERNEL_DIR "/cgroup");
	struct dirent *entry;
	__u64 *more, id;
	int nr = 0;

	*ids = NULL;
	/* A kernel without policies of cgroups has no such folder. */
	while (folder && nr >= 0 && (entry = readdir(folder))) {
		id = strtoull(entry->d_name, NULL, 10);
		if (!id)
			continue;
		more = reallocarray(*ids, nr + 1, sizeof(*more));
		if (more) {
			more[nr++] = id;
			*ids = more;
		} else {
			nr = -ENOMEM;
		}
	}
	if (folder)
		closedir(folder);
	return nr;
}

__u64 kernel__counter(const char *name)
{
	char path[PATH_LEN];
	__u64 value = 0;

	snprintf(path, sizeof(path), KERNEL_DIR "/%s", name);
	if (file__read_u64(path, &value))
		return 0;
	return value;
}

int kernel_pairs__read(struct kernel_pairs *pairs, const char *name)
{
	char path[PATH_LEN], *rest, *line, *c;
	int nr_lines = 1;

	memset(pairs, 0, sizeof(*pairs));
	snprintf(path, sizeof(path), KERNEL_DIR "/%s", name);
	pairs->text = file__read(path);
	if (!pairs->text)
		return -errno;

	for (c = pairs->text; *c; c++)
		nr_lines += *c == '\n';
	pairs->pairs = calloc(nr_lines, sizeof(*pairs->pairs));
	if (!pairs->pairs) {
		kernel_pairs__clear(pairs);
		return -ENOMEM;
	}

	rest = pairs->text;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		pairs->pairs[pairs->nr].name = strsep(&line, " ");
		pairs->pairs[pairs->nr].value = line ? line : "";
		pairs->nr++;
	}

	return 0;
}

const char *kernel_pairs__value(const struct kernel_pairs *pairs, const char *name)
{
	int i;

	for (i = 0; i < pairs->nr; i++)
		if (!strcmp(pairs->pairs[i].name, name))
			return pairs->pairs[i].value;
	return NULL;
}

void kernel_pairs__clear(struct kernel_pairs *pairs)
{
	free(pairs->pairs);
	free(pairs->text);
	memset(pairs, 0, sizeof(*pairs));
}

static void read_exit(struct kernel_exit *exit, const char *file, const char *dump_file)
{
	const char *kind, *code;
	char path[PATH_LEN];

	memset(exit, 0, sizeof(*exit));
	if (kernel_pairs__read(&exit->pairs, file))
		return;

	kind = kernel_pairs__value(&exit->pairs, "kind");
	code = kernel_pairs__value(&exit->pairs, "code");
	exit->kind = kind ? strtoull(kind, NULL, 10) : 0;
	exit->code = code ? strtoll(code, NULL, 10) : 0;
	snprintf(path, sizeof(path), KERNEL_DIR "/%s", dump_file);
	exit->dump = file__read(path);
}

/* The last end of all; returns which cgroup it was in. */
static __u64 read_last_exit(struct kernel_exit *exit)
{
	const char *cgroup_id;

	read_exit(exit, "last_exit", "last_exit_dump");
	cgroup_id = kernel_pairs__value(&exit->pairs, "cgroup_id");

	return cgroup_id ? strtoull(cgroup_id, NULL, 10) : 0;
}

__u64 kernel__removed_cgroup(void)
{
	struct kernel_exit exit;
	__u64 id = read_last_exit(&exit);

	if (exit.kind != KERNEL_EXIT_CGROUP)
		id = 0;
	kernel_exit__clear(&exit);

	return id;
}

void kernel_exit__read(struct kernel_exit *exit, const struct place *place)
{
	char file[PLACE_FILE_LEN], dump_file[PLACE_FILE_LEN];

	read_exit(exit, place__file(place, "last_exit", file),
		  place__file(place, "last_exit_dump", dump_file));
	if (exit->kind)
		return;

	/* The files of a cgroup go with its policy; then the end may still be the last of all. */
	kernel_exit__clear(exit);
	if (read_last_exit(exit) != place->cgroup_id)
		kernel_exit__clear(exit);
}

void kernel_exit__print(const struct kernel_exit *exit)
{
	const char *reason = kernel_pairs__value(&exit->pairs, "reason");
	const char *policy = kernel_pairs__value(&exit->pairs, "policy");
	const char *msg = kernel_pairs__value(&exit->pairs, "msg");

	if (!exit->kind)
		return;

	fprintf(stderr, "EXIT: %s: %s", policy ? policy : "?", reason ? reason : "?");
	if (msg && *msg)
		fprintf(stderr, " (%s)", msg);
	fputc('\n', stderr);
	if (exit->dump && *exit->dump)
		fprintf(stderr, "%s\n", exit->dump);
}

struct json_object *kernel_exit__json(const struct kernel_exit *exit)
{
	struct json_object *object;

	if (!exit->kind)
		return NULL;

	object = json_object_new_object();
	json__add_u64(object, "kind", exit->kind);
	json__add_bool(object, "error", exit->kind >= KERNEL_EXIT_ERROR);
	json_object_object_add(object, "code", json_object_new_int64(exit->code));
	json__add_string(object, "reason", kernel_pairs__value(&exit->pairs, "reason"));
	json__add_string(object, "policy", kernel_pairs__value(&exit->pairs, "policy"));
	json__add_string(object, "msg", kernel_pairs__value(&exit->pairs, "msg"));
	json__add_string(object, "dump", exit->dump ? exit->dump : "");

	return object;
}

void kernel_exit__clear(struct kernel_exit *exit)
{
	kernel_pairs__clear(&exit->pairs);
	free(exit->dump);
	memset(exit, 0, sizeof(*exit));
}
