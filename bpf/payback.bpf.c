// SPDX-License-Identifier: GPL-2.0-only
/*
 * payback: a page moves if the move pays for itself.
 *
 * Idea: what a move takes, and how much faster each access is afterwards, is known from
 * the nodes' latencies and bandwidths; so is, then, how often a page has to be used for
 * the move to have paid within horizon_ms. A page that is used so often is young again
 * within a window of about that time after its accessed bit was cleared. A few pages at
 * random are looked at all the time (probes): they tell how many pages of the slow tier
 * would pay. If some do, some of the fast tier tell how many idle ones it has to give.
 * When there are such pages, and when the policy begins, some of each chunk of the slow
 * tier (a survey, in windows of half the length) tell whether what was young is so again
 * in the next windows, or was so by chance, as in memory that is used evenly; in which
 * chunks it lies; how often it is used, and so what a search would save and for how long
 * a page has to be idle to be none of it. If that pays, a search looks at these chunks
 * page by page, at all if what is hot is scattered, while idle pages of the fast tier
 * make room; where one window tells what is hot, each further one shows more of it, as
 * long as that pays. The thread rests after it, the longer the more it took, if it had
 * not rested enough before. If there is room, probes and surveys take turns with others
 * that have four times the horizon, and windows of four times the length. Who has to
 * share a CPU for this takes it from programs: then everything costs twice as much, and
 * is looked at more seldom; so it is if there was nothing for long. Of memory that is
 * used evenly, or seldom, all moves if there is room for all of it, whatever part the
 * survey's windows saw; else so much that a quarter of the fast tier stays idle, for
 * what is hotter. Reads of files that nobody maps leave no accessed bits: of these the
 * kernel's samples count. When the fast tier has nothing idle left, nothing moves. All
 * this was weighed, so the thread goes before programs: who waits for its turn sees too
 * late what was young in a window.
 * Source: cost and benefit instead of thresholds: "ARMS" (2025); that not to migrate can
 * be best: "Nomad" (OSDI 2024); measured again before it is believed: "Chrono" (EuroSys
 * 2025); what is hot lies together: DAMON's regions; CLOCK for what is idle.
 * Signals: accessed bits of both tiers, reads of unmapped page cache, latencies, CPU
 * time of its own thread, who waits for a CPU.
 * Good for: everything that has a hot set; it needs no setting. Programs are not
 * disturbed by faults.
 * Bad for: programs that must never wait for a CPU: its thread takes one for tens of
 * ms at a time while it searches. Hot sets that are gone before they have paid. What is
 * used in bursts that are seconds apart. A huge page is taken for a page: how much of it
 * is used is not known.
 * Limits: one slow node is looked at in turn, and what is hot goes to one fast node, the
 * nearest, whoever uses it. A window is no shorter than a tick, 20 ms.
 * 1.5 MiB of state, whatever the machine.
 * Tried, and dropped: see tests/bench/TRIED.md.
 */
#include <tier_ext/cost.bpf.h>
#include <tier_ext/crowd.bpf.h>
#include <tier_ext/reads.bpf.h>
#include <tier_ext/sample.bpf.h>
#include <tier_ext/search.bpf.h>

#define MS 1000000ULL
/* Times that the horizon is doubled if nothing pays within it. */
#define PATIENCE 2

#define NR_PROBES 24
/* So many of them are not young by chance: a second window need not tell. */
#define NR_SURGE     2
#define ALL_OF_IT    (~0ULL)
#define NR_SURVEYED  (TIERX_SEARCH_CHUNKS * TIERX_SEARCH_SAMPLES)
#define QUEUE_MAX    4096
#define TICK_MS	     20
#define CLEAR_PAGES  16384
#define BEGIN_TICKS  16
#define GIVE_UP_MS   5000
#define PAUSE_MIN    1000
#define PAUSE_GROWTH 4
#define PAUSE_MAX    512000
/* After searches the thread rests for so many times the CPU time that they took; */
#define REST_TIMES 72
/* but it may owe so much, so a search that was worth it is soon followed by another one. */
#define OWED_MAX_MS 1000
/* Who has looked in vain so often that pauses are long looks more seldom: see probe_ns(). */
#define LULL_MS	   16000
#define LULL_TIMES 4
/* For what is hotter than most, one in so many pages of a fast node stays idle. */
#define KEEP_PARTS 4
/* Folios of a part of a search: as many as are passed in one or two windows. */
#define PASS_MIN 1024
#define PASS_MAX 1048576
/* Parts of a fast node; of each it is known when the hand was there. */
#define NR_SECTIONS 4
/* A round of the hand tells how much is idle if it has judged one in so many pages. */
#define JUDGED_PARTS 8
/* Sharing of the probes' results: the new ones count a half. */
#define SHARE_ONE 1024

TIERX_TUNE(u32, horizon_ms, 20000, 100, 3600000, "ms",
	   "a move has to have paid for itself after this time");
TIERX_TUNE(u32, scan_per_move, 32, 1, 65536, "",
	   "looking for pages is worth it if at least one in so many is moved");
