// SPDX-License-Identifier: GPL-2.0-only
/*
 * idle_time: how long a page is idle decides, measured twice.
 *
 * Idea: NUMA balancing arms a page at a time that has nothing to do with its
 * use, so the time until the hint fault is a sample of how long the page is
 * idle between two accesses. One short sample is chance, two in a row are not.
 * How short is short follows from what the fast tier has to offer: a sample of
 * its pages tells how many are idle. So many are promoted in a second as are
 * idle there, and those are demoted before there is need, so that promotion
 * finds room. When promoted pages come back down, promotion slows down.
 * Source: "Chrono: Meticulous Hotness Measurement and Flexible Page Migration
 * for Memory Tiering" (EuroSys 2025).
 * Signals: hint fault latency; accessed bits of fast memory; migrations.
 * Good for: memory without a sharp border between hot and cold; machines
 * without access counters.
 * Bad for: hot sets that change faster than two passes of NUMA balancing's scan;
 * read-only file mappings and unmapped page cache, which have no hint faults;
 * programs that suffer from the faults themselves.
 * Limits: the pace of the scan bounds how fast a hot set is found. A large folio
 * has one time for all of its pages. Of several fast nodes one is sampled each
 * second, and each keeps room for all that comes. 8 bytes of state per PFN.
 */
#include <tier_ext/sample.bpf.h>

#define MB_PAGES     256
#define NR_WALK	     2048
#define ADJUST_MS    1000
#define ADJUST_STEPS 16
#define BRAKE_MAX    10
/* Promoted in a second though nothing seems to be gained: shows whether that is still so. */
#define LEAST_PAGES 64

TIERX_TUNE(u32, max_idle_ms, 1000, 1, 60000, "ms",
	   "a page that is idle for longer is not promoted");
TIERX_TUNE(u32, max_rate_mbps, 4096, 1, 1048576, "MiB/s",
	   "a promotion rate that is never exceeded");
TIERX_TUNE(u32, headroom_percent, 2, 0, 50, "%", "how much of a fast node is kept free");
TIERX_TUNE(u32, bounce_percent, 10, 1, 100, "%",
	   "promotion slows down when so many promoted pages are demoted again");
TIERX_TUNE(u32, bounce_ms, 10000, 100, 600000, "ms", "what is demoted within this time bounced");

struct idle_time_stats {
	u64 long_idle TIERX_HELP("hint faults on folios that had been idle for long");
	u64 first TIERX_HELP("hint faults after a short time, for the first time");
	u64 candidates TIERX_HELP("pages of folios that were hit after a short time twice");
	u64 rate_limited TIERX_HELP("of these, pages that were over the rate");
	u64 promoted TIERX_HELP("pages promoted");
	u64 bounced TIERX_HELP("promoted pages that were demoted again soon");
	u64 made_room TIERX_HELP("folios queued for demotion to keep headroom");
	u64 braked TIERX_HELP("seconds in which promotion was slowed down once more");
	u64 no_state TIERX_HELP("hint faults on memory that came after the policy");
};
TIERX_STATS(struct idle_time_stats);

/* On slow memory: was the last time short? On fast memory: when it was promoted, ms, or 0. */
TIERX_PFN_STATE(pages, u32);

/* Racy counts, as NUMA balancing's own; what is decided by them is decided by one thread. */
static u64 nr_candidates, nr_promoted, nr_bounced, nr_in_second;

static u32 threshold_ms;
static u32 brake;
static u64 rate_pages = ~0ULL;
static u64 adjusted_ns;
/* Of the node that was sampled, which may be another one each time. */
static u64 sampled_pages;

static u32 now_ms(void)
{
	return bpf_ktime_get_ns() / 1000000;
}

/* --- promotion --- */

static bool over_rate(u32 nr_pages)
{
	if (__sync_fetch_and_add(&nr_in_second, nr_pages) < rate_pages)
		return false;
	tierx_stat_add(rate_limited, nr_pages);
	return true;
}

s32 TIERX_OP(idle_time_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	u32 nr_pages = 1U << tierx_bpf_folio_order(folio);
	u32 *was_short = pages_of(tierx_bpf_folio_pfn(folio));

	if (!was_short) {
		tierx_stat_add(no_state, 1);
		return TIERX_DEFAULT;
	}
	if (fault->age_ms >= threshold_ms) {
		*was_short = 0;
		tierx_stat_add(long_idle, 1);
		return TIERX_STAY;
	}
	if (!*was_short) {
		*was_short = 1;
		tierx_stat_add(first, 1);
		return TIERX_STAY;
	}

	__sync_fetch_and_add(&nr_candidates, nr_pages);
	tierx_stat_add(candidates, nr_pages);
	return over_rate(nr_pages) ? TIERX_STAY : TIERX_DEFER;
}

