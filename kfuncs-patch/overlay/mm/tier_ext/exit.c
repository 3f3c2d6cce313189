// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: why a policy ended, in words, and its dump. The last end is kept
 * for sysfs, so that it can be read when the policy is long gone.
 */
#include <linux/mutex.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/sysfs.h>

#include "internal.h"

/* What sysfs shows of the last end. */
static DEFINE_MUTEX(tierx_last_mutex);
static struct {
	s32	kind;
	s64	code;
	char	name[TIER_EXT_NAME_LEN];
	char	msg[TIERX_MSG_LEN];
	char	*dump;
} tierx_last;

/* Where a running dump goes; there is one at a time, under tierx_mutex. */
static struct seq_buf *tierx_dump_buf;

const char *tierx_exit_reason(enum tier_ext_exit_kind kind)
{
	switch (kind) {
	case TIERX_EXIT_UNREG:
		return "unregistered from user space";
	case TIERX_EXIT_UNREG_SWAP:
		return "replaced by another policy";
	case TIERX_EXIT_UNREG_BPF:
		return "unregistered by the policy";
	case TIERX_EXIT_UNREG_ABORT:
		return "aborted by the administrator";
	case TIERX_EXIT_ERROR:
		return "runtime error";
	case TIERX_EXIT_ERROR_BPF:
		return "error raised by the policy";
	case TIERX_EXIT_ERROR_VERDICT:
		return "too many invalid verdicts";
	case TIERX_EXIT_NONE:
		break;
	}
	return "";
}

static void tierx_dump_events(struct seq_buf *s)
{
	unsigned long nr;
	int i;

	for (i = 0; i < TIERX_NR_EVENTS; i++) {
		nr = tierx_event_read(i);
		if (nr)
			seq_buf_printf(s, "event %s %lu\n",
				       tierx_event_names[i], nr);
	}
}

/**
 * tierx_exit_dump() - write the dump of a policy that ended in an error
 * @policy: the policy
 *
 * The policy's dump op writes to it between the kernel's lines.
 *
 * Context: under tierx_mutex, no other op is running.
 */
void tierx_exit_dump(struct tierx_policy *policy)
{
	struct tier_ext_dump_ctx ctx = {
		.kind	= policy->info.kind,
		.reason	= policy->info.reason,
	};
	struct seq_buf s;

	seq_buf_init(&s, policy->info.dump, policy->dump_len);
	seq_buf_printf(&s, "policy %s\nkind %d\nreason %s\nmsg %s\n",
		       policy->ops->name, policy->info.kind,
		       policy->info.reason, policy->info.msg);
	tierx_dump_events(&s);
	if (policy->ops->dump) {
		WRITE_ONCE(tierx_dump_buf, &s);
		rcu_read_lock();
		policy->ops->dump(&ctx);
		rcu_read_unlock();
		WRITE_ONCE(tierx_dump_buf, NULL);
	}
	if (seq_buf_has_overflowed(&s))
		strscpy(policy->info.dump + policy->dump_len - sizeof("...\n"),
			"...\n", sizeof("...\n"));
	seq_buf_str(&s);
}

/**
 * tierx_dump_write() - append to the dump that is being written
 * @line: what to append
 */
void tierx_dump_write(const char *line)
{
	struct seq_buf *s = READ_ONCE(tierx_dump_buf);

	if (s)
		seq_buf_puts(s, line);
}

/**
 * tierx_exit_report() - remember an end for sysfs
 * @policy: the policy that ended
 *
 * Takes a copy of the dump if it can get the memory for it.
 */
void tierx_exit_report(struct tierx_policy *policy)
{
	char *dump = kvmemdup(policy->info.dump,
			      strlen(policy->info.dump) + 1, GFP_KERNEL);

	mutex_lock(&tierx_last_mutex);
	tierx_last.kind = policy->info.kind;
	tierx_last.code = policy->info.code;
	strscpy(tierx_last.name, policy->ops->name, sizeof(tierx_last.name));
	strscpy(tierx_last.msg, policy->msg, sizeof(tierx_last.msg));
	swap(tierx_last.dump, dump);
	mutex_unlock(&tierx_last_mutex);
	kvfree(dump);
}

ssize_t tierx_last_exit_show(char *buf)
{
	ssize_t len = 0;

	mutex_lock(&tierx_last_mutex);
	if (tierx_last.kind)
		len = sysfs_emit(buf, "kind %d\ncode %lld\nreason %s\npolicy %s\nmsg %s\n",
				 tierx_last.kind, tierx_last.code,
				 tierx_exit_reason(tierx_last.kind),
				 tierx_last.name, tierx_last.msg);
	mutex_unlock(&tierx_last_mutex);

	return len;
}

ssize_t tierx_last_dump_read(char *buf, loff_t off, size_t count)
{
	ssize_t len = 0;

	mutex_lock(&tierx_last_mutex);
	if (tierx_last.dump)
		len = memory_read_from_buffer(buf, count, &off, tierx_last.dump,
					      strlen(tierx_last.dump));
	mutex_unlock(&tierx_last_mutex);

	return len;
}

/**
 * tierx_bstr_format() - format what a BPF program wants to say
 * @line: where to put it
 * @size: size of @line
 * @fmt: a format as for bpf_trace_printk()
 * @data: the arguments
 * @data_size: bytes in @data
 *
 * Context: any but NMI; the caller serializes the use of @line.
 * Return: length, -EINVAL for a bad number of arguments, or the error of a bad
 * format.
 */
s32 tierx_bstr_format(char *line, size_t size, char *fmt,
		      unsigned long long *data, u32 data_size)
{
	struct bpf_bprintf_data bprintf = { .get_bin_args = true };
	u64 args[MAX_BPRINTF_VARARGS];
	s32 ret;

	if (data_size % 8 || data_size > sizeof(args) || (data_size && !data))
		return -EINVAL;

	ret = copy_from_kernel_nofault(args, data, data_size);
	if (ret < 0)
		return ret;

	ret = bpf_bprintf_prepare(fmt, UINT_MAX, args, data_size / 8, &bprintf);
	if (ret < 0)
		return ret;

	ret = bstr_printf(line, size, fmt, bprintf.bin_args);
	bpf_bprintf_cleanup(&bprintf);

	return ret;
}
