// SPDX-License-Identifier: GPL-2.0-only
/*
 * heatmap: counters by physical address decide.
 *
 * Idea: devices and PMUs can count accesses to physical memory without a fault
 * and without a scan. Each page has a counter that ages; when it has reached a
 * number, the page is promoted. The counters come from user space ('tierx
 * heat'), and the kernel's own samples go into the same ones.
 * Source: hot page promotion driven by device or PMU access counters (CXL
 * hotness monitoring units, for example), RFC threads on linux-mm.
 * Signals: records of PFNs and counts, the kernel's access samples.
 * Good for: hardware that counts; page cache that nobody maps, read-only file
 * mappings, and workloads that cannot afford hint faults; replaying a trace.
 * Bad for: machines that neither count nor sample; pages that are hot for less
 * time than the counters take to arrive.
 * Limits: demotion is the kernel's. A count belongs to a PFN: a page that is
 * freed leaves its count, until it has aged, to the next one there. Counters
 * take 8 bytes per PFN of the machine, holes included. Only counts of a folio's
 * first PFN are taken. A swap hands counters
 * on, from and to pagecache as well.
 */
#include <tier_ext/counter.bpf.h>
#include <tier_ext/heat.h>

#define HEAT_BYTES     1048576
#define TICK_MAX_PAGES 262144

TIERX_TUNE(u32, hot_accesses, 100, 1, 1000000, "", "a page with so many accesses is promoted");
TIERX_TUNE(u32, decay_ms, 10000, 0, 3600000, "ms", "counters halve this often, 0 for never");

struct heatmap_stats {
	u64 records TIERX_HELP("records read");
	u64 malformed TIERX_HELP("records with a bad size, or too few or too many pages");
	u64 reports TIERX_HELP("pages of records that the kernel took");
	u64 no_memory TIERX_HELP("pages of records that are no online memory");
	u64 not_movable TIERX_HELP("pages of records with nothing that could be moved");
	u64 not_first TIERX_HELP("pages of records that are inside of a folio");
	u64 not_taken TIERX_HELP("pages of records that came when no policy took accesses");
	u64 accesses TIERX_HELP("accesses counted, the kernel's samples included");
	u64 no_state TIERX_HELP("accesses to memory that came after the policy");
	u64 lost TIERX_HELP("accesses lost because another CPU counted at the same time");
	u64 promoted TIERX_HELP("folios queued for promotion");
	u64 waits TIERX_HELP("ticks in which records had to wait because the queue was full");
	u64 refused TIERX_HELP("hot folios that could not be queued");
	u64 moved TIERX_HELP("counters that followed a folio to another place");
};
TIERX_STATS(struct heatmap_stats);

TIERX_PFN_STATE(pages, struct tierx_counter, TIERX_SHARED);

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, HEAT_BYTES);
} heat SEC(".maps");

/*
 * The kernel's queue takes less than what can get hot in a tick. When it is full, what is left of
 * the record that is being read, and the hot folio in front of that, wait for the next tick. No
 * folio waits if its generation is 0.
 */
static struct tierx_heat record;
static struct tier_ext_pfn waiting;

/* The PFN whose accesses are being reported. */
static u64 reported;

/* A tick is reading records. */
static u32 reading;

/* Slow memory only: what is on the fastest tier keeps its count. */
static bool is_hot(struct folio *folio, u32 count)
{
	return count >= hot_accesses &&
	       tierx_bpf_node_stat(tierx_bpf_folio_nid(folio), TIERX_NODE_TIER) > 0;
}

/* A folio that is not queued keeps its count: the next access tries again. */
static void promote(struct folio *folio, struct tierx_counter *page, u32 count)
{
	u64 pfn = tierx_bpf_folio_pfn(folio);
	s32 err = tierx_bpf_folio_promote(folio, -1, 0);

	if (!err) {
		tierx_stat_add(promoted, 1);
	} else if (err == -ENOSPC && pfn == reported) {
		waiting.pfn = pfn;
		waiting.gen = tierx_bpf_folio_gen(folio);
	} else {
		page->count = count;
		tierx_stat_add(refused, 1);
	}
}