TIERX_TUNE(u32, idle_ms, 1000, 10, 600000, "ms",
	   "pages of the fast tier that are not used for so long can be demoted, or earlier");
TIERX_TUNE(u32, headroom_percent, 2, 0, 50, "%", "how much of a fast node is kept free");
TIERX_TUNE(u32, probe_ms, 250, 10, 60000, "ms", "how often pages are looked at");
TIERX_TUNE(u32, hot_reads, 2, 1, 255, "",
	   "an unmapped page is hot after so many samples of its reads within horizon_ms");

struct payback_stats {
	u64 probes TIERX_HELP("random pages of slow memory that were looked at");
	u64 hot_probes TIERX_HELP("of these, pages that would pay");
	u64 samples TIERX_HELP("times that random pages of fast memory were looked at");
	u64 surveys TIERX_HELP("times that pages of all over slow memory were looked at");
	u64 crowded TIERX_HELP("of these, times that CPUs were scarce, so everything was dearer");
	u64 searches TIERX_HELP("times that slow memory was searched");
	u64 scattered TIERX_HELP("of these, times that what is hot was all over it");
	u64 searched TIERX_HELP("folios looked at in searches");
	u64 once TIERX_HELP("of these, folios that were used in the first window");
	u64 twice TIERX_HELP("and in the second one, too");
	u64 promoted TIERX_HELP("folios queued for promotion");
	u64 no_room TIERX_HELP("folios that would pay, but nothing was idle to make room");
	u64 made_room TIERX_HELP("folios queued for demotion");
	u64 read_hot TIERX_HELP("unmapped folios queued because they were read often");
	u64 refused TIERX_HELP("folios that could not be queued");
};
TIERX_STATS(struct payback_stats);

/* What there is of slow memory that would pay. */
struct watch {
	u64 search_ns; /* no search before this time, but for a surge */
	u64 pause_ns; /* after one that was in vain */
	u32 hot_share; /* of pages, times SHARE_ONE */
	u32 left_share; /* the same at the end of the last search */
	bool is_rich; /* the last search was worth it: there will be more, whatever probes see */
};

struct payback_node {
	u64 window_ns; /* slow */
	u64 pages; /* on its LRU lists */
	u64 idle_pages; /* fast: could be demoted */
	bool idle_known; /* fast: that was looked at */
	u64 demand; /* fast: pages that are on their way here */
	u64 due_ns; /* slow */
	u64 sampled_ns; /* fast: when the sample was taken */
	u64 passed_ns[NR_SECTIONS]; /* fast: when the hand was there */
	u64 judged; /* fast: what the hand has seen in this round and could have demoted */
	u64 found; /* fast: what of that was idle */
	bool wanted; /* fast: there was something to promote, so room is of use */
	bool hand_moved; /* fast: since the sample was taken */
	bool is_asked; /* fast: somebody wants to know what is idle now */
	bool is_busy; /* fast: there is something to demote */
	bool was_patient; /* slow: when its turn ended */
	struct watch soon; /* slow: that would pay within the horizon */
	struct watch later; /* slow: within a longer one */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_SPAN_NODES);
	__type(key, u32);
	__type(value, struct payback_node);
} nodes SEC(".maps");

/* In this order. */
enum phase {
	REST,
	PROBED, /* the list has pages at random, none is young */
	PROBED_TWICE, /* those of them that were young, none of them is now */
	SURVEYED, /* the list has pages of each chunk, none is young */
	SURVEYED_TWICE, /* those of them that were young, none of them is now */
	SURVEYED_AGAIN, /* those that were young twice, none of them is now */
	CLEARED, /* part of the span, nothing in it is young */
	FOUND, /* the list has what was young in it, nothing of it is */
	MOVE, /* what was young again within a window */
};

/* A slow node is looked at by one tick at a time, the one that owns this; for one fast node. */
static s32 owner = -1, target = -1;
static enum phase phase;
static u64 phase_due_ns;
static u32 nr_probed, next_in_list, list_max;
static u32 pass_folios = 32 * PASS_MIN;
/* In a search. */
static u64 nr_looked, nr_moved, began_runtime;
/* When it will have rested from all of them; and did the last one end because of no room? */
static u64 rested_ns;
static bool is_full;
/* Of its part: folios, when they were looked at, and what had been moved before that. */
static u32 part_folios;
static u64 part_looked_ns, part_moved_before;
/* Threads of fast nodes are no crowd: meanwhile they rest, or nothing is noted. */
static bool is_surveying;
/* Ticks in which the first survey did not begin. */
static u32 nr_waited;
/* Nothing pays within the horizon: what does within a longer one? */
static bool is_patient;
/* By the survey: one window tells what is hot; one of so many folios is. */
static bool is_sure;
static u32 folios_per_hot;
/* By the survey: so many pages are looked for. */
static u64 nr_sought;
/* Chunks to be searched; was the first part of them cleared while the survey went on? */
static u32 nr_chosen;
static bool is_cleared;
/* Young in the survey's first window, and in the second one, too. */
static u32 nr_once, nr_twice;
/*
 * By the survey, what is hot is not idle for so long, and is used so often within the horizon. Who
 * is patient and moves nothing does not make others wait for what is idle for longer.
 */
