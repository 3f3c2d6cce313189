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

#include <trace/events/tier_ext.h>

/* The last end of any policy. Guarded, as those of scopes, by the mutex. */
struct tierx_last tierx_last_any;
static DEFINE_MUTEX(tierx_last_mutex);

/* Where a running dump goes; there is one at a time. */
static struct seq_buf *tierx_dump_buf;
static DEFINE_MUTEX(tierx_dump_mutex);

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
	case TIERX_EXIT_UNREG_SYSRQ:
		return "unregistered by SysRq";
	case TIERX_EXIT_UNREG_CGROUP:
		return "its cgroup was removed";
	case TIERX_EXIT_ERROR:
		return "runtime error";
	case TIERX_EXIT_ERROR_BPF:
		return "error raised by the policy";
	case TIERX_EXIT_ERROR_VERDICT:
		return "too many invalid verdicts";
	case TIERX_EXIT_ERROR_STALL:
		return "stalled";
	case TIERX_EXIT_ERROR_WATERMARK:
		return "refused to make room in a fast tier";
	case TIERX_EXIT_ERROR_MIGRATE:
		return "too many failed moves";
	case TIERX_EXIT_ERROR_THRASH:
		return "too many pages moved back and forth";
	case TIERX_EXIT_ERROR_RECLAIM:
		return "reclaim starved";
	case TIERX_EXIT_ERROR_OOM:
		return "out of memory";
	case TIERX_EXIT_NONE:
		break;
	}
	return "";
}

static void tierx_dump_events(struct seq_buf *s, struct tierx_scope *scope)
{
	unsigned long nr;
	int i;

	for (i = 0; i < TIERX_NR_EVENTS; i++) {
		nr = tierx_event_read(scope, i);
		if (nr)
			seq_buf_printf(s, "event %s %lu\n",
				       tierx_event_names[i], nr);
	}
}

static void tierx_dump_nodes(struct seq_buf *s, struct tierx_scope *scope)
{
	struct tierx_queue *queue;
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		queue = scope->queues[nid];
		seq_buf_printf(s, "node %d tier %d queue_len %u stalled %d",
			       nid, tierx_tier_rank(nid),
			       queue ? tierx_ring_len(&queue->ring) : 0,
			       queue && queue->stalled);
		seq_buf_printf(s, " free_pages %lld wmark_low_pages %lld wmark_promo_pages %lld\n",
			       tierx_node_item(nid, TIERX_NODE_FREE_PAGES),
			       tierx_node_item(nid, TIERX_NODE_WMARK_LOW_PAGES),
			       tierx_node_item(nid, TIERX_NODE_WMARK_PROMO_PAGES));
	}
}

/* The last verdicts of each CPU, oldest first. */
static void tierx_dump_verdicts(struct seq_buf *s, struct tierx_scope *scope)
{
	struct tierx_record *record;
	struct tierx_verdict *v;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		record = per_cpu_ptr(scope->record, cpu);
		for (i = 0; i < TIERX_NR_VERDICTS; i++) {
			v = &record->verdicts[(record->nr_verdicts + i) %
					      TIERX_NR_VERDICTS];
			if (!v->op)
				continue;
			seq_buf_printf(s, "verdict cpu %d ms_ago %u op %s pfn 0x%lx nid %d",
				       cpu, jiffies_to_msecs(jiffies - v->when),
				       v->op, v->pfn, v->nid);
			seq_buf_printf(s, " verdict %d effective %d\n",
				       v->verdict, v->effective);
		}
	}
}

/* What the policy has to say. */
static void tierx_dump_policy(struct seq_buf *s, struct tierx_policy *policy)
{
	struct tier_ext_dump_ctx ctx = {
		.kind	= policy->info.kind,
		.reason	= policy->info.reason,
	};

	if (!policy->ops->dump)
		return;

	mutex_lock(&tierx_dump_mutex);
	WRITE_ONCE(tierx_dump_buf, s);
	rcu_read_lock();
	tierx_call_void(policy, dump, &ctx);
	rcu_read_unlock();
	WRITE_ONCE(tierx_dump_buf, NULL);
	mutex_unlock(&tierx_dump_mutex);
}

static void tierx_dump_trace(struct tierx_policy *policy)
{
	const char *line = policy->info.dump, *end;

	if (!trace_tier_ext_dump_enabled())
		return;
	for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		trace_tier_ext_dump(policy->ops->name, line, end - line);
	}
}

/**
 * tierx_exit_dump() - write the dump of a policy that ended in an error
 * @policy: the policy
 *
 * What the policy has to say comes before the kernel's longer lists, so that
 * those do not cut it off.
 *
 * Context: under the scope's mutex, no other op is running.
 */
