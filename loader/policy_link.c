// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "policy_link.h"

/* Id of the struct_ops map of a link; 0 if it is another kind of link, or detached. */
static __u32 read_ops_id(int fd)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (bpf_link_get_info_by_fd(fd, &info, &len) || info.type != BPF_LINK_TYPE_STRUCT_OPS)
		return 0;
	return info.struct_ops.map_id;
}

void policy_link__init(struct policy_link *link)
{
	*link = (struct policy_link){ .fd = -1, .ops_fd = -1 };
}

/* Is it ops of ours? Of others, one may not even be able to read them. */
static bool read_ops(struct policy_link *link)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (bpf_map_get_info_by_fd(link->ops_fd, &info, &len) ||
	    (int)info.btf_vmlinux_value_type_id != ops__value_type())
		return false;
	link->btf_id = info.btf_id;

	return !ops__read(&link->ops, link->ops_fd);
}

static bool open_link(struct policy_link *link, __u32 id)
{
	policy_link__init(link);
	link->fd = bpf_link_get_fd_by_id(id);
	link->ops_id = link->fd >= 0 ? read_ops_id(link->fd) : 0;
	link->ops_fd = link->ops_id ? bpf_map_get_fd_by_id(link->ops_id) : -1;
	if (link->ops_fd >= 0 && read_ops(link))
		return true;

	policy_link__close(link);
	return false;
}

bool policy_link__next(struct policy_link *link, __u32 *id)
{
	policy_link__init(link);
	while (!bpf_link_get_next_id(*id, id))
		if (open_link(link, *id))
			return true;
	return false;
}

bool policy_link__find(struct policy_link *link, const struct place *place)
{
	__u32 id = 0;

	while (policy_link__next(link, &id)) {
		if (ops__cgroup_id(&link->ops) == place->cgroup_id)
			return true;
		policy_link__close(link);
	}
	return false;
}

bool policy_link__is_current(const struct policy_link *link)
{
	return read_ops_id(link->fd) == link->ops_id;
}

void policy_link__close(struct policy_link *link)
{
	ops__clear(&link->ops);
	if (link->ops_fd >= 0)
		close(link->ops_fd);
	if (link->fd >= 0)
		close(link->fd);
	policy_link__init(link);
}