static u64 survey_idle_ns, hot_uses, hot_idle_ns;

/* Likewise, for a fast node, of which there is a sample. */
static s32 fast_owner = -1;

static struct payback_node *node_of(s32 nid)
{
	u32 key = nid;

	return bpf_map_lookup_elem(&nodes, &key);
}

/* --- what pays --- */

/*
 * A page that is used once in twice this time has paid within the horizon for being moved up, and
 * for another being moved down for it. It is young in a window in PAYS_PERCENT of all cases.
 */
#define PAYS_PERCENT 39
/* And in half of one in so many; surveys have such windows, to be over soon. */
#define HALF_PERCENT 22
/* The same for one that is used once in 2 * LINES_PER_USE times this time. */
#define LIKELY_PERCENT 12
/* If what is young is so again in so many cases, one window tells what is hot. */
#define SURE_PERCENT 75
/* If it was so at least so much more often, not all of memory is used evenly. */
#define CHANCE_PERCENT 140
/* And by three standard deviations of what chance makes. */
#define CHANCE_VARIANCES 9
/* If CPUs are scarce, probes are so many times as seldom, as a power of 2. */
#define CROWD_SHIFT	 3
#define RARE		 512
#define LN_RARE		 6
#define IDLE_WINDOWS_MIN 3
#define IDLE_WINDOWS_MAX 32
/* How much more has to be hot than the last search has left, before a pause is cut short. */
#define SURGE (SHARE_ONE / 32)

static u64 horizon_ns(void)
{
	return horizon_ms * MS << (is_patient ? PATIENCE : 0);
}

/* The dearer a move, the hotter what it is made for; but who is patient has time. */
static u64 window_ns(s32 slow, s32 fast)
{
	u64 ns = horizon_ns() / tierx_cost_move_ns(slow) * tierx_cost_gain_ns(slow, fast) / 4;

	return is_patient ? ns : ns >> tierx_crowded;
}

/* Of probes and surveys. */
static u64 brief_ns(const struct payback_node *node)
{
	return is_patient || tierx_crowded ? node->window_ns : node->window_ns / 2;
}

/* Of a search: what one window tells is known of such a one as the survey's. */
static u64 search_ns(const struct payback_node *node)
{
	return is_sure ? brief_ns(node) : node->window_ns;
}

/* Of what is young in a window of a survey, so many percent are so in the next one if it pays. */
static u32 pays_percent(void)
{
	return tierx_crowded ? PAYS_PERCENT : HALF_PERCENT;
}

/* From now on, not from the next tick on. */
static void be_patient(bool patient, struct payback_node *node, s32 slow, s32 fast)
{
	is_patient = patient;
	node->window_ns = window_ns(slow, fast);
}

static u64 idle_ns(void)
{
	return hot_idle_ns ?: idle_ms * MS;
}

/*
 * After how many windows without use, one of RARE hot pages would be taken for an idle one: of
 * those that were young before, so many are again. Uses come at random, so there are LN_RARE of
 * them in that time. A survey may be within a burst of uses: whatever it saw, a few full windows
 * are the least.
 */
static void note_hot_idle(const struct payback_node *node)
{
	u64 ns, least = IDLE_WINDOWS_MIN * node->window_ns, window = brief_ns(node), left = RARE,
		miss = SHARE_ONE - tierx_list_nr * SHARE_ONE / (tierx_list_nr_before + 1);
	u32 i;

	for (i = 0; i < IDLE_WINDOWS_MAX && left; i++)
		left = left * miss / SHARE_ONE;
	hot_uses = horizon_ns() * LN_RARE / (i * window + 1);
	ns = i * window > least ? i * window : least;
	survey_idle_ns = ns < idle_ms * MS ? ns : idle_ms * MS;
	if (!is_patient)
		hot_idle_ns = survey_idle_ns;
}

/* Pages that a fast node has for others; as long as nobody has looked, all of them. */
static u64 room_on(s32 nid)
{
	struct payback_node *node = node_of(nid);

	if (!node)
		return 0;
	return tierx_node_room(nid) + (node->idle_known ? node->idle_pages : node->pages);
}

/* So many that the hand need not go far? */
static bool has_idle(const struct payback_node *node)
{
	return node->idle_pages * scan_per_move > node->pages;
}

/* Of @hot pages, as many as there is room for. */
static u64 fit(u64 hot, s32 fast)
{
	u64 room = room_on(fast);

	return hot < room ? hot : room;
}

static bool look_pays(u64 hot, s32 fast, u64 folios)
{
	return hot && fit(hot, fast) * scan_per_move >= folios;
}

/* Who uses a page uses some of its lines. */
#define LINES_PER_USE 4
/* To look at a folio once, and clear its accessed bits: the reverse map. */
#define LOOK_NS 1000

