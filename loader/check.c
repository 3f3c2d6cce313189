// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <tier_ext/tags.h>

#include "file.h"
#include "json.h"
#include "kernel.h"
#include "output.h"
#include "pins.h"
#include "settings.h"
#include "tierx.h"
#include "topology.h"

/**
 * struct finding - one thing that was looked for
 * @name: what
 * @status: STATUS_DONE if it is there, else what its lack means; -1 for a fact that is neither
 * @detail: what was found
 * @help: how to get it
 */
struct finding {
	const char *name;
	int status;
	char detail[128];
	const char *help;
};

#define FACT	     -1
#define MAX_FINDINGS 16

/**
 * struct findings - all of them
 * @list: the findings
 * @nr: number of @list
 */
struct findings {
	struct finding list[MAX_FINDINGS];
	int nr;
};

static void add(struct findings *findings, const char *name, int status, const char *help,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void add(struct findings *findings, const char *name, int status, const char *help,
		const char *fmt, ...)
{
	struct finding *finding = &findings->list[findings->nr++];
	va_list args;

	finding->name = name;
	finding->status = status;
	finding->help = help;
	va_start(args, fmt);
	vsnprintf(finding->detail, sizeof(finding->detail), fmt, args);
	va_end(args);
}

static void look_at_kernel(struct findings *findings)
{
	struct btf *btf = kernel__btf();
	bool has_ops = btf && btf__find_by_name_kind(btf, TIERX_OPS_TYPE, BTF_KIND_STRUCT) > 0;
	bool has_dir = file__exists(KERNEL_DIR);
	struct utsname name;

	if (!uname(&name))
		add(findings, "kernel", FACT, NULL, "%s", name.release);
	add(findings, "btf", btf ? STATUS_DONE : STATUS_UNSUPPORTED,
	    "a kernel with CONFIG_DEBUG_INFO_BTF=y", "%s", KERNEL_BTF);
	add(findings, "tier_ext", has_ops ? STATUS_DONE : STATUS_UNSUPPORTED,
	    "build a kernel with 'make kernel-deb', see kfuncs-patch/README.md",
	    "struct %s in the kernel's BTF", TIERX_OPS_TYPE);
	add(findings, "sysfs", has_dir ? STATUS_DONE : STATUS_UNSUPPORTED,
	    "a kernel with CONFIG_TIER_EXT=y, and sysfs mounted at /sys", "%s", KERNEL_DIR);
}

static void look_at_privileges(struct findings *findings)
{
	const char *missing = kernel__missing_capabilities();
	bool mounted = pins__is_mounted();

	add(findings, "privileges", *missing ? STATUS_REFUSED : STATUS_DONE, "run as root", "%s%s",
	    *missing ? "lacks " : "CAP_SYS_ADMIN", missing);
	add(findings, "bpffs", mounted ? STATUS_DONE : STATUS_REFUSED, "mount -t bpf bpf " PIN_FS,
	    "BPF file system at %s", PIN_FS);
}

static void look_at_memory(struct findings *findings)
{
	struct topology *topology = malloc(sizeof(*topology));
	int nr_nodes = 0, nr_tiers = 0;

	if (topology && !topology__read(topology)) {
		nr_nodes = topology->nr_nodes;
		nr_tiers = topology->nr_tiers;
	}
	free(topology);
	add(findings, "nodes", nr_nodes > 1 ? STATUS_DONE : STATUS_REFUSED,
	    "a machine with two NUMA nodes; or a guest, see tests/vm/run", "%d NUMA nodes",
	    nr_nodes);
	add(findings, "tiers", nr_tiers > 1 ? STATUS_DONE : STATUS_REFUSED,
	    "firmware whose HMAT or CDAT tells the nodes apart", "%d memory tiers", nr_tiers);
}

static void look_at_settings(struct findings *findings)
{
	bool has_swap;
	__u32 value;
	char *swaps;
	int id;

	for (id = 0; id < NR_SETTINGS; id++) {
		if (setting__read(id, &value))
			add(findings, setting__name(id), STATUS_UNSUPPORTED,
			    "a kernel with CONFIG_NUMA_BALANCING=y and CONFIG_MIGRATION=y",
			    "not in this kernel");
		else
			add(findings, setting__name(id), FACT, NULL, "%u%s", value,
			    setting__is_on(id, value) ? "" : ", tierx switches it on for a policy");
	}

	swaps = file__read("/proc/swaps");
	has_swap = swaps && strchr(swaps, '\n');
	free(swaps);
	add(findings, "swap", FACT, NULL, "%s",
	    has_swap ? "yes" : "none: pages that are not demoted stay in memory");
}

static const char *verdict(const struct finding *finding)
{
	if (finding->status == FACT)
		return "info";
	return finding->status ? "missing" : "ok";
}

static int print_text(const struct findings *findings)
{
	const struct finding *finding;
	int i;

	for (i = 0; i < findings->nr; i++) {
		finding = &findings->list[i];
		printf("%-8s %-22s %s\n", verdict(finding), finding->name, finding->detail);
		if (finding->status > STATUS_DONE)
			printf("%-8s %-22s needed: %s\n", "", "", finding->help);
	}
	return output__flush();
}

static int print_json(const struct findings *findings)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const struct finding *finding;
	struct json_object *entry;
	int i;

	json_object_object_add(object, "checks", list);
	for (i = 0; i < findings->nr; i++) {
		finding = &findings->list[i];
		entry = json_object_new_object();
		json__add_string(entry, "name", finding->name);
		json__add_string(entry, "result", verdict(finding));
		json__add_string(entry, "detail", finding->detail);
		json__add_string(entry, "needed",
				 finding->status > STATUS_DONE ? finding->help : NULL);
		json_object_array_add(list, entry);
	}
	return json__print(object);
}

int command__check(const struct arguments *args)
{
	struct findings findings = {};
	int status, i;

	look_at_kernel(&findings);
	look_at_privileges(&findings);
	look_at_memory(&findings);
	look_at_settings(&findings);

	status = args->json ? print_json(&findings) : print_text(&findings);
	/* The lack of support comes before anything that can be mended on this kernel. */
	for (i = 0; i < findings.nr; i++)
		if (findings.list[i].status > status)
			status = findings.list[i].status;

	return status;
}