/* A page takes along what is known of it; a tier is another matter. */
void TIERX_OP(idle_time_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	u32 *from = pages_of(request->pfn), *to = pages_of(result->new_pfn);
	u32 now = now_ms() | 1;
	s64 down;

	if (result->error || !from || !to || from == to)
		return;
	*to = *from;
	down = tierx_tiers_down(request);
	if (down < 0) {
		*to = now;
		tierx_span_arrived(result->new_pfn);
		__sync_fetch_and_add(&nr_promoted, request->nr_pages);
		tierx_stat_add(promoted, request->nr_pages);
	} else if (down > 0) {
		if (*from && now - *from < bounce_ms) {
			__sync_fetch_and_add(&nr_bounced, request->nr_pages);
			tierx_stat_add(bounced, request->nr_pages);
		}
		*to = 0;
	}
	*from = 0;
}

/* --- the fast tier: room, and what it has to offer --- */

/* Free pages that a node lacks, for what is allocated and for what is on its way up. */
static s64 lacking(const struct tier_ext_node_stat *stat)
{
	u64 coming = nr_in_second < rate_pages ? nr_in_second : rate_pages;

	coming = coming > nr_promoted ? coming - nr_promoted : 0;
	return tierx_node_lack(stat, headroom_percent, coming);
}

/* --- once a second --- */

static void adjust_rate(u64 idle)
{
	u64 most = (u64)max_rate_mbps * MB_PAGES;

	if (nr_bounced * 100 > nr_promoted * bounce_percent) {
		brake += brake < BRAKE_MAX;
		tierx_stat_add(braked, 1);
	} else if (brake) {
		brake--;
	}
	rate_pages = (idle < most ? idle : most) >> brake;
	if (rate_pages < LEAST_PAGES)
		rate_pages = LEAST_PAGES;
}

/* So that about as many pages are candidates as may be promoted. */
static void adjust_threshold(void)
{
	u32 step = max_idle_ms / ADJUST_STEPS ?: 1;

	if (nr_candidates * 10 > rate_pages * 11)
		threshold_ms = threshold_ms > 2 * step ? threshold_ms - step : step;
	else if (nr_candidates * 10 < rate_pages * 9)
		threshold_ms += step;
	if (threshold_ms > max_idle_ms)
		threshold_ms = max_idle_ms;
}

/* One node's tick in a second. */
static bool is_time_to_adjust(void)
{
	u64 last = adjusted_ns, now = bpf_ktime_get_ns();

	return now - last >= ADJUST_MS * 1000000ULL &&
	       __sync_val_compare_and_swap(&adjusted_ns, last, now) == last;
}

/* Memory that reclaim takes from the fast tier goes to the slow one. */
s32 TIERX_OP(idle_time_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return reclaim->can_demote ? TIERX_DEMOTE : TIERX_DEFAULT;
}

void TIERX_OP_SLEEPABLE(idle_time_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (stat->tier)
		return;
	if (is_time_to_adjust()) {
		adjust_rate(tierx_sample_idle(sampled_pages));
		tierx_sample_take(nid);
		sampled_pages = tierx_node_pages(stat);
		adjust_threshold();
		nr_candidates = 0;
		nr_promoted = 0;
		nr_bounced = 0;
		nr_in_second = 0;
	}
	tierx_stat_add(made_room, tierx_span_make_room(nid, lacking(stat), NR_WALK));
}

s32 TIERX_OP_SLEEPABLE(idle_time_init, struct tier_ext_init_args *args)
{
	tierx_spans_find(args);
	threshold_ms = max_idle_ms;
	adjusted_ns = bpf_ktime_get_ns();

	return 0;
}

TIERX_POLICY(idle_time,
	     "two short idle times in a row promote, at the rate at which there is room") = {
	.name = "idle_time",
	.init = (void *)idle_time_init,
	.hint_fault = (void *)idle_time_hint_fault,
	.reclaim = (void *)idle_time_reclaim,
	.migrated = (void *)idle_time_migrated,
	.tick = (void *)idle_time_tick,
	.tick_ms = 50,
};