void TIERX_OP(heatmap_access, struct folio *folio, struct tier_ext_access *access)
{
	struct tierx_counter *page = pages_of(tierx_bpf_folio_pfn(folio));
	u32 count;

	tierx_stat_add(accesses, access->nr);
	if (!page) {
		tierx_stat_add(no_state, access->nr);
		return;
	}

	count = tierx_counter_add(page, access->nr, decay_ms);
	if (!count)
		tierx_stat_add(lost, access->nr);
	/* Begins anew, so that it is not asked for again while it waits in the queue. */
	else if (is_hot(folio, count) && tierx_counter_take(page))
		promote(folio, page, count);
}

void TIERX_OP(heatmap_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	if (result->error || result->new_pfn == request->pfn)
		return;
	tierx_counter_move(pages_of(request->pfn), pages_of(result->new_pfn));
	tierx_stat_add(moved, 1);
}

/* Returns 1 to stop behind a folio that has to wait. */
static long report_page(u64 i, void *arg)
{
	reported = record.pfn + i;
	switch (tierx_bpf_access_report(reported, -1, record.nr_accesses)) {
	case 0:
		tierx_stat_add(reports, 1);
		break;
	case -EINVAL:
		tierx_stat_add(no_memory, 1);
		break;
	case -ENOENT:
		tierx_stat_add(not_movable, 1);
		break;
	case -EMLINK:
		tierx_stat_add(not_first, 1);
		break;
	default:
		tierx_stat_add(not_taken, 1);
	}
	return !!waiting.gen;
}

/* Returns how many pages it was. */
static u64 report_record(void)
{
	u64 nr = bpf_loop(record.nr_pages, report_page, NULL, 0);

	record.pfn += nr;
	record.nr_pages -= nr;

	return nr;
}

/* Returns 1 to stop when a tick has done enough; the rest waits for the next one. */
static long read_record(struct bpf_dynptr *data, void *arg)
{
	u64 *nr_pages = arg;

	tierx_stat_add(records, 1);
	if (bpf_dynptr_read(&record, sizeof(record), data, 0, 0) || !record.nr_pages ||
	    record.nr_pages > TIERX_HEAT_MAX_PAGES) {
		record.nr_pages = 0;
		tierx_stat_add(malformed, 1);
		return 0;
	}
	*nr_pages += report_record();

	return waiting.gen || *nr_pages >= TICK_MAX_PAGES;
}

/* What the last tick has left. Returns false if it has to wait once more. */
static bool read_rest(u64 *nr_pages)
{
	s32 err = waiting.gen ? tierx_bpf_pfn_migrate(waiting.pfn, waiting.gen, -1, 0) : 0;

	if (err == -ENOSPC)
		return false;
	if (err)
		tierx_stat_add(refused, 1);
	else if (waiting.gen)
		tierx_stat_add(promoted, 1);
	waiting.gen = 0;
	*nr_pages += report_record();

	return !waiting.gen;
}

/* All nodes tick, and one at a time reads. */
void TIERX_OP_SLEEPABLE(heatmap_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	u64 nr_pages = 0;

	if (__sync_lock_test_and_set(&reading, 1))
		return;
	if (read_rest(&nr_pages))
		bpf_user_ringbuf_drain(&heat, read_record, &nr_pages, 0);
	if (waiting.gen)
		tierx_stat_add(waits, 1);
	__sync_lock_test_and_set(&reading, 0);
}

TIERX_POLICY(heatmap, "counters by physical address promote, from devices or the kernel") = {
	.name = "heatmap",
	.access = (void *)heatmap_access,
	.migrated = (void *)heatmap_migrated,
	.tick = (void *)heatmap_tick,
	.tick_ms = 50,
};