void tierx_exit_dump(struct tierx_policy *policy)
{
	struct tierx_scope *scope = policy->scope;
	struct seq_buf s;

	seq_buf_init(&s, policy->info.dump, policy->dump_len);
	seq_buf_printf(&s, "policy %s\nkind %d\ncode %lld\nreason %s\nmsg %s\ncgroup_id %llu\n",
		       policy->ops->name, policy->info.kind, policy->info.code,
		       policy->info.reason, policy->info.msg, scope->cgroup_id);
	tierx_dump_nodes(&s, scope);
	tierx_dump_events(&s, scope);
	tierx_dump_policy(&s, policy);
	tierx_dump_verdicts(&s, scope);
	/* A line that did not fit has left nothing, or its beginning. */
	if (seq_buf_has_overflowed(&s))
		strscpy(policy->info.dump +
			strnlen(policy->info.dump,
				policy->dump_len - sizeof("...\n")),
			"...\n", sizeof("...\n"));
	seq_buf_str(&s);
	tierx_dump_trace(policy);
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

static void tierx_last_set(struct tierx_last *last, struct tierx_policy *policy)
{
	char *dump = kvmemdup(policy->info.dump,
			      strlen(policy->info.dump) + 1, GFP_KERNEL);

	mutex_lock(&tierx_last_mutex);
	last->cgroup_id = policy->scope->cgroup_id;
	last->kind = policy->info.kind;
	last->code = policy->info.code;
	strscpy(last->name, policy->ops->name, sizeof(last->name));
	strscpy(last->msg, policy->msg, sizeof(last->msg));
	swap(last->dump, dump);
	mutex_unlock(&tierx_last_mutex);
	kvfree(dump);
}

/**
 * tierx_exit_report() - remember an end for sysfs
 * @policy: the policy that ended
 *
 * Takes copies of the dump if it can get the memory for them.
 */
void tierx_exit_report(struct tierx_policy *policy)
{
	tierx_last_set(&policy->scope->last, policy);
	tierx_last_set(&tierx_last_any, policy);
}

ssize_t tierx_last_exit_show(struct tierx_last *last, char *buf)
{
	ssize_t len = 0;

	mutex_lock(&tierx_last_mutex);
	if (last->kind)
		len = sysfs_emit(buf, "kind %d\ncode %lld\nreason %s\n"
				 "policy %s\ncgroup_id %llu\nmsg %s\n",
				 last->kind, last->code,
				 tierx_exit_reason(last->kind), last->name,
				 last->cgroup_id, last->msg);
	mutex_unlock(&tierx_last_mutex);

	return len;
}

ssize_t tierx_last_dump_read(struct tierx_last *last, char *buf, loff_t off,
			     size_t count)
{
	ssize_t len = 0;

	mutex_lock(&tierx_last_mutex);
	if (last->dump)
		len = memory_read_from_buffer(buf, count, &off, last->dump,
					      strlen(last->dump));
	mutex_unlock(&tierx_last_mutex);

	return len;
}

/**
 * tierx_bstr_format() - format what a BPF program wants to say
 * @line: where to put it
 * @size: size of @line
 * @fmt: a format as for bpf_trace_printk(), cut if it is longer than a message
 * @data: the arguments
 * @data_size: bytes in @data
 *
 * A program may give any memory that it has as a format, which need not end.
 *
 * Context: any but NMI; the caller serializes the use of @line.
 * Return: length, -EINVAL for a bad number of arguments, or the error of a bad
 * format.
 */
s32 tierx_bstr_format(char *line, size_t size, char *fmt,
		      unsigned long long *data, u32 data_size)
{
	struct bpf_bprintf_data bprintf = { .get_bin_args = true };
	char format[TIERX_MSG_LEN];
	u64 args[MAX_BPRINTF_VARARGS];
	s32 ret;

	if (data_size % 8 || data_size > sizeof(args) || (data_size && !data))
		return -EINVAL;

	ret = copy_from_kernel_nofault(args, data, data_size);
	if (ret < 0)
		return ret;
	ret = strncpy_from_kernel_nofault(format, fmt, sizeof(format));
	if (ret < 0)
		return ret;

	ret = bpf_bprintf_prepare(format, sizeof(format), args, data_size / 8,
				  &bprintf);
	if (ret < 0)
		return ret;

	ret = bstr_printf(line, size, format, bprintf.bin_args);
	bpf_bprintf_cleanup(&bprintf);

	return ret;
}