/* Each of @hot pages saves so much within the horizon: is that more than so many looks cost? */
static bool search_pays(u64 hot, s32 slow, s32 fast, u64 looks)
{
	u64 saved = hot_uses * LINES_PER_USE * tierx_cost_gain_ns(slow, fast),
	    spent = 2 * tierx_cost_move_ns(slow) << tierx_crowded;

	return saved > spent && fit(hot, fast) * (saved - spent) > (looks * LOOK_NS)
									   << tierx_crowded;
}

/* --- phases --- */

/*
 * Programs that wait for the CPU meanwhile are to notice little of it; and the longer there has
 * been nothing, the less is lost who notices later that there is.
 */
static u64 probe_ns(const struct payback_node *node)
{
	u64 times = 1 + node->soon.pause_ns / (LULL_MS * MS);

	if (times > LULL_TIMES)
		times = LULL_TIMES;
	return times * probe_ms * MS << (tierx_crowded ? CROWD_SHIFT : 0);
}

/* How much of the fast node is idle is of use to who looks for what could go there. */
static void ask_idle(s32 fast)
{
	struct payback_node *node = node_of(fast);

	if (node)
		node->is_asked = true;
}

static void wait_for(u64 now, u64 window, enum phase next)
{
	phase = next;
	phase_due_ns = now + window;
}

/* Of a node whose memory has gone the turn does not end by itself. */
static bool take_turn(s32 *whose, s32 nid)
{
	s32 before = *whose;

	if (before != -1 && tierx_bpf_node_stat(before, TIERX_NODE_TIER) >= 0)
		return false;
	return __sync_val_compare_and_swap(whose, before, nid) == before;
}

/* Of fast nodes that are as near, the kernel names another one each time it is asked. */
static void begin_turn(const struct payback_node *node, s32 fast)
{
	wait_for(0, 0, REST);
	is_patient = node->was_patient;
	target = fast;
}

static void rest_for(struct payback_node *node, u64 now, u64 ns)
{
	node->due_ns = now + ns;
	node->was_patient = is_patient;
	owner = -1;
}

static void rest(struct payback_node *node, u64 now)
{
	rest_for(node, now, probe_ns(node));
}

/* --- probes of slow memory --- */

static struct watch *watch_of(struct payback_node *node)
{
	return is_patient ? &node->later : &node->soon;
}

static void note_share(struct watch *watch)
{
	u32 share = nr_probed ? tierx_list_nr * SHARE_ONE / nr_probed : 0;

	watch->hot_share = (watch->hot_share + share) / 2;
	tierx_stat_add(hot_probes, tierx_list_nr);
}

/*
 * Of so many pages that are used evenly, or seldom: all, if there is room for them. If not, none is
 * worth more than another one; but each is worth more than an idle one, as long as enough of these
 * are left for what is hotter.
 */
static u64 most_of(u64 pages, s32 fast)
{
	struct payback_node *node = node_of(fast);
	u64 room = room_on(fast), kept = node ? node->pages / KEEP_PARTS : 0;

	if (pages <= room)
		return ALL_OF_IT;
	return room > kept ? room - kept : 0;
}

/* --- a survey, and a search part by part --- */

static void survey(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast, u64 now)
{
	struct payback_node *to = node_of(fast);

	ask_idle(fast);
	began_runtime = tierx_my_runtime();
	is_surveying = true;
	nr_probed = tierx_search_survey(span, nid);
	is_surveying = false;
	if (to && !to->is_busy)
		tierx_crowd_note();
	nr_moved = 0;
	nr_sought = ALL_OF_IT;
	is_full = false;
	is_cleared = false;
	nr_looked = nr_probed;
	tierx_stat_add(surveys, 1);
	tierx_stat_add(crowded, tierx_crowded);
	wait_for(now, brief_ns(node), SURVEYED);
}

static u32 fit_list(u64 pages)
{
	return pages < TIERX_LIST_MAX ? pages : TIERX_LIST_MAX;
}

/* No more than there is room for is looked for. */
static u32 left_to_find(s32 fast)
{
	return nr_sought > nr_moved ? fit_list(fit(nr_sought - nr_moved, fast)) : 0;
}

static void clear_part(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast,
		       u64 now)
{
	u64 ns, window = search_ns(node);
	u32 most;

	ask_idle(fast);
	list_max = left_to_find(fast);
	most = list_max * folios_per_hot + TIERX_SEARCH_PAGES;
	if (most > pass_folios)
		most = pass_folios;
	part_folios = tierx_search_clear(span, nid, most);
	tierx_stat_add(searched, part_folios);
	nr_looked += part_folios;

	ns = bpf_ktime_get_ns() - now;
	if (ns > 2 * window && pass_folios > PASS_MIN)
		pass_folios /= 2;
	else if (ns < window && most == pass_folios && pass_folios < PASS_MAX)
		pass_folios *= 2;
	wait_for(now, window, CLEARED);
}

/* Not static: the verifier looks at it once, not in each round of a loop. */
__noinline s32 payback_promote(u32 i)
{
	struct tier_ext_pfn *entry = tierx_list_at(i);

	if (!entry)
		return 0;
	if (tierx_bpf_pfn_migrate(entry->pfn, entry->gen, -1, 0)) {
		tierx_stat_add(refused, 1);
		return 0;
	}
	tierx_stat_add(promoted, 1);
	nr_moved++;
	return 0;
}

