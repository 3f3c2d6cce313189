/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tier_ext

#if !defined(_TRACE_TIER_EXT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_TIER_EXT_H

#include <linux/tier_ext.h>
#include <linux/tracepoint.h>

TRACE_EVENT(tier_ext_verdict,

	TP_PROTO(const char *op, unsigned long pfn, int nid, s32 verdict,
		 s32 effective),

	TP_ARGS(op, pfn, nid, verdict, effective),

	TP_STRUCT__entry(
		__string(op, op)
		__field(unsigned long, pfn)
		__field(int, nid)
		__field(s32, verdict)
		__field(s32, effective)
	),

	TP_fast_assign(
		__assign_str(op);
		__entry->pfn = pfn;
		__entry->nid = nid;
		__entry->verdict = verdict;
		__entry->effective = effective;
	),

	TP_printk("op=%s pfn=0x%lx nid=%d verdict=%d effective=%d",
		  __get_str(op), __entry->pfn, __entry->nid, __entry->verdict,
		  __entry->effective)
);

TRACE_EVENT(tier_ext_queue,

	TP_PROTO(u64 pfn, u64 gen, int src_nid, int dst_nid, int error),

	TP_ARGS(pfn, gen, src_nid, dst_nid, error),

	TP_STRUCT__entry(
		__field(u64, pfn)
		__field(u64, gen)
		__field(int, src_nid)
		__field(int, dst_nid)
		__field(int, error)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->gen = gen;
		__entry->src_nid = src_nid;
		__entry->dst_nid = dst_nid;
		__entry->error = error;
	),

	TP_printk("pfn=0x%llx gen=0x%llx src_nid=%d dst_nid=%d error=%d",
		  __entry->pfn, __entry->gen, __entry->src_nid,
		  __entry->dst_nid, __entry->error)
);

TRACE_EVENT(tier_ext_migrate,

	TP_PROTO(const struct tier_ext_request *request, int error),

	TP_ARGS(request, error),

	TP_STRUCT__entry(
		__field(u64, pfn)
		__field(u64, memcg_id)
		__field(int, src_nid)
		__field(int, dst_nid)
		__field(u32, nr_pages)
		__field(u32, attempts)
		__field(int, error)
	),

	TP_fast_assign(
		__entry->pfn = request->pfn;
		__entry->memcg_id = request->memcg_id;
		__entry->src_nid = request->src_nid;
		__entry->dst_nid = request->dst_nid;
		__entry->nr_pages = request->nr_pages;
		__entry->attempts = request->attempts;
		__entry->error = error;
	),

	TP_printk("pfn=0x%llx memcg_id=%llu src_nid=%d dst_nid=%d nr_pages=%u attempts=%u error=%d",
		  __entry->pfn, __entry->memcg_id, __entry->src_nid,
		  __entry->dst_nid, __entry->nr_pages, __entry->attempts,
		  __entry->error)
);

TRACE_EVENT(tier_ext_exit,

	TP_PROTO(const char *name, u64 cgroup_id,
		 const struct tier_ext_exit_info *info),

	TP_ARGS(name, cgroup_id, info),

	TP_STRUCT__entry(
		__string(name, name)
		__field(u64, cgroup_id)
		__field(int, kind)
		__field(s64, code)
		__string(reason, info->reason)
		__string(msg, info->msg)
	),

	TP_fast_assign(
		__assign_str(name);
		__entry->cgroup_id = cgroup_id;
		__entry->kind = info->kind;
		__entry->code = info->code;
		__assign_str(reason);
		__assign_str(msg);
	),

	TP_printk("name=%s cgroup_id=%llu kind=%d code=%lld reason=\"%s\" msg=\"%s\"",
		  __get_str(name), __entry->cgroup_id, __entry->kind,
		  __entry->code, __get_str(reason), __get_str(msg))
);

/* One line of the dump of a policy that ended in an error. */
TRACE_EVENT(tier_ext_dump,

	TP_PROTO(const char *name, const char *line, int len),

	TP_ARGS(name, line, len),

	TP_STRUCT__entry(
		__string(name, name)
		__string_len(line, line, len)
	),

	TP_fast_assign(
		__assign_str(name);
		__assign_str(line);
	),

	TP_printk("name=%s %s", __get_str(name), __get_str(line))
);

#endif /* _TRACE_TIER_EXT_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