/* As many as there is room for now. Returns false when there is nothing left to do. */
static bool move(s32 fast, u64 now, const struct tier_ext_node_stat *stat)
{
	struct payback_node *node = node_of(fast);
	u64 room = tierx_node_room(fast);
	u32 i, nr = tierx_list_nr - next_in_list;

	if (!node)
		return false;
	if (room > QUEUE_MAX)
		room = QUEUE_MAX;
	if (nr + stat->queue_len > room)
		nr = stat->queue_len < room ? room - stat->queue_len : 0;
	bpf_for(i, 0, nr)
		payback_promote(next_in_list + i);
	next_in_list += nr;
	if (nr)
		phase_due_ns = now + GIVE_UP_MS * MS;
	node->demand = tierx_list_nr - next_in_list;
	if (!node->demand)
		return false;
	if (now < phase_due_ns && (!node->idle_known || has_idle(node) || nr))
		return true;
	tierx_stat_add(no_room, node->demand);
	node->demand = 0;
	is_full = true;
	return false;
}

/* What probes will see, if nothing changes; only much more is a reason not to wait. */
static void note_left(struct payback_node *node, struct watch *watch)
{
	u64 share = nr_once * SHARE_ONE / (nr_probed + 1),
	    moved = nr_moved * SHARE_ONE / (node->pages + 1);

	watch->hot_share = share > moved ? share - moved : 0;
	watch->left_share = watch->hot_share;
}

/* What does not pay soon does so later, if there is room that nobody else needs. */
static bool can_be_patient(const struct payback_node *node, s32 fast, u64 now)
{
	return !is_patient && now >= node->later.search_ns &&
	       look_pays(node->pages, fast, NR_SURVEYED);
}

/*
 * Adds this search to a leaky bucket. Returns when no more than OWED_MAX_MS will be owed; after one
 * with a limit, which has done all that it should, nothing is.
 */
static u64 owe_rest(u64 now)
{
	u64 most = nr_sought == ALL_OF_IT ? OWED_MAX_MS * MS * REST_TIMES : 0;

	if (rested_ns < now)
		rested_ns = now;
	rested_ns += (tierx_my_runtime() - began_runtime) * REST_TIMES;
	return rested_ns > now + most ? rested_ns - most : now;
}

/*
 * The next search has to wait, and longer each time if this one was not worth it; but who was not
 * patient can be so at once.
 */
static void end_search(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast,
		       u64 now)
{
	u64 rested = owe_rest(now);
	struct watch *watch = watch_of(node);

	tierx_span_restart(span);
	note_left(node, watch);
	/* Without a limit it ends when nothing is idle, for now; with one all is done. */
	watch->is_rich = nr_moved && nr_moved * scan_per_move >= nr_looked &&
			 (!is_full || nr_sought == ALL_OF_IT);
	if (watch->is_rich) {
		watch->pause_ns = 0;
	} else {
		watch->pause_ns = watch->pause_ns * PAUSE_GROWTH ?: PAUSE_MIN * MS << is_patient;
		if (watch->pause_ns > PAUSE_MAX * MS)
			watch->pause_ns = PAUSE_MAX * MS;
	}
	watch->search_ns = now + watch->pause_ns;
	if (watch->search_ns < rested)
		watch->search_ns = rested;
	if (can_be_patient(node, fast, now)) {
		be_patient(true, node, nid, fast);
		survey(node, span, nid, fast, now);
		return;
	}
	is_patient = false;
	rest(node, now);
}

/* Of all pages, as many as @nr are of the survey's. */
static u64 survey_share(const struct payback_node *node, u32 nr)
{
	return nr_probed ? node->pages * nr / nr_probed : 0;
}

/* What a search would find. */
static u64 survey_hot(const struct payback_node *node)
{
	return survey_share(node, is_sure ? nr_once : nr_twice);
}

/*
 * All that is used, whether a window showed it or not: by capture and recapture. Of memory that is
 * used evenly that is all there is.
 */
static u64 survey_used(const struct payback_node *node)
{
	return nr_twice ? survey_share(node, nr_once) * nr_once / nr_twice : node->pages;
}

/*
 * Of @before pages that were young @after were so again: is that hardly more than of any others? In
 * few samples chance alone makes more than CHANCE_PERCENT of it.
 */
static bool by_chance(u64 before, u64 after)
{
	u64 found = after * nr_probed, any = before * nr_once, more = found > any ? found - any : 0;

	return found * 100 <= any * CHANCE_PERCENT ||
	       more * more <= CHANCE_VARIANCES * any * nr_probed;
}

/* Then what was seen is a part of all there is. */
static bool is_even(void)
{
	return by_chance(nr_once, nr_twice);
}

/*
 * Who is patient has long windows: one less is worth what is cleared in vain if nothing pays, if
 * that is not all there is.
 */
static void clear_early(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast,
			u64 now)
{
	u64 hot = survey_share(node, tierx_list_nr);

	if (!is_patient || !look_pays(hot, fast, NR_SURVEYED))
		return;
	nr_chosen = tierx_search_choose(nid);
	if (nr_chosen == tierx_nr_chunks)
		return;
	folios_per_hot = node->pages / hot + 1;
	clear_part(node, span, nid, fast, now);
	is_cleared = true;
}

/* Is what was young in one window worth moving, and is there room for twice as much? */
static bool one_will_do(const struct payback_node *node, s32 fast)
{
	u64 pages = 2 * node->pages * nr_once / (nr_probed + 1);

	if (nr_twice * 100 >= nr_once * SURE_PERCENT)
		return true;
	return nr_twice * 100 >= nr_once * (is_patient ? LIKELY_PERCENT : pays_percent()) &&
	       fit(pages, fast) == pages;
}

/*
 * Was what was young so in the next window hardly more often than anything is? Of memory that is
 * used evenly, no page is worth more than another one; so what counts is room.
 */
static bool is_chance(void)
{
	return !is_sure && by_chance(nr_once + nr_twice, nr_twice + tierx_list_nr);
}

/*
 * Of many pages that are not hot some are young twice by chance; then few of these are a third
 * time, and nothing pays. What is scattered is looked for everywhere, if that is worth it. Room is
 * made while it is looked for.
 */
static void end_survey(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast,
		       u64 now)
{
	struct payback_node *to = node_of(fast);
	bool chance = is_chance();
	u64 hot, worth, folios;

	note_hot_idle(node);
	hot = survey_hot(node);
	if (!to || !hot ||
	    (!is_sure && tierx_list_nr * 100 < tierx_list_nr_before * pays_percent())) {
		end_search(node, span, nid, fast, now);
		return;
	}
	if (chance && !to->idle_known) {
		rest_for(node, now, idle_ns());
		return;
	}
	if (!is_cleared)
		nr_chosen = tierx_search_choose(nid);
	folios = node->pages * nr_chosen / (tierx_nr_chunks + 1);
	folios_per_hot = node->pages / hot + 1;
	if (chance || (is_patient && is_even()))
		nr_sought = most_of(survey_used(node), fast);
	else if (is_patient)
		nr_sought = most_of(hot, fast);
	worth = hot < nr_sought ? hot : nr_sought;
	/* What is too much for the room is no reason to be less particular; what is rare is one. */
	if ((!look_pays(worth, fast, folios) && can_be_patient(node, fast, now)) ||
	    !search_pays(worth, nid, fast, 2 * folios)) {
		end_search(node, span, nid, fast, now);
		return;
	}
	tierx_stat_add(scattered, nr_chosen == tierx_nr_chunks);
	to->demand = fit_list(worth);
	to->wanted = true;
	hot_idle_ns = survey_idle_ns;
	tierx_stat_add(searches, 1);
	if (is_cleared) {
		list_max = left_to_find(fast);
		wait_for(now, 0, CLEARED);
	} else {
		clear_part(node, span, nid, fast, now);
	}
}

/* --- a slow node's tick --- */

/* The thread of a fast node that is busy would be a crowd; but a large one is so for long. */
static bool can_begin(s32 fast)
{
	struct tierx_span *span = tierx_span_of(fast);

	return !span || span->rounds || ++nr_waited > BEGIN_TICKS;
}

/* Whatever is found, without room nothing comes of it. */
static void probe(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast, u64 now)
{
	if (!look_pays(node->pages, fast, NR_SURVEYED)) {
		ask_idle(fast);
		rest(node, now);
		return;
	}
	/* The first time it does not matter what few pages tell: nothing else is known. */
	if (!node->soon.search_ns) {
		ask_idle(fast);
		if (!can_begin(fast))
			return;
		survey(node, span, nid, fast, now);
		return;
	}
	nr_probed = tierx_list_pick(nid, NR_PROBES);
	tierx_stat_add(probes, nr_probed);
	wait_for(now, brief_ns(node), PROBED);
}

/* If a few more probes like the last ones would be a reason to cut the pause short. */
static bool is_surging(const struct watch *watch, u64 now)
{
	return now < watch->search_ns && watch->hot_share >= watch->left_share * 3 / 2 + SURGE / 4;
}

/*
 * In a pause only much more than there was before it is a reason to search; after a search that was
 * worth it, the end of the pause is.
 */
static bool want_survey(const struct payback_node *node, const struct watch *watch, s32 fast,
			u64 now)
{
	if (now < watch->search_ns) {
		if (watch->hot_share < 2 * watch->left_share + SURGE)
			return false;
	} else if (watch->is_rich) {
		return true;
	}
	return look_pays(node->pages * watch->hot_share / SHARE_ONE, fast, NR_SURVEYED);
}

/* Whatever was seen, what pays soon is looked for first. */
static void end_probe(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast,
		      u64 now)
{
	struct watch *watch = watch_of(node);

	note_share(watch);
	if (watch->hot_share)
		ask_idle(fast);
	if (want_survey(node, watch, fast, now)) {
		be_patient(false, node, nid, fast);
		survey(node, span, nid, fast, now);
		return;
	}
	if (is_surging(watch, now)) {
		rest_for(node, now, 0);
		return;
	}
	is_patient = can_be_patient(node, fast, now);
	rest(node, now);
}

static void begin_move(u64 now)
{
	part_moved_before = nr_moved;
	next_in_list = 0;
	wait_for(now, GIVE_UP_MS * MS, MOVE);
}

/* A window shows not all of what is hot. The next one shows more, for half the price. */
static bool look_again_pays(s32 slow, s32 fast)
{
	u64 moved = nr_moved - part_moved_before;

	return is_sure && !is_full && left_to_find(fast) && look_pays(moved, fast, part_folios) &&
	       search_pays(moved, slow, fast, part_folios);
}

static void end_part(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast, u64 now)
{
	if (look_again_pays(nid, fast)) {
		tierx_stat_add(searched, part_folios);
		nr_looked += part_folios;
		list_max = left_to_find(fast);
		wait_for(part_looked_ns, search_ns(node), CLEARED);
	} else if (!is_full && span->at < span->end && left_to_find(fast)) {
		clear_part(node, span, nid, fast, now);
	} else {
		end_search(node, span, nid, fast, now);
	}
}

static void slow_step(struct payback_node *node, struct tierx_span *span, s32 nid, s32 fast,
		      u64 now, const struct tier_ext_node_stat *stat)
{
	u64 window = brief_ns(node);

	switch (phase) {
	case REST:
		probe(node, span, nid, fast, now);
		break;
	case PROBED:
		tierx_list_keep_young();
		if (tierx_list_nr && tierx_list_nr < NR_SURGE) {
			wait_for(now, window, PROBED_TWICE);
			break;
		}
		end_probe(node, span, nid, fast, now);
		break;
	case PROBED_TWICE:
		tierx_list_keep_young();
		end_probe(node, span, nid, fast, now);
		break;
	case SURVEYED:
		tierx_list_keep_young();
		clear_early(node, span, nid, fast, now);
		wait_for(now, window, SURVEYED_TWICE);
		break;
	case SURVEYED_TWICE:
		tierx_list_keep_young();
		nr_once = tierx_list_nr_before;
		nr_twice = tierx_list_nr;
		is_sure = one_will_do(node, fast);
		if (is_sure)
			end_survey(node, span, nid, fast, now);
		else
			wait_for(now, window, SURVEYED_AGAIN);
		break;
	case SURVEYED_AGAIN:
		tierx_list_keep_young();
		end_survey(node, span, nid, fast, now);
		break;
	case CLEARED:
		part_looked_ns = now;
		tierx_search_look(span, nid, list_max);
		tierx_stat_add(once, tierx_list_nr);
		if (is_sure) {
			begin_move(now);
			break;
		}
		tierx_list_clear();
		wait_for(bpf_ktime_get_ns(), node->window_ns, FOUND);
		break;
	case FOUND:
		tierx_list_keep_young();
		tierx_stat_add(twice, tierx_list_nr);
		begin_move(now);
		break;
	case MOVE:
		if (!move(fast, now, stat))
			end_part(node, span, nid, fast, now);
		break;
	}
}

static void slow_tick(s32 nid, s32 fast, u64 now, const struct tier_ext_node_stat *stat)
{
	struct tierx_span *span = tierx_span_of(nid);
	struct payback_node *node = node_of(nid);

	if (!span || !node)
		return;
	if (now >= node->due_ns && take_turn(&owner, nid))
		begin_turn(node, fast);
	if (owner != nid || (now < phase_due_ns && phase != MOVE))
		return;
	node->window_ns = window_ns(nid, target);
	node->pages = tierx_node_pages(stat);
	slow_step(node, span, nid, target, now, stat);
}

/* --- a fast node's tick --- */

/* The hand clears accessed bits, too: what it has passed looks idle to the sample. */
static void note_idle(struct payback_node *node, u64 now)
{
	if (!node->hand_moved)
		node->idle_pages = tierx_sample_idle(node->pages);
	node->idle_known = true;
	node->is_asked = false;
	fast_owner = -1;
}

/* The one that the hand is in. */
static u32 section_of(const struct tierx_span *span)
{
	return (span->at - span->first) * NR_SECTIONS / (span->end - span->first) % NR_SECTIONS;
}

/* PFNs to the end of a section, but no more than @most. */
static u64 section_left(const struct tierx_span *span, u32 section, u64 most)
{
	u64 pfns = span->end - span->first,
	    end = span->first + (pfns * (section + 1) + NR_SECTIONS - 1) / NR_SECTIONS;

	return end - span->at < most ? end - span->at : most;
}

/* PFNs that it may pass in this tick: so many that a round takes no longer than a page is idle. */
static u64 hand_reach(const struct tierx_span *span, u32 section)
{
	u64 pfns = span->end - span->first, most = pfns * TICK_MS * MS / idle_ns() + 1;

	return section_left(span, section, most < CLEAR_PAGES ? CLEAR_PAGES : most);
}

/*
 * How much becomes idle in the time that a page has to be so: that is neither what was so in the
 * beginning, nor what is so for longer because the hand has rested.
 */
static void note_round(struct payback_node *node)
{
	if (node->judged * JUDGED_PARTS >= node->pages)
		node->idle_pages = node->pages * node->found / node->judged;
	node->found = 0;
	node->judged = 0;
}

/* What was not used since the hand was there is idle, if that is long enough ago. */
static void turn_hand(s32 nid, struct payback_node *node, struct tierx_span *span, u64 now,
		      s64 lack)
{
	u32 section = section_of(span);
	u64 since = now - node->passed_ns[section], rounds = span->rounds, queued;

	if (since < idle_ns())
		return;
	node->hand_moved = true;
	queued = tierx_span_make_room(nid, lack, hand_reach(span, section));
	tierx_stat_add(made_room, queued);
	node->idle_pages -= queued < node->idle_pages ? queued : node->idle_pages;
	if (since < 2 * idle_ns() && rounds > 1) {
		node->found += queued;
		node->judged += span->judged;
	}
	if (section_of(span) != section)
		node->passed_ns[section] = now;
	if (span->rounds != rounds)
		note_round(node);
}

/* A section is passed when its last page is. */
static void begin_round(struct payback_node *node, struct tierx_span *span, u64 now)
{
	u32 section = section_of(span);

	node->passed_ns[section] = now;
	tierx_span_clear(span, span->at + section_left(span, section, CLEAR_PAGES));
	if (span->at == span->end)
		tierx_span_restart(span);
}

/* The first round finds nothing: it has to be over before there is need. */
static void make_room(s32 nid, struct payback_node *node, u64 now,
		      const struct tier_ext_node_stat *stat)
{
	s64 lack = tierx_node_lack(stat, headroom_percent, node->demand);
	struct tierx_span *span = tierx_span_of(nid);

	if (!span)
		return;
	if (!span->rounds) {
		if (tierx_crowded && !node->wanted && span->at == span->first)
			return;
		begin_round(node, span, now);
	} else if (lack > 0 && node->wanted && has_idle(node)) {
		turn_hand(nid, node, span, now, lack);
	}
}

/* If anybody asks. */
static void sample(s32 nid, struct payback_node *node, u64 now)
{
	if (fast_owner == nid) {
		if (now >= node->sampled_ns + idle_ns())
			note_idle(node, now);
	} else if (node->is_asked && take_turn(&fast_owner, nid)) {
		tierx_sample_take(nid);
		tierx_stat_add(samples, 1);
		node->hand_moved = false;
		node->sampled_ns = now;
	}
}

static void fast_tick(s32 nid, u64 now, const struct tier_ext_node_stat *stat)
{
	struct payback_node *node = node_of(nid);

	if (!node || is_surveying)
		return;
	node->is_busy = stat->queue_len;
	node->pages = tierx_node_pages(stat);
	make_room(nid, node, now, stat);
	sample(nid, node, now);
}

/* --- ops --- */

/* Nobody has mapped it, so no accessed bit tells that it was used. */
void TIERX_OP(payback_access, struct folio *folio, struct tier_ext_access *access)
{
	struct payback_node *node;
	s32 fast;

	if (tierx_bpf_folio_state(folio) & TIERX_FOLIO_MAPPED)
		return;
	fast = tierx_bpf_promotion_target(tierx_bpf_folio_nid(folio), access->cpu_nid, 0);
	node = fast < 0 ? NULL : node_of(fast);
	if (!node)
		return;
	if (!tierx_reads_note(tierx_bpf_folio_pfn(folio), hot_reads, horizon_ms * MS))
		return;
	node->wanted = true;
	if (!room_on(fast))
		tierx_stat_add(no_room, 1);
	else if (tierx_bpf_folio_promote(folio, fast, 0))
		tierx_stat_add(refused, 1);
	else
		tierx_stat_add(read_hot, 1);
}

void TIERX_OP(payback_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	if (!result->error && tierx_tiers_down(request) < 0)
		tierx_span_arrived(result->new_pfn);
}

/* Memory that reclaim takes from the fast tier goes to the slow one. */
s32 TIERX_OP(payback_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return reclaim->can_demote ? TIERX_DEMOTE : TIERX_DEFAULT;
}

void TIERX_OP_SLEEPABLE(payback_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	s32 fast = tierx_bpf_promotion_target(nid, -1, 0);
	u64 now = bpf_ktime_get_ns();

	if (fast >= 0)
		slow_tick(nid, fast, now, stat);
	else if (tierx_bpf_demotion_target(nid, 0) >= 0)
		fast_tick(nid, now, stat);
}

s32 TIERX_OP_SLEEPABLE(payback_init, struct tier_ext_init_args *args)
{
	tierx_spans_find(args);
	return 0;
}

TIERX_POLICY(payback, "a page moves if the move pays for itself") = {
	.name = "payback",
	.init = (void *)payback_init,
	.access = (void *)payback_access,
	.reclaim = (void *)payback_reclaim,
	.migrated = (void *)payback_migrated,
	.tick = (void *)payback_tick,
	.tick_ms = TICK_MS,
	.access_period = 8,
	.nice = -20,
};
